"""Clips that the tests make: a red disc that moves over a blue ground, with sound whose click is at a known time."""

from __future__ import annotations

import multiprocessing
from collections.abc import Callable, Sequence
from fractions import Fraction
from pathlib import Path

import av
import numpy as np

SIZE = (160, 96)  # width, height
RATE = 10
SOUND_RATE = 48000
CLICK_SECONDS = 0.5
PROCESS_SECONDS = 100.0  # for which a new process may run


def disc_alpha(number: int, size: tuple[int, int] = SIZE) -> np.ndarray:
    """Alpha 0..1 of the disc in a frame."""
    width, height = size
    y, x = np.mgrid[:height, :width] + 0.5
    return np.clip(height * 0.3 - np.hypot(x - width * 0.35 - 2 * number, y - height / 2) + 0.5, 0, 1)


def draw_frame(number: int, size: tuple[int, int] = SIZE) -> np.ndarray:
    """A frame, H x W x 3 uint8."""
    alpha = disc_alpha(number, size)[..., None]
    return np.round(alpha * (220, 60, 30) + (1 - alpha) * (30, 60, 200)).astype(np.uint8)


def click_sound(seconds: float) -> np.ndarray:
    """Silence with a burst of 2 kHz that starts at CLICK_SECONDS, 2 x N float32."""
    t = np.arange(int(seconds * SOUND_RATE)) / SOUND_RATE
    burst = 0.8 * np.sin(2 * np.pi * 2000 * (t - CLICK_SECONDS)) * ((t >= CLICK_SECONDS) & (t < CLICK_SECONDS + 0.02))
    return np.stack([burst, burst]).astype(np.float32)


def write_clip(
    path: Path,
    frames: Sequence[np.ndarray],
    *,
    codec: str = "libx264",
    pixel_format: str = "yuv420p",
    times: Sequence[int] | None = None,
    time_base: Fraction = Fraction(1, 90000),
    sound: str | None = None,
    rotation: int | None = None,
    timecode: str | None = None,
    tags: tuple[int, int, int, int] = (1, 1, 1, 1),
    chapters: bool = False,
    rate: int = RATE,
) -> Path:
    """Write frames (uint8 or uint16, RGB or RGBA) as a clip; `times` are time stamps in units of `time_base`."""
    options = {
        "libx264": {"crf": "10", "preset": "ultrafast", "g": "5"},
        "libx265": {"x265-params": "bframes=0:log-level=0"},
    }
    with av.open(str(path), "w") as container:
        stream = container.add_stream(codec, rate=rate, options=options.get(codec, {}))
        height, width = frames[0].shape[:2]
        stream.width, stream.height, stream.pix_fmt = width, height, pixel_format
        stream.time_base = stream.codec_context.time_base = time_base
        stream.color_primaries, stream.color_trc, stream.colorspace, stream.color_range = tags
        if rotation is not None:
            stream.set_display_rotation(rotation)
        if timecode is not None:
            stream.metadata["timecode"] = timecode
        if chapters:
            titles = enumerate(("one", "two"))
            container.set_chapters(
                [{"id": n, "start": n * 500, "end": (n + 1) * 500, "time_base": Fraction(1, 1000),
                  "metadata": {"title": title}} for n, title in titles]
            )  # fmt: skip
            container.metadata["title"] = "A clip"
        track = container.add_stream(sound, rate=SOUND_RATE, layout="stereo") if sound else None
        if track is not None:
            mux_sound(container, track, click_sound(len(frames) / rate))
        stamps = times or [round(n / rate / time_base) for n in range(len(frames))]
        for pixels, stamp in zip(frames, stamps, strict=True):
            name = {(3, 1): "rgb24", (4, 1): "rgba", (3, 2): "rgb48le"}[pixels.shape[2], pixels.itemsize]
            frame = av.VideoFrame.from_ndarray(pixels, format=name).reformat(
                format=pixel_format, dst_colorspace=tags[2], dst_color_range=tags[3]
            )
            frame.pts, frame.time_base = stamp, time_base
            container.mux(stream.encode(frame))
        container.mux(stream.encode(None))
    return path


def mux_sound(container: av.container.OutputContainer, track: av.AudioStream, samples: np.ndarray) -> None:
    """Encode samples, 2 x N float32, as a clip's sound."""
    for start in range(0, samples.shape[1], 1024):
        frame = av.AudioFrame.from_ndarray(samples[:, start : start + 1024], format="fltp", layout="stereo")
        frame.sample_rate, frame.pts, frame.time_base = SOUND_RATE, start, Fraction(1, SOUND_RATE)
        container.mux(track.encode(frame))
    container.mux(track.encode(None))


def click_time(path: Path) -> float:
    """Seconds, relative to the first frame, at which the click starts in a clip."""
    with av.open(str(path)) as container:
        chunks, times = [], []
        for frame in container.decode(audio=0):
            values = frame.to_ndarray()
            if not frame.format.is_planar:
                values = values.reshape(-1, frame.layout.nb_channels).T
            scale = np.iinfo(values.dtype).max if values.dtype.kind == "i" else 1.0
            chunks.append(values[0] / scale)
            times.append(float(frame.pts * frame.time_base) + np.arange(values.shape[1]) / frame.sample_rate)
    loud = np.abs(np.concatenate(chunks))
    return float(np.concatenate(times)[np.argmax(loud > 0.3)]) - frame_times(path)[0]


def frame_times(path: Path) -> list[float]:
    """The times of a clip's frames in seconds."""
    with av.open(str(path)) as container:
        return [float(frame.time) for frame in container.decode(video=0)]


def decode_rgba(path: Path) -> list[np.ndarray]:
    """All frames, H x W x 4 uint8, by PyAV alone: VP9 through libvpx, which keeps alpha."""
    with av.open(str(path)) as container:
        stream = container.streams.video[0]
        decoder = stream.codec_context
        if decoder.name == "vp9" and stream.metadata.get("alpha_mode") == "1":
            decoder = av.CodecContext.create("libvpx-vp9", "r")
            decoder.extradata = stream.codec_context.extradata
        frames = [frame for packet in container.demux(stream) for frame in decoder.decode(packet)]
        matrices = {6: 5}  # the numbers of swscale, where they differ
        return [
            frame.reformat(
                format="rgba", src_colorspace=matrices.get(frame.colorspace, frame.colorspace), dst_color_range=2
            ).to_ndarray()
            for frame in frames
        ]


def run_in_new_process(work: Callable[..., object], *arguments: object) -> int:
    """The exit status of a new process that does the work, a function of a module (negative: the signal that ended
    it). It has none of this process's threads, whose locks a forked copy would wait for."""
    process = multiprocessing.get_context("spawn").Process(target=work, args=arguments)
    process.start()
    process.join(PROCESS_SECONDS)
    status = process.exitcode
    if status is None:
        process.kill()
        process.join()
        raise TimeoutError(f"{work.__name__} does not end")
    return status
