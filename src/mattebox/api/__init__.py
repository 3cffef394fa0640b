"""The Python API: `cut`, `cut_many`, `enhance`, `upscale`, `anonymise`, `depth`, `find`, `find_faces`, `analyse`,
`check`, `verify`, `plan` and `say`; `cut_video` and `anonymise_video` for clips.

import mattebox as mb
mb.cut("photo.jpg").save("cut.png")
"""

from __future__ import annotations

from mattebox.api.anonymising import anonymise as anonymise
from mattebox.api.anonymising import anonymise_video as anonymise_video
from mattebox.api.anonymising import find_faces as find_faces
from mattebox.api.many import cut_many as cut_many
from mattebox.api.measurements import analyse as analyse
from mattebox.api.measurements import check as check
from mattebox.api.measurements import find as find
from mattebox.api.measurements import verify as verify
from mattebox.api.operations import cut as cut
from mattebox.api.operations import enhance as enhance
from mattebox.api.operations import upscale as upscale
from mattebox.api.parameters import AnonymiseParameters as AnonymiseParameters
from mattebox.api.parameters import CutParameters as CutParameters
from mattebox.api.parameters import EnhanceParameters as EnhanceParameters
from mattebox.api.photograph_depth import depth as depth
from mattebox.api.result import CutoutResult as CutoutResult
from mattebox.api.rotoscoping import rotoscope_video as rotoscope_video
from mattebox.api.video import cut_video as cut_video
from mattebox.api.video_enhancement import enhance_video as enhance_video
from mattebox.api.words import plan as plan
from mattebox.api.words import say as say
