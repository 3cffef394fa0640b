"""Cutouts that are kept with the network's predictions, so that a photograph is cut out once: for its preview, and then
for its full size, another background or another format.

Of the colours only those are kept that differ from the photograph's.
"""

from __future__ import annotations

import hashlib
import json
from dataclasses import replace
from typing import NamedTuple

import msgspec
import numpy as np

from mattebox.models.result_cache import NamedArrays, ResultCache
from mattebox.recipe.recipe import Recipe
from mattebox.recipe.steps import Anonymise, Cut, Heal, Restore
from mattebox.types import Matte, Picture

KEY_START = "cut:"  # of keys, which no prediction's has
MAX_KEPT_BYTES = 16_000_000  # of one cutout; a larger one would leave no room for predictions


class KeptCutout(NamedTuple):
    """A cutout, its matte, and the network that made it, if one did, with the device that it ran on."""

    picture: Picture
    matte: Matte
    model: str | None
    device: str


class KeptCutouts:
    """The last cutout of a photograph, in a cache.

    Parameters
    ----------
    cache : ResultCache
        Where it is kept, in memory only.
    source : str
        What names the file of the photograph, and how it was reduced.
    """

    def __init__(self, cache: ResultCache, source: str) -> None:
        self._cache, self._source = cache, source

    def find(self, photograph: Picture, recipe: Recipe) -> KeptCutout | None:
        """The cutout of a photograph by a recipe, if it is the one that is kept."""
        arrays = self._cache.get_from_memory(self._key(recipe)) if _can_be_kept(recipe) else None
        return None if arrays is None else _restore_cutout(arrays, photograph)

    def keep(self, photograph: Picture, recipe: Recipe, cutout: KeptCutout) -> None:
        """Keep a cutout in the place of the last one, where it can be, and is not too large."""
        alpha, matte = cutout.picture.alpha, cutout.matte
        if not _can_be_kept(recipe) or alpha is None or matte.uncertainty is not None:
            return
        differs = (cutout.picture.rgb != photograph.rgb).any(2)
        facts = {
            "confidence": matte.confidence, "found": matte.found, "box": matte.box, "model": cutout.model,
            "device": cutout.device, "notes": cutout.picture.notes,
        }  # fmt: skip
        arrays: NamedArrays = {
            "alpha": alpha, "matte": np.zeros(0, np.uint8) if matte.alpha is alpha else matte.alpha,
            "differs": np.packbits(differs), "colours": cutout.picture.rgb[differs],
            "facts": np.frombuffer(json.dumps(facts).encode(), np.uint8),
        }  # fmt: skip
        if sum(array.nbytes for array in arrays.values()) <= MAX_KEPT_BYTES:
            self._cache.replace_in_memory(KEY_START, self._key(recipe), arrays)

    def _key(self, recipe: Recipe) -> str:
        steps = [msgspec.to_builtins(s) for s in recipe.steps if isinstance(s, (Anonymise, Restore, Cut))]
        digest = hashlib.sha256(json.dumps([self._source, steps]).encode()).hexdigest()
        return KEY_START + digest[: 64 - len(KEY_START)]


def _can_be_kept(recipe: Recipe) -> bool:
    """Whether a recipe makes the same cutout again: not by pictures, whose names do not tell what they show."""
    step, heal = recipe.cut_step, recipe.find_step(Heal)
    if heal is not None and heal.mask != "none":
        return False
    return step is not None and step.output == "cutout" and not step.by.startswith("plate") and (
        step.trimap == step.garbage == step.holdout == step.core == "none"
    )  # fmt: skip


def _restore_cutout(arrays: NamedArrays, photograph: Picture) -> KeptCutout:
    alpha, facts = arrays["alpha"], json.loads(arrays["facts"].tobytes())
    rgb = photograph.rgb.copy()
    differs = np.unpackbits(arrays["differs"], count=alpha.size).reshape(alpha.shape).astype(bool)
    rgb[differs] = arrays["colours"]
    picture = replace(photograph, rgb=rgb, alpha=alpha, notes=tuple(facts["notes"]))
    matte_alpha = arrays["matte"] if arrays["matte"].size else alpha
    matte = Matte(matte_alpha, facts["confidence"], facts["found"], tuple(facts["box"]))
    return KeptCutout(picture, matte, facts["model"], facts["device"])
