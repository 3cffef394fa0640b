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
from mattebox.enhancement.self_ensemble import add_self_ensemble
from mattebox.enhancement.tile_sink import OpenTileSink, TileSink
from mattebox.io import resampling
from mattebox.models import face_detector, face_restorer
from mattebox.models.cards.registry import find_card, find_card_for_task, restorer_name, upscaler_names
from mattebox.models.image_to_image import ImageToImageNetwork, find_twin_card, find_upscale_factor
from mattebox.recipe.recipe import Recipe
from mattebox.recipe.steps import Faces, Restore, Upscale
from mattebox.types import ImageShape, Matte, OnProgress, Picture


class OpenNetwork(Protocol):
    """Opens a network by its name, taking out all or less of the noise (0..1)."""

    def __call__(self, model: str, denoise: float = 1) -> ImageToImageNetwork: ...


def check_restoration_steps(recipe: Recipe) -> None:
    """UsageError and ModelError for what no photograph could mend."""
    mending, enlarging = recipe.find_step(Restore), recipe.find_step(Upscale)
    if mending is not None and mending.amount != "none":
        if mending.amount != "auto":
            denoising.parse_strength(mending.amount)
        find_upscale_factor(restorer_name(mending.model), "restore")
    if enlarging is not None and upscaling.parse_target(enlarging.to) is not None:
        for name in upscaler_names(enlarging.model):
            find_upscale_factor(name, "upscale")
            if enlarging.denoise < 100:
                find_twin_card(find_card(name))
    drawing = recipe.find_step(Faces)
    if drawing is not None and drawing.strength:
        find_card_for_task(face_restorer.FACE_RESTORATION_TASK, drawing.model)
        find_card_for_task(face_detector.FACE_DETECTION_TASK, drawing.finder)


def weight_hashes(recipe: Recipe) -> list[str]:
    """The hashes of the networks that the recipe's detail may come from."""
    mending, enlarging = recipe.find_step(Restore), recipe.find_step(Upscale)
    names = [restorer_name(mending.model)] if mending is not None and mending.amount != "none" else []
    names += upscaler_names(enlarging.model) if enlarging is not None and enlarging.to != "none" else ()
    return [find_card(name).sha256 or find_card(name).md5 for name in names]


def restore_photograph(
    photograph: Picture, recipe: Recipe, open_network: OpenNetwork, on_progress: OnProgress | None = None
) -> Picture:
    """The photograph with the recipe's step Restore done to it; the network is opened only if there is a need."""
    step = recipe.find_step(Restore)
    share = 0.0 if step is None else denoising.resolve_strength(step.amount, photograph)
    if step is None or share == 0:
        return photograph
    return denoising.restore_picture(
        photograph, _apply_effort(open_network(restorer_name(step.model)), step), share, on_progress
    )


def target_size(size: ImageShape, recipe: Recipe) -> ImageShape:
    """What upscaling makes of this (height, width). UsageError when it is too much."""
    step = recipe.find_step(Upscale)
    return size if step is None else upscaling.target_size(step.to, size)


def upscale_picture(
    picture: Picture,
    recipe: Recipe,
    open_network: OpenNetwork,
    on_progress: OnProgress | None = None,
    open_tile_sink: OpenTileSink = TileSink,
) -> Picture:
    """The picture at the size that the recipe's step Upscale asks for."""
    step, size = recipe.find_step(Upscale), target_size(picture.shape, recipe)
    if step is None or size == picture.shape:
        return picture
    names = upscaler_names(step.model)
    factor = max(made / whole for made, whole in zip(size, picture.shape, strict=True))
    networks = {find_upscale_factor(name, "upscale"): name for name in names}
    chain = [
        _apply_effort(open_network(networks[scale], step.denoise / 100), step)
        for scale in upscaling.plan_passes(factor, list(networks))
    ]
    return upscaling.upscale_picture(picture, size, chain, step.detail / 100, on_progress, open_tile_sink)


def restore_faces(
    picture: Picture, recipe: Recipe, device: str, threads: int, on_progress: OnProgress | None = None
) -> Picture:
    """The picture with the recipe's step Faces done to it; its networks are opened only if there is a need."""
    step = recipe.find_step(Faces)
    if step is None or step.strength == 0:
        return picture
    found = face_detector.open_face_detector(step.finder, device, threads).detect_faces(picture)
    if not found:
        return picture
    network = face_restorer.open_face_restorer(step.model, device, threads)
    return face_restoration.restore_faces(picture, found, network.run, network.side, step.strength / 100, on_progress)


def _apply_effort(network: ImageToImageNetwork, step: Restore | Upscale) -> ImageToImageNetwork:
    """The network, asked as often as the step says."""
    return add_self_ensemble(network) if step.effort == "best" else network


def resize_photograph(photograph: Picture, size: ImageShape) -> Picture:
    """The photograph behind a cutout that was upscaled, at the same size: it will only be seen out of focus."""
    height, width = photograph.shape
    return photograph.with_pixels(
        *resampling.crop_and_resize(photograph.rgb, photograph.alpha, (0, 0, width, height), size)
    )


def matte_from_cutout(matte: Matte, cutout: Picture) -> Matte:
    """The matte of a cutout that was upscaled."""
    alpha = cutout.rgb[..., 0] if cutout.alpha is None else cutout.alpha  # a matte shown as a grey picture has none
    box = subject_box(alpha) if matte.found and alpha.any() else (0, 0, cutout.shape[1], cutout.shape[0])
    return replace(matte, alpha=alpha, box=box)
