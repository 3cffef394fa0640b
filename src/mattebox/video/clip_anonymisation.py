"""Anonymises a clip: faces and plates are hidden in every frame, its sound is kept, the file is written at the end."""

from __future__ import annotations

import contextlib
import time as clock
from collections import deque
from collections.abc import Callable, Generator
from dataclasses import dataclass, field, replace
from pathlib import Path

from mattebox.anonymisation.obscuring import obscure_objects
from mattebox.anonymisation.regions import DetectedObject
from mattebox.composition.label import add_label, check_label
from mattebox.errors import InputUnreadable, NoSubject, UsageError
from mattebox.io.reader import read_cached
from mattebox.io.writer import check_not_input
from mattebox.models.object_detector import ObjectDetector, open_object_detector
from mattebox.pipeline.anonymisation import KIND_WORDS, NOTHING_FOUND_NOTE, check_anonymise_step
from mattebox.provenance.manifest import ModelUse
from mattebox.recipe.recipe import Recipe
from mattebox.recipe.steps import Anonymise, Label
from mattebox.video.clip_frame import ClipFrame
from mattebox.video.clip_output import open_clip_output
from mattebox.video.clip_result import ClipProgress
from mattebox.video.clip_signing import AnonymisedClipSigner
from mattebox.video.concurrency import read_ahead
from mattebox.video.formats import ClipFormat
from mattebox.video.frame_search import FrameSearch
from mattebox.video.object_tracks import ObjectTracks
from mattebox.video.output_options import OutputOptions
from mattebox.video.reader import VideoReader

QUEUED_FRAMES = 2
VOICE_NOTE = "the sound is kept as it is: voices and names that are said can be recognised"


@dataclass
class AnonymisedClip:
    """What became of a clip.

    Attributes
    ----------
    path : Path
        The result.
    frames, hidden_frames : int
        Frames that were written, and those of them in which something is hidden.
    objects : int
        The most that are hidden in one frame.
    size : (int, int)
        Width and height of the result.
    seconds : float
        That it took.
    notes : tuple of str
        Remarks for the user.
    boxes : list of (float, tuple of DetectedObject)
        Seconds since the beginning, and what is hidden then.
    """

    path: Path
    frames: int = 0
    hidden_frames: int = 0
    objects: int = 0
    size: tuple[int, int] = (0, 0)
    seconds: float = 0.0
    notes: tuple[str, ...] = ()
    boxes: list[tuple[float, tuple[DetectedObject, ...]]] = field(default_factory=list, repr=False)


def anonymise_clip(
    source: Path,
    target: Path,
    recipe: Recipe,
    format: ClipFormat,
    *,
    overwrite: bool = True,
    device: str = "auto",
    threads: int | None = None,
    on_progress: Callable[[ClipProgress], None] | None = None,
) -> AnonymisedClip:
    """Hide faces and plates in every frame of a clip, label it and sign the result where the recipe says so.

    Parameters
    ----------
    source, target : Path
        The clip and its result.
    recipe : Recipe
        What is hidden and how, a label, and whether the result is signed; numbers to keep are of stills only.
    format : ClipFormat
        Of the result.
    overwrite : bool
        Whether an existing file may be replaced.
    device, threads
        Where the detector runs.
    on_progress : callable, optional
        Called after each frame that was written.

    Raises
    ------
    InputError, OutputError, UsageError, ModelError, DeviceError, NoSubject
        Nothing is left under the target's name.
    """
    step, label = recipe.find_step(Anonymise), recipe.find_step(Label) or Label()
    if step is None or step.hide == "none":
        raise UsageError("the recipe hides nothing", "add the step anonymise")
    if step.kept_numbers:
        raise UsageError("a clip's faces have no numbers to be kept by", "leave it out, or anonymise its frames")
    check_label(label, read_cached)
    check_not_input(target, (source,))
    started, result = clock.monotonic(), AnonymisedClip(target)
    check_anonymise_step(recipe)
    detector = open_object_detector(step.detector, device, threads)
    finish = _open_signer(source, target, recipe, detector, result, overwrite=overwrite)
    with contextlib.ExitStack() as stack:
        reader = stack.enter_context(VideoReader(source))
        reader.info = replace(reader.info, tags={}, chapters=())  # places and names
        frames = stack.enter_context(contextlib.closing(_iterate_frames(reader, FrameSearch(detector, step))))
        output = stack.enter_context(
            open_clip_output(
                target, reader, OutputOptions(format=format, overwrite=overwrite), transparent=False, finish=finish
            )
        )
        result.size = output.size
        for frame, objects in frames:
            hidden = obscure_objects(frame.picture, objects, step.method, step.shape, step.growth / 100)
            labelled, _ = add_label(hidden, (), label, read_cached)
            output.write(replace(frame, picture=labelled), frame)
            result.frames += 1
            result.hidden_frames += bool(objects)
            result.objects = max(result.objects, len(objects))
            result.boxes.append((float(frame.time), objects))
            if on_progress is not None:
                elapsed = max(clock.monotonic() - started, 1e-6)
                length = None if reader.info.duration is None else float(reader.info.duration)
                on_progress(ClipProgress(result.frames, float(frame.time), length, result.frames / elapsed))
        _check_result(source, result, step)
        voices = (VOICE_NOTE,) if reader.has_sound else ()
    result.seconds = clock.monotonic() - started
    nothing = (
        () if result.hidden_frames else (NOTHING_FOUND_NOTE.format(KIND_WORDS[step.hide]).replace("picture", "clip"),)
    )
    result.notes = (*reader.notes(), *output.notes, *nothing, *voices)
    return result


def _open_signer(
    source: Path, target: Path, recipe: Recipe, detector: ObjectDetector, result: AnonymisedClip, *, overwrite: bool
) -> Callable[[Path], None] | None:
    """What signs the complete file; None where it is not to be signed. UsageError where there is no key."""
    if recipe.save_step.sign != "yes":
        return None
    models = [ModelUse(card.name, card.sha256) for card in detector.cards]
    signer = AnonymisedClipSigner(source, target, recipe, models, overwrite=overwrite)
    label = recipe.find_step(Label)

    def finish(path: Path) -> None:
        stages = ["anonymise"] if result.hidden_frames else []
        signer.sign(path, result.size, [*stages, *(["label"] if label is not None and label.is_drawn else [])])

    return finish


def _check_result(source: Path, result: AnonymisedClip, step: Anonymise) -> None:
    if not result.frames:
        raise InputUnreadable(f"{source}: there is no frame that can be decoded", "export the clip again")
    if not result.hidden_frames and step.empty == "refuse":
        raise NoSubject(f"{source}: no {KIND_WORDS[step.hide]} was found", "look at it yourself")


def _iterate_frames(
    reader: VideoReader, search: FrameSearch
) -> Generator[tuple[ClipFrame, tuple[DetectedObject, ...]], None, None]:
    """Frames with what is hidden in them; some frames are kept until their followers are known."""
    waiting: deque[ClipFrame] = deque()
    tracks = ObjectTracks(search.min_scores)
    with contextlib.closing(read_ahead(reader.frames(), QUEUED_FRAMES)) as frames:
        for number, frame in enumerate(frames):
            waiting.append(frame)
            for objects in tracks.push(search.find(frame.picture, number)):
                yield waiting.popleft(), objects
    for objects in tracks.flush():
        yield waiting.popleft(), objects
