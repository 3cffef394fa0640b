"""Hides faces and plates: a detector finds them, and their shapes are covered, before anything else is done.

It comes first so that no later step can show what was hidden: not a blurred background, not an upscaled edge. Of the
photograph's metadata only what is safe stays, since previews, maps and marked regions would repeat the faces.
"""

from __future__ import annotations

from dataclasses import replace

from mattebox.anonymisation.obscuring import obscure_objects
from mattebox.anonymisation.regions import DetectedObject
from mattebox.core.interface import name_parameter
from mattebox.errors import NoSubject
from mattebox.io.metadata import keep_safe_metadata
from mattebox.models.cards.registry import find_card_for_task
from mattebox.models.object_detector import DETECTION_TASK, ObjectDetector, open_object_detector
from mattebox.models.store.weight_store import require_installed
from mattebox.recipe.recipe import Recipe
from mattebox.recipe.steps import Anonymise
from mattebox.types import Picture

UNKNOWN_NUMBER_NOTE = "there is no number {}, of what is to stay as it is: {} found"
KINDS_BY_WORD = {"all": ("face", "plate"), "faces": ("face",), "plates": ("plate",), "none": ()}
NOTHING_FOUND_NOTE = "no {} was found: look at the picture yourself before you publish it"
KIND_WORDS = {"all": "face or number plate", "faces": "face", "plates": "number plate"}


def anonymise_step(recipe: Recipe) -> Anonymise | None:
    """The recipe's step that hides something, if it has one."""
    step = recipe.find_step(Anonymise)
    return step if step is not None and step.hide != "none" else None


def check_anonymise_step(recipe: Recipe) -> None:
    """Check the step without a photograph. UsageError, ModelError."""
    step = anonymise_step(recipe)
    if step is not None:
        _ = step.kept_numbers
        require_installed(find_card_for_task(DETECTION_TASK, step.detector))


def find_objects(
    picture: Picture, detector: ObjectDetector, step: Anonymise, *, enlarge: bool = True, score_share: float = 1.0
) -> tuple[DetectedObject, ...]:
    """The faces and plates that a step hides, the largest first, numbered from 1; those it keeps are marked.

    With `enlarge`, a small picture is also searched at twice its size; `score_share` is the share of the step's lowest
    scores from which something is found.
    """
    found = detector.detect(picture, sensitivity=step.sensitivity / 100 / score_share, enlarge=enlarge)
    kinds, wanted = detector.card.detection.kinds, KINDS_BY_WORD[step.hide]
    objects = [
        DetectedObject(kinds[kind], (left, top, right, bottom), score)
        for (left, top, right, bottom), score, kind in zip(
            found.boxes.tolist(), found.scores.tolist(), found.kinds.tolist(), strict=True
        )
        if kinds[kind] in wanted
    ]
    objects.sort(key=lambda item: -item.area)
    kept = step.kept_numbers
    return tuple(replace(item, number=n, is_hidden=n not in kept) for n, item in enumerate(objects, start=1))


def anonymise_picture(
    picture: Picture,
    step: Anonymise,
    device: str = "auto",
    threads: int | None = None,
    name: str = "the photograph",
) -> tuple[Picture, tuple[DetectedObject, ...]]:
    """Find and hide faces and plates.

    Parameters
    ----------
    picture : Picture
    step : Anonymise
        What is hidden and how.
    device, threads
        Where the detector runs.
    name : str
        The photograph's, for error messages.

    Returns
    -------
    Picture
        Without metadata, depth and mattes of the file, which could show them; with a note where nothing was found.
    tuple of DetectedObject
        What was found, hidden or kept.

    Raises
    ------
    NoSubject
        Nothing was found, and the step requires it.
    ModelError, DeviceError, UsageError
    """
    objects = find_objects(picture, open_object_detector(step.detector, device, threads), step)
    if not objects and step.empty == "refuse":
        raise NoSubject(
            f"{name}: no {KIND_WORDS[step.hide]} was found",
            f"look at it yourself, or search harder: {name_parameter('hide_sensitivity', '200')}",
        )
    hidden = [item for item in objects if item.is_hidden]
    result = obscure_objects(picture, hidden, step.method, step.shape, step.growth / 100)
    nothing = () if objects else (NOTHING_FOUND_NOTE.format(KIND_WORDS[step.hide]),)
    notes = (*picture.notes, *nothing, *_note_unknown_numbers(step, len(objects)))
    metadata = keep_safe_metadata(picture.metadata)
    return replace(result, metadata=metadata, notes=notes, depth=None, mattes={}), objects


def _note_unknown_numbers(step: Anonymise, count: int) -> tuple[str, ...]:
    """A note on numbers to keep that nothing has, which may be mistaken; none where nothing was found."""
    unknown = sorted(number for number in step.kept_numbers if number > count)
    if not unknown or not count:
        return ()
    return (UNKNOWN_NUMBER_NOTE.format(", ".join(map(str, unknown)), f"{count} {'was' if count == 1 else 'were'}"),)
