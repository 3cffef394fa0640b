"""What each stage of cutting a clip costs, and how the whole compares with real time.

    python -m benchmarks.video_speed                                   1280 x 720, 30 frames a second, the default
    python -m benchmarks.video_speed --scene rocket --format mp4     before another photograph
    python -m benchmarks.video_speed --model fast --coherence motion
    python -m benchmarks.video_speed --clip FILE                       a clip of your own, its first 30 frames

Without --clip the clip is drawn (a person before a photograph, camera noise) and encoded as H.264. Stages are timed
one after the other in processor seconds of all threads, so that other work on the machine counts little; "whole" is the
pipeline as it is, by the clock and in processor seconds. No result of the network is kept from one stage for another.
--peer is the card of a network to compare with, such as u2netp.toml with its weights beside it: on every frame, its
matte enlarged, without decoding and encoding.
"""

from __future__ import annotations

import tempfile
import time
from argparse import Namespace
from collections.abc import Callable, Sequence
from itertools import islice, pairwise
from pathlib import Path
from typing import TypeVar

import av
import numpy as np
from PIL import Image

from benchmarks.common import argument_parser, load_photograph
from benchmarks.video import cut_subjects
from mattebox.models.matte_session import Session
from mattebox.models.result_cache import shared_cache
from mattebox.recipe.steps import Background, Cut
from mattebox.types import Picture
from mattebox.video.clip_cutting import cut_clip
from mattebox.video.clip_info import ColourTags
from mattebox.video.clip_job import ClipJob
from mattebox.video.clip_options import ClipOptions
from mattebox.video.cutter import CoarseCutter
from mattebox.video.edge_averaging import EdgeAverage
from mattebox.video.formats import find_format
from mattebox.video.frame_conversion import frame_from_picture
from mattebox.video.frame_cutout import cut_frame, find_edges, render_frame
from mattebox.video.matte_prediction import MattePredictor
from mattebox.video.motion import choose_motion_estimator
from mattebox.video.plate_filter import PlateFilter
from mattebox.video.reader import VideoReader
from mattebox.video.writer import VideoWriter

T = TypeVar("T")
RATE = 30


def draw_clip(path: Path, size: tuple[int, int], count: int, scene_name: str, session: Session) -> None:
    """A person who walks slowly through a photograph, as H.264."""
    cutout = cut_subjects(session)["astronaut"]
    height = size[1] * 9 // 10
    person = np.asarray(Image.fromarray(cutout).resize((height, height), Image.Resampling.LANCZOS)).astype(np.float32)
    scene = np.asarray(Image.fromarray(load_photograph(scene_name)).resize((size[0] + 60, size[1])), np.float32)
    rng = np.random.default_rng(0)
    with av.open(str(path), "w") as container:
        stream = container.add_stream("libx264", rate=RATE, options={"crf": "18", "preset": "veryfast"})
        stream.width, stream.height, stream.pix_fmt = *size, "yuv420p"
        for number in range(count):
            frame = scene[:, : size[0]].copy()
            left = 100 + 3 * number
            alpha = person[..., 3:] / 255
            part = frame[size[1] - height :, left : left + height]
            part[:] = (
                alpha[:, : part.shape[1]] * person[:, : part.shape[1], :3] + (1 - alpha[:, : part.shape[1]]) * part
            )
            noisy = np.clip(np.round(frame + rng.normal(0, 2, frame.shape)), 0, 255).astype(np.uint8)
            image = av.VideoFrame.from_ndarray(noisy, format="rgb24").reformat(format="yuv420p")
            image.pts = number
            container.mux(stream.encode(image))
        container.mux(stream.encode(None))


def measure(name: str, count: int, work: Callable[[], T]) -> T:
    """Run, and print processor milliseconds a frame."""
    shared_cache.clear()
    start = time.process_time()
    result = work()
    print(f"{name:34}{1000 * (time.process_time() - start) / count:9.1f} ms", flush=True)
    return result


