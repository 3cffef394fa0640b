"""Analysis: flat artwork is called that, and photographs are measured."""

from __future__ import annotations

import numpy as np

from benchmarks.artwork_scenes import draw_artwork
from mattebox.enhancement.photo_report import analyse_photo
from mattebox.pipeline.photo_analysis import analyse_picture
from mattebox.types import Picture


def test_artwork_gets_no_corrections_for_photographs(astronaut: Picture) -> None:
    scene = draw_artwork("glyph")
    report = analyse_picture(Picture(np.ascontiguousarray(scene.rgb)))
    assert report.findings == (
        "flat artwork on #3366cc: a cut removes this colour, and corrections for photographs do not apply",
    )
    assert report.recipe is None
    assert analyse_picture(astronaut) == analyse_photo(astronaut)
