"""Drawn clips with known mattes: photographs as subjects and scenes, moved, deformed, blurred and lit, with noise.

Subjects are cut from photographs of scikit-image by our network once, and count as true: what is measured is how the
same network sees them over other scenes, frame after frame. The first half of "cut" shows another scene.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from PIL import Image

from benchmarks.common import load_photograph

SIZE = (640, 360)  # width, height
FRAME_COUNT = 24
NOISE_SIGMA = 3.0  # of 255


class DrawnFrame(NamedTuple):
    """A frame, H x W x 3 uint8, and its true alpha, H x W float32."""

    rgb: np.ndarray
    alpha: np.ndarray


@dataclass(frozen=True)
class Motion:
    """What happens in a clip, as functions of the time 0..1 times a size: shift, turn, growth, sway, light, blur."""

    shift: tuple[float, float] = (0.0, 0.0)  # of the subject, shares of the width and height over the clip
    swing: float = 0.0  # to and fro, share of the width
    turn: float = 0.0  # degrees over the clip
    growth: float = 0.0  # of the scale over the clip
    sway: float = 0.0  # wave of the outline, pixels
    pan: tuple[float, float] = (0.0, 0.0)  # of the scene, shares over the clip
    light: float = 0.0  # change of brightness over the clip
    flash: bool = False  # one bright frame
    blur: int = 0  # samples of motion blur within a frame
    jitter: float = 0.0  # of the camera, pixels
    cut: bool = False  # another scene and subject in the first half
    noise: float = NOISE_SIGMA


MOTIONS = {
    "still": Motion(),
    "slow": Motion(shift=(0.08, 0.0)),
    "fast": Motion(shift=(0.5, 0.0)),
    "swing": Motion(swing=0.12),
    "turn": Motion(turn=40.0),
    "zoom": Motion(growth=0.35),
    "sway": Motion(sway=7.0),
    "pan": Motion(pan=(0.3, 0.1)),
    "hand-held": Motion(jitter=2.5, shift=(0.05, 0.02)),
    "blur": Motion(shift=(0.4, 0.1), blur=7),
    "light": Motion(light=-0.45, flash=True),
    "cut": Motion(cut=True, shift=(0.1, 0.0)),
}
SUBJECTS = ("astronaut", "coffee", "chelsea", "rocket")
SCENES = ("coffee", "rocket", "chelsea", "astronaut")


def draw_clip(
    motion: Motion, seed: int, cutouts: dict[str, np.ndarray], frame_count: int = FRAME_COUNT
) -> Iterator[DrawnFrame]:
    """The frames of a clip; `cutouts` are RGBA, uint8, by the photographs' names."""
    rng = np.random.default_rng(seed)
    for number in range(frame_count):
        part = seed + (motion.cut and number < frame_count // 2)
        cutout = cutouts[SUBJECTS[part % 2]]
        scene = _scene(SCENES[(part // 2) % 2 + 2 * (part % 2 == 0)])
        shake = rng.normal(0, motion.jitter, 2) if motion.jitter else np.zeros(2)
        samples = [
            _draw(cutout, scene, motion, (number + share) / (frame_count - 1), shake)
            for share in (np.arange(max(motion.blur, 1)) / max(motion.blur, 1) * 0.5)
        ]
        rgb, alpha = np.mean([s.rgb for s in samples], axis=0), np.mean([s.alpha for s in samples], axis=0)
        gain = 1 + motion.light * number / (frame_count - 1)
        if motion.flash and number == frame_count // 3:
            gain *= 1.5
        noisy = rgb * gain + rng.normal(0, motion.noise, rgb.shape)
        yield DrawnFrame(np.clip(np.round(noisy), 0, 255).astype(np.uint8), alpha.astype(np.float32))


def _scene(name: str) -> np.ndarray:
    """A photograph, larger than a frame, out of focus a little."""
    width, height = SIZE
    large = Image.fromarray(load_photograph(name)).resize((width * 3 // 2, height * 3 // 2), Image.Resampling.BICUBIC)
    small = large.resize((width // 4, height // 4), Image.Resampling.LANCZOS)
    return np.asarray(small.resize(large.size, Image.Resampling.BICUBIC)).astype(np.float32)


def _draw(cutout: np.ndarray, scene: np.ndarray, motion: Motion, time: float, shake: np.ndarray) -> DrawnFrame:
    width, height = SIZE
    scale = 0.85 * height / cutout.shape[0] * (1 + motion.growth * (time - 0.5))
    middle_x = width * (0.5 + motion.shift[0] * (time - 0.5) + motion.swing * np.sin(4 * np.pi * time)) + shake[0]
    middle_y = height * (0.55 + motion.shift[1] * (time - 0.5)) + shake[1]
    angle = np.radians(motion.turn * (time - 0.5))
    y, x = np.mgrid[:height, :width].astype(np.float32)
    x = x + motion.sway * np.sin(y / 22 + 12 * time)
    right, down = (x - middle_x) / scale, (y - middle_y) / scale
    source_x = np.cos(angle) * right + np.sin(angle) * down + cutout.shape[1] / 2
    source_y = -np.sin(angle) * right + np.cos(angle) * down + cutout.shape[0] / 2
    pixels = _sample(cutout, source_x, source_y)
    alpha = pixels[..., 3:]
    colours = pixels[..., :3] / np.maximum(alpha, 1e-6)
    left = width * (0.25 + motion.pan[0] * (time - 0.5) * 0.8) + shake[0]
    top = height * (0.25 + motion.pan[1] * (time - 0.5) * 0.8) + shake[1]
    back = _sample(np.dstack([scene, np.full(scene.shape[:2], 255, np.float32)]), np.mgrid[:height, :width][1] + left,
                   np.mgrid[:height, :width][0] + top)[..., :3]  # fmt: skip
    return DrawnFrame(255 * (alpha * colours + (1 - alpha) * back), alpha[..., 0])


def _sample(rgba: np.ndarray, x: np.ndarray, y: np.ndarray) -> np.ndarray:
    """Premultiplied colours and alpha, 0..1, bilinear; transparent beyond the rim."""
    values = rgba.astype(np.float32) / 255
    values = np.dstack([values[..., :3] * values[..., 3:], values[..., 3]])
    values = np.pad(values, ((1, 1), (1, 1), (0, 0)))
    x, y = np.clip(x + 1, 0, values.shape[1] - 1.001), np.clip(y + 1, 0, values.shape[0] - 1.001)
    left, top = x.astype(int), y.astype(int)
    across, down = (x - left)[..., None], (y - top)[..., None]
    upper = values[top, left] * (1 - across) + values[top, left + 1] * across
    lower = values[top + 1, left] * (1 - across) + values[top + 1, left + 1] * across
    return upper * (1 - down) + lower * down
