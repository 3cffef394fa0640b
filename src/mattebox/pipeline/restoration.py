"""The part of the corridor where detail is mended: restoring, before anything looks at the photograph, upscaling, after
the cut, and faces, after both.

The order matters. Noise and JPEG's blocks go first: the cut, its edges and the estimates of light all judge by pixels,
and no later step can tell an enlarged block from detail. The cut comes before upscaling: it costs less at the size the
photograph has, and the subject's own colours, which upscaling needs to go on under the transparent, are known only
then. Faces are drawn last, at the size that is wanted: drawn before, they would be enlarged by a network that knows
less of faces. Light, colour and sharpness come after upscaling: sharpened edges must not go through a network, and a
curve applied before would stretch what is noise.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Protocol

from mattebox.core.connected_components import subject_box
from mattebox.enhancement import denoising, face_restoration, upscaling
from mattebox.enhancement.self_ensemble import voted
from mattebox.enhancement.tile_sink import Canvas, Canvases
from mattebox.enhancement.tiles import Tell
from mattebox.io import resampling
from mattebox.models import face_detector, face_restorer
from mattebox.models.cards.registry import card_for, find_card, restorer, upscalers
from mattebox.models.image_to_image import Imager, checked, twin_of
from mattebox.recipe.recipe import Faces, Recipe, Restore, Upscale
from mattebox.types import Matte, Picture, Size


class Opened(Protocol):
    """Opens a network by its name, taking out all or less of the noise (0..1)."""

    def __call__(self, model: str, denoise: float = 1) -> Imager: ...


def check(recipe: Recipe) -> None:
    """UsageError and ModelError for what no photograph could mend."""
    mending, enlarging = recipe.find(Restore), recipe.find(Upscale)
    if mending is not None and mending.amount != "none":
        if mending.amount != "auto":
            denoising.stated(mending.amount)
        checked(restorer(mending.model), "restore")
    if enlarging is not None and upscaling.parsed(enlarging.to) is not None:
        for name in upscalers(enlarging.model):
            checked(name, "upscale")
            if enlarging.denoise < 100:
                twin_of(find_card(name))
    drawing = recipe.find(Faces)
    if drawing is not None and drawing.strength:
        card_for(face_restorer.TASK, drawing.model)
        card_for(face_detector.TASK, drawing.finder)


def weights(recipe: Recipe) -> list[str]:
    """The hashes of the networks that the recipe's detail may come from."""
    mending, enlarging = recipe.find(Restore), recipe.find(Upscale)
    names = [restorer(mending.model)] if mending is not None and mending.amount != "none" else []
    names += upscalers(enlarging.model) if enlarging is not None and enlarging.to != "none" else ()
    return [find_card(name).sha256 or find_card(name).md5 for name in names]


def restored(photograph: Picture, recipe: Recipe, opened: Opened, tell: Tell | None = None) -> Picture:
    """The photograph with the recipe's step Restore done to it; the network is opened only if there is a need."""
    step = recipe.find(Restore)
    share = 0.0 if step is None else denoising.share_of(step.amount, photograph)
    if step is None or share == 0:
        return photograph
    return denoising.restored(photograph, _tried(opened(restorer(step.model)), step), share, tell)


def wanted_size(size: Size, recipe: Recipe) -> Size:
    """What upscaling makes of this (height, width). UsageError when it is too much."""
    step = recipe.find(Upscale)
    return size if step is None else upscaling.target_of(step.to, size)


def upscaled(
    picture: Picture, recipe: Recipe, opened: Opened, tell: Tell | None = None, canvas: Canvases = Canvas
) -> Picture:
    """The picture at the size that the recipe's step Upscale asks for."""
    step, size = recipe.find(Upscale), wanted_size(picture.size, recipe)
    if step is None or size == picture.size:
        return picture
    names = upscalers(step.model)
    factor = max(made / whole for made, whole in zip(size, picture.size, strict=True))
    networks = {checked(name, "upscale"): name for name in names}
    chain = [
        _tried(opened(networks[scale], step.denoise / 100), step) for scale in upscaling.passes(factor, list(networks))
    ]
    return upscaling.upscaled(picture, size, chain, step.detail / 100, tell, canvas)


def faced(picture: Picture, recipe: Recipe, device: str, threads: int, tell: Tell | None = None) -> Picture:
    """The picture with the recipe's step Faces done to it; its networks are opened only if there is a need."""
    step = recipe.find(Faces)
    if step is None or step.strength == 0:
        return picture
    found = face_detector.open_finder(step.finder, device, threads).find(picture)
    if not found:
        return picture
    network = face_restorer.open_facer(step.model, device, threads)
    return face_restoration.restored(picture, found, network.run, network.side, step.strength / 100, tell)


def _tried(imager: Imager, step: Restore | Upscale) -> Imager:
    """The network, asked as often as the step says."""
    return voted(imager) if step.effort == "best" else imager


def along(photograph: Picture, size: Size) -> Picture:
    """The photograph behind a cutout that was upscaled, at the same size: it will only be seen out of focus."""
    height, width = photograph.size
    return photograph.with_pixels(*resampling.window(photograph.rgb, photograph.alpha, (0, 0, width, height), size))


def matte_of(matte: Matte, cutout: Picture) -> Matte:
    """The matte of a cutout that was upscaled."""
    alpha = cutout.rgb[..., 0] if cutout.alpha is None else cutout.alpha  # a matte shown as a grey picture has none
    box = subject_box(alpha) if matte.found and alpha.any() else (0, 0, cutout.size[1], cutout.size[0])
    return replace(matte, alpha=alpha, box=box)
