"""Restores detail: denoising before the cut, upscaling after it, faces last.

The order matters. Noise and JPEG blocks go first: the cut, its edges and the estimates of light all judge by pixels,
and no later step can tell an enlarged block from detail. The cut comes before upscaling: it is cheaper at the original
size, and upscaling needs the subject's own colours, which it continues under transparent pixels. Faces are restored at
the final size: before, they would be enlarged by a network that knows less of faces. Light, colour and sharpness come
after upscaling: sharpened edges must not go through a network, and a tone curve would amplify noise.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Protocol

from mattebox.enhancement import (
    blind_restoration,
    face_restoration,
    photo_statistics,
    tone_adjustment,
    upscaling,
)
from mattebox.enhancement.self_ensemble import add_self_ensemble
from mattebox.enhancement.tile_sink import OpenTileSink, TileSink
from mattebox.io import resampling
from mattebox.models import face_detector, face_restorer, object_detector
from mattebox.models.cards.registry import find_card, find_card_for_task, restorer_name, upscaler_names
from mattebox.models.image_to_image import ImageToImageNetwork, find_twin_card, find_upscale_factor
from mattebox.models.store.weight_store import require_all_installed
from mattebox.recipe.recipe import Recipe
from mattebox.recipe.steps import Faces, Light, Restore, Upscale
from mattebox.types import ImageShape, Matte, OnProgress, Picture

FAITHFUL_MODEL = Upscale().model
MAX_FAITHFUL_NOISE = 3 / 255  # standard deviation
NOISY_UPSCALE_NOTE = (
    "the photograph looks noisy, and the faithful model enlarges noise with it: "
    "restore it first, or choose the real model"
)


class OpenNetwork(Protocol):
    """Opens a network by its name; `denoise` is the share of the noise that it removes, 0 to 1."""

    def __call__(self, model: str, denoise: float = 1) -> ImageToImageNetwork: ...


def check_restoration_steps(recipe: Recipe) -> None:
    """Check the recipe's steps Restore, Upscale and Faces without a photograph. UsageError, ModelError."""
    restore, upscale = recipe.find_step(Restore), recipe.find_step(Upscale)
    if restore is not None and restore.amount != "none":
        if restore.amount != "auto":
            blind_restoration.parse_strength(restore.amount)
        find_upscale_factor(restorer_name(restore.model), "restore")
    if upscale is not None and upscaling.parse_target(upscale.to) is not None:
        for name in upscaler_names(upscale.model):
            find_upscale_factor(name, "upscale")
            if upscale.denoise < 100:
                find_twin_card(find_card(name))
    faces = recipe.find_step(Faces)
    if faces is not None and faces.strength:
        find_card_for_task(face_restorer.FACE_RESTORATION_TASK, faces.model)
        find_card_for_task(object_detector.DETECTION_TASK, faces.finder)


def weight_hashes(recipe: Recipe) -> list[str]:
    """Hashes of the networks that the recipe restores and upscales with."""
    return [find_card(name).sha256 or find_card(name).md5 for name in _network_names(recipe)]


def require_models(recipe: Recipe) -> None:
    """Raise one ModelError that names all networks that the recipe restores, upscales and finds faces with, and that
    are not here, where there are several."""
    names, faces = _network_names(recipe), recipe.find_step(Faces)
    names += [faces.finder, faces.model] if faces is not None and faces.strength else []
    require_all_installed(find_card(name) for name in names)


def _network_names(recipe: Recipe) -> list[str]:
    """The networks that the recipe restores and upscales with."""
    restore, upscale = recipe.find_step(Restore), recipe.find_step(Upscale)
    names = [restorer_name(restore.model)] if restore is not None and restore.amount != "none" else []
    return [*names, *(upscaler_names(upscale.model) if upscale is not None and upscale.to != "none" else ())]