def measure_stages(clip: Path, options: Namespace, session: Session) -> None:
    """Print the stages one after the other; what they write goes to `options.folder`."""
    count, step = options.frames, Cut(model=options.model, edges=options.edges)
    with VideoReader(clip) as reader:
        frames = measure("decode", count, lambda: list(islice(reader.frames(), count)))
        info = reader.info
    pictures = [frame.picture for frame in frames]
    predictor = MattePredictor(session, reuse=False)
    described = measure("describe", count, lambda: [predictor.describe(p, n, n / RATE) for n, p in enumerate(pictures)])
    measure("network, each frame", count, lambda: [predictor.run(d) for d in described])
    estimate = choose_motion_estimator()
    measure("motion, both ways", count - 1, lambda: [estimate(a.guide, b.guide) for a, b in pairwise(described)])
    cutter = CoarseCutter(session, coherence=options.coherence)
    coarse = measure(f"all up to mattes ({options.coherence})", count, lambda: [
        matte for n, p in enumerate(pictures) for matte in cutter.push(p, n, n / RATE)] + cutter.flush())  # fmt: skip
    print(f"{'':34}{sum(matte.origin == 'network' for matte in coarse) / count:9.2f} runs a frame")
    calibration = session.card.calibration
    edged = measure("edges", count, lambda: [find_edges(matte, step, calibration) for matte in coarse])
    plate_filter = PlateFilter()
    steady = measure("background plate", count, lambda: [
        frame for pushed in edged for frame in plate_filter.push(pushed)] + plate_filter.flush())  # fmt: skip
    average = EdgeAverage()
    averaged = measure("averages of edges", count, lambda: [
        frame for pushed in steady for frame in average.push(pushed)] + average.flush())  # fmt: skip
    cuts = measure("colours", count, lambda: [render_frame(frame, step) for frame in averaged])
    kind, is_opaque = find_format(options.format), options.format == "mp4"
    encoding = kind.choose_encoding(transparent=not is_opaque, depth=8)
    results = [Picture(cut.photograph.rgb) if is_opaque else cut.picture for cut in cuts]
    tags = ColourTags(1, 1, 1, 1)
    measure("to YUV", count, lambda: [frame_from_picture(p, encoding.pixel_format, tags) for p in results])

    def write() -> None:
        with VideoWriter(Path(options.folder, "out"), kind, info, transparent=not is_opaque) as writer:
            for frame, picture in zip(frames, results, strict=True):
                writer.write(picture, frame.pts)

    measure("to YUV and encode", count, write)
    if options.peer:
        measure_peer(pictures, Session.open(options.peer))


def measure_peer(pictures: Sequence[Picture], peer: Session) -> None:
    """Print what another network costs on each frame, with its matte enlarged."""
    predictor, plain = MattePredictor(peer, reuse=False), Cut(edges="none", colours="source")

    def run() -> None:
        for number, picture in enumerate(pictures):
            found = predictor.run(predictor.describe(picture, number, 0.0))
            cut_frame(found, plain, peer.card.calibration)

    measure(f"{peer.card.name}, each frame", len(pictures), run)


def measure_whole(clip: Path, options: Namespace, session: Session) -> None:
    """Print the pipeline as it is."""
    kind = find_format(options.format)
    background = Background(paint="#00b140") if options.format == "mp4" else None
    cut = Cut(model=options.model, edges=options.edges)
    with VideoReader(clip) as reader:
        following = next(islice(reader.frames(), options.frames, None), None)
    clip_options = ClipOptions(
        format=kind,
        cut=cut,
        background=background,
        coherence=options.coherence,
        end=None if following is None else following.time,
    )
    shared_cache.clear()
    start, processor = time.monotonic(), time.process_time()
    cut_clip(ClipJob(clip, Path(options.folder, f"whole{kind.suffix}"), clip_options, session=session))
    seconds, processor = time.monotonic() - start, time.process_time() - processor
    count = options.frames
    print(f"{'whole':34}{1000 * processor / count:9.1f} ms; {count / seconds:.1f} frames a second by the clock")


def main() -> None:
    """Print the stages and the whole."""
    parser = argument_parser(
        __doc__, width=1280, height=720, frames=30, model="balanced", coherence="keys", edges="colour",
        format="webm", peer="", scene="coffee", clip="",
    )  # fmt: skip
    options = parser.parse_args()
    session = Session.open(options.model)
    with tempfile.TemporaryDirectory() as folder:
        options.folder, clip = folder, Path(options.clip or Path(folder) / "clip.mp4")
        if not options.clip:
            draw_clip(clip, (options.width, options.height), options.frames, options.scene, session)
        measure_stages(clip, options, session)
        measure_whole(clip, options, session)


if __name__ == "__main__":
    main()
