"""The steps of recipes and their parameters: flags, form fields and the JSON schema derive from them.

A step is a frozen struct with a default for every field; a field's description is its help text everywhere.
"""

from __future__ import annotations

from typing import get_args

from mattebox.recipe.anonymise_step import Anonymise as Anonymise
from mattebox.recipe.composition_steps import Background as Background
from mattebox.recipe.composition_steps import Frame as Frame
from mattebox.recipe.composition_steps import Outline as Outline
from mattebox.recipe.composition_steps import Shadow as Shadow
from mattebox.recipe.cut_step import Cut as Cut
from mattebox.recipe.distance_step import Distance as Distance
from mattebox.recipe.enhancement_steps import Balance as Balance
from mattebox.recipe.enhancement_steps import Colour as Colour
from mattebox.recipe.enhancement_steps import Faces as Faces
from mattebox.recipe.enhancement_steps import Light as Light
from mattebox.recipe.enhancement_steps import Restore as Restore
from mattebox.recipe.enhancement_steps import Sharpen as Sharpen
from mattebox.recipe.enhancement_steps import Style as Style
from mattebox.recipe.enhancement_steps import Upscale as Upscale
from mattebox.recipe.heal_step import Heal as Heal
from mattebox.recipe.label_step import Label as Label
from mattebox.recipe.lens_step import LensBlur as LensBlur
from mattebox.recipe.save_step import Save as Save
from mattebox.recipe.scene_step import Scene as Scene
from mattebox.recipe.step import Step as Step

PhotoStep = (
    Scene
    | Anonymise
    | Heal
    | Restore
    | Cut
    | Upscale
    | Faces
    | Distance
    | Balance
    | Light
    | Colour
    | Style
    | Sharpen
    | LensBlur
)  # change the picture itself
CompositionStep = Frame | Outline | Shadow | Background  # put it on a canvas
AnyStep = PhotoStep | CompositionStep | Label | Save
STEP_ORDER: tuple[type[Step], ...] = get_args(AnyStep)
