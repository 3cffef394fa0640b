"""The sample in docs/video.md: a photograph of a person, moved before another one, cut out by the default network."""

from __future__ import annotations

import os
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from skimage import data

import mattebox as mb
from mattebox.metrics.sequences import region_similarity
from tests.video.clips import click_time, decode_rgba, write_clip

SIZE, COUNT = (320, 180), 10  # width, height; frames
SUBJECT_SIDE = 170
SCENE_CELLS = (24, 14)  # the scene is as far out of focus


def draw_frames() -> tuple[list[np.ndarray], np.ndarray]:
    """The frames, and their true alphas 0..1: the person goes to the right, the scene to the left."""
    person = mb.cut(data.astronaut())
    cutout = np.dstack([person.picture.rgb, person.picture.alpha])
    small = Image.fromarray(cutout, "RGBA").resize((SUBJECT_SIDE, SUBJECT_SIDE))
    blurred = Image.fromarray(data.coffee()).resize(SCENE_CELLS, Image.Resampling.LANCZOS)
    scene = blurred.resize((SIZE[0] + 4 * COUNT, SIZE[1] + 40), Image.Resampling.BICUBIC)
    frames, alphas = [], []
    for number in range(COUNT):
        layer = Image.new("RGBA", SIZE)
        layer.paste(small, (30 + 9 * number, SIZE[1] - SUBJECT_SIDE))
        back = scene.crop((4 * number, 20, 4 * number + SIZE[0], 20 + SIZE[1])).convert("RGBA")
        frames.append(np.asarray(Image.alpha_composite(back, layer))[..., :3])
        alphas.append(np.asarray(layer)[..., 3] / 255)
    return frames, np.stack(alphas)


def on_checkerboard(rgba: np.ndarray) -> np.ndarray:
    y, x = np.mgrid[: rgba.shape[0], : rgba.shape[1]]
    board = np.where((y // 10 + x // 10) % 2, 255, 205)[..., None]
    alpha = rgba[..., 3:] / 255
    return np.round(alpha * rgba[..., :3] + (1 - alpha) * board).astype(np.uint8)


@pytest.mark.timeout(180)  # on a busy machine
def test_the_sample_of_the_documentation(tmp_path: Path) -> None:
    frames, truth = draw_frames()
    clip = write_clip(tmp_path / "clip.mp4", frames, sound="aac")
    result = mb.cut_video(clip, tmp_path / "clip-cut.webm")
    assert (result.frames, result.found_frames, result.size) == (COUNT, COUNT, SIZE)
    assert abs(click_time(tmp_path / "clip-cut.webm") - click_time(clip)) < 1.5e-3
    cut = decode_rgba(tmp_path / "clip-cut.webm")
    overlap = region_similarity(np.stack([frame[..., 3] / 255 for frame in cut]), truth)
    assert overlap.mean > 0.95
    if folder := os.environ.get("MATTEBOX_TEST_DOCS"):
        shown = [Image.fromarray(np.hstack([a, on_checkerboard(b)])) for a, b in zip(frames, cut, strict=True)]
        shown[0].save(
            Path(folder) / "video.webp", save_all=True, append_images=shown[1:], duration=100, loop=0, quality=60,
            method=6,
        )  # fmt: skip