def restore_photograph(
    photograph: Picture, recipe: Recipe, open_network: OpenNetwork, on_progress: OnProgress | None = None
) -> Picture:
    """Apply the step Restore; the network is opened only if there is something to restore. What Light will brighten
    counts as that much noisier."""
    step = recipe.find_step(Restore)
    if step is None:
        return photograph
    strength = blind_restoration.resolve_strength(step.amount, photograph, _noise_gain(photograph, recipe))
    if strength == 0:
        return photograph
    return blind_restoration.restore_picture(
        photograph, _apply_effort(open_network(restorer_name(step.model)), step), strength, on_progress
    )


def _noise_gain(photograph: Picture, recipe: Recipe) -> float:
    """How much more visible the recipe's step Light makes the noise in the shadows."""
    step = recipe.find_step(Light)
    return 1.0 if step is None else tone_adjustment.shadow_gain(tone_adjustment.plan_tone(photograph, step))


def target_shape(shape: ImageShape, recipe: Recipe) -> ImageShape:
    """(height, width) after the step Upscale. UsageError when that is too large."""
    step = recipe.find_step(Upscale)
    return shape if step is None else upscaling.target_size(step.to, shape)


def upscale_picture(
    picture: Picture,
    recipe: Recipe,
    open_network: OpenNetwork,
    on_progress: OnProgress | None = None,
    open_tile_sink: OpenTileSink = TileSink,
) -> Picture:
    """Apply the step Upscale by as many passes of its networks as the factor needs."""
    step, target = recipe.find_step(Upscale), target_shape(picture.shape, recipe)
    if step is None or target == picture.shape:
        return picture if step is None else _note_size_reached(picture, step)
    names = upscaler_names(step.model)
    factor = max(after / before for after, before in zip(target, picture.shape, strict=True))
    networks = {find_upscale_factor(name, "upscale"): name for name in names}
    chain = [
        _apply_effort(open_network(networks[scale], step.denoise / 100), step)
        for scale in upscaling.plan_passes(factor, list(networks))
    ]
    result = upscaling.upscale_picture(picture, target, chain, step.detail / 100, on_progress, open_tile_sink)
    if step.model == FAITHFUL_MODEL and photo_statistics.noise_sigma(picture) > MAX_FAITHFUL_NOISE:
        result = replace(result, notes=(*result.notes, NOISY_UPSCALE_NOTE))
    return result


def _note_size_reached(picture: Picture, step: Upscale) -> Picture:
    """The picture, with a note where it is longer than the side in pixels that was asked for."""
    target = upscaling.parse_target(step.to)
    if target is None or target[1] == "x" or target[0] == max(picture.size):
        return picture
    note = f"not enlarged: its longer side has {max(picture.size)} pixels, and {target[0]:g} were asked for"
    return replace(picture, notes=(*picture.notes, note))


def restore_faces(
    picture: Picture, recipe: Recipe, device: str, threads: int, on_progress: OnProgress | None = None
) -> Picture:
    """Apply the step Faces; its networks are opened only as they are needed."""
    step = recipe.find_step(Faces)
    if step is None or step.strength == 0:
        return picture
    faces = face_detector.detect_faces(picture, step.finder, device, threads)
    if not faces:
        return picture
    network = face_restorer.open_face_restorer(step.model, device, threads)
    return face_restoration.restore_faces(picture, faces, network.run, network.side, step.strength / 100, on_progress)


def _apply_effort(network: ImageToImageNetwork, step: Restore | Upscale) -> ImageToImageNetwork:
    """The network, with self-ensemble where the step asks for the best effort."""
    return add_self_ensemble(network) if step.effort == "best" else network


def resize_picture(picture: Picture, shape: ImageShape) -> Picture:
    """The picture resampled to (height, width); good enough for a photograph that is blurred behind its cutout."""
    box = (0, 0, *picture.size)
    return picture.with_pixels(*resampling.crop_and_resize(picture.rgb, picture.alpha, box, shape))


def matte_from_cutout(matte: Matte, cutout: Picture) -> Matte:
    """The matte of an upscaled cutout; of a cutout that shows its matte in grey, these pixels."""
    alpha = cutout.rgb[..., 0] if cutout.alpha is None else cutout.alpha
    return matte.with_alpha(alpha)
