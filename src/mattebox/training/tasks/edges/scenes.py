"""Training samples of the edge network: composites with known alpha and coarse mattes as a cutout network gives them.

    python -m mattebox.training.tasks.edges.scenes DATA POOL [--count 3000] [--seed 0]

writes POOL/*.npy, uint8 N x 14 x SIDE x SIDE: thirteen features (mattebox.training.networks.edge_network) and the true
alpha. Half of the scenes are synthetic mattes with photographs as foreground and background, and a matte degraded at
random; half are products and models photographed on white (whose alpha and colours are known) over backgrounds, with
the embedded network's own matte. All are at a random enlargement, as in a large photograph.
"""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import NamedTuple

import numpy as np
import torch
import torch.nn.functional as F
from numpy.typing import NDArray
from PIL import Image

from mattebox.matting.colour_table import build_colour_table, look_up_probability
from mattebox.matting.matte_operations import as_floats
from mattebox.matting.segmentation import segment
from mattebox.models.matte_session import Session, open_session
from mattebox.training.data.dataset import stream_samples, unmix_white_background
from mattebox.training.networks.edge_features import compute_edge_features
from mattebox.training.networks.pixel_kernels import ColourModels
from mattebox.training.tasks.edges.matte_degradation import degrade_matte
from mattebox.training.tasks.edges.synthetic_mattes import Rng, draw_matte
from mattebox.types import Floats, Picture

SAMPLE_SIDE_PIXELS = 160
MATTE_STEPS_PIXELS = (1, 2, 2, 3, 3, 4, 4, 5, 6, 8, 10, 12)  # of one sample of the coarse matte
CONTEXT_MATTE_SAMPLES = 24  # samples of the coarse matte around a scene, for the colour models
SAMPLES_PER_FILE = 200
REPEATED_TEXTURE_SHARE = 0.4  # of the textures
THIRD_PHOTOGRAPH_SHARE = 0.3  # of the drawn scenes
MIN_PREDICTION_IOU = 0.85  # of the network's matte, to be about the subject at all


class EdgeScene(NamedTuple):
    """A composite with its true and its coarse matte.

    Attributes
    ----------
    rgb : ndarray, H x W x 3 float32
        The composite, 0..1.
    alpha : ndarray, H x W float32
        True alpha, 0..1.
    coarse_alpha : ndarray, H/step x W/step float32
        Alpha as the cutout network gives it.
    step : int
        Pixels of one sample of the coarse matte.
    colour_table : ndarray
        Foreground probabilities of the whole picture's colours.
    """

    rgb: Floats
    alpha: Floats
    coarse_alpha: Floats
    step: int
    colour_table: Floats


def draw_scene(rng: Rng, photographs: list[np.ndarray]) -> EdgeScene:
    """A synthetic matte between two photographs, with a degraded coarse matte."""
    step = int(rng.choice(MATTE_STEPS_PIXELS))
    side = min(SAMPLE_SIDE_PIXELS + 2 * CONTEXT_MATTE_SAMPLES * step, 640) // (4 * step) * 4 * step
    alpha = draw_matte(rng, side, step)
    front, back = (random_texture(rng, photographs[rng.integers(len(photographs))], side) for _ in range(2))
    if rng.random() < 0.1:
        back = np.broadcast_to(rng.uniform(0, 1, 3).astype(np.float32), back.shape)
    rgb, coarse = add_camera_noise(rng, blend_over(alpha, front, back)), degrade_matte(rng, alpha, step)
    other = random_texture(rng, photographs[rng.integers(len(photographs))], side)
    return EdgeScene(
        rgb, alpha, coarse, step, build_colour_table(*extend_picture(rng, (rgb, coarse), front, back, other))
    )


def extend_picture(
    rng: Rng, scene: tuple[Floats, Floats], subject_texture: Floats, background_texture: Floats, other_texture: Floats
) -> tuple[NDArray[np.uint8], Floats]:
    """The picture that a scene is a small part of: rgb and coarse alpha.

    Below the scene lie both textures, as subject and as background, and sometimes another photograph that is half of
    each, so that colours tell less.
    """
    rgb, coarse = scene
    half, cells = rgb.shape[1] // 2, coarse.shape[1] // 2
    parts = [np.concatenate([subject_texture[:, :half], background_texture[:, half:]], 1)] * int(rng.integers(3))
    parts += [other_texture] if rng.random() < THIRD_PHOTOGRAPH_SHARE else []
    split = np.zeros_like(coarse)
    split[:, :cells] = 1
    return to_uint8(np.concatenate([rgb, *parts])), np.concatenate([coarse, *[split] * len(parts)])


def to_uint8(rgb: Floats) -> NDArray[np.uint8]:
    return np.rint(rgb * 255).astype(np.uint8)


def composite_scenes(
    rng: Rng, session: Session, subject: tuple[np.ndarray, np.ndarray], background: np.ndarray
) -> list[EdgeScene]:
    """Crops along the edge of a subject over a background, with the network's matte; none if it missed the subject."""
    colours, alpha = subject
    background = np.asarray(Image.fromarray(background).resize(alpha.shape[::-1], Image.Resampling.BICUBIC))
    composite = to_uint8(blend_over(alpha, to_float32(colours), to_float32(background)))
    coarse = as_floats(segment(Picture(composite), session).alpha)
    table = build_colour_table(composite, coarse)
    enlarged = F.interpolate(torch.from_numpy(coarse)[None, None], size=alpha.shape, mode="bilinear")[0, 0].numpy()
    predicted, truth = enlarged > 0.5, alpha > 0.5
    if (predicted & truth).sum() < MIN_PREDICTION_IOU * (predicted | truth).sum():
        return []
    edge = np.argwhere((alpha > 0.1) & (alpha < 0.9))
    rng.shuffle(edge)
    places = edge[:: max(1, len(edge) // 4)][:4]
    return [_crop_scene(rng, colours, alpha, background, coarse, table, place) for place in places]


def _crop_scene(
    rng: Rng,
    colours: np.ndarray,
    alpha: Floats,
    background: np.ndarray,
    coarse_alpha: Floats,
    colour_table: Floats,
    place: np.ndarray,
) -> EdgeScene:
    """The scene around a place, row and column of the picture, enlarged against the coarse matte."""
    step = int(rng.choice(MATTE_STEPS_PIXELS))
    ratio = np.divide(coarse_alpha.shape, alpha.shape)  # samples of the matte for each pixel of the small picture
    cells = min(SAMPLE_SIDE_PIXELS + 2 * CONTEXT_MATTE_SAMPLES * step, 640) // (4 * step) * 4
    cells = min(cells, *(s // 4 * 4 for s in coarse_alpha.shape))
    first = np.clip(place * ratio - cells / 2, 0, np.subtract(coarse_alpha.shape, cells)).astype(int)
    ends = np.minimum((first + cells) / ratio, alpha.shape)
    (above, left), (below, right) = (tuple(map(float, v)) for v in (first / ratio, ends))
    side = cells * step

    def enlarge(plane: np.ndarray) -> Floats:
        part = Image.fromarray(plane).resize((side, side), Image.Resampling.BICUBIC, box=(left, above, right, below))
        return np.asarray(part, np.float32) / np.float32(255)

    sharpness = rng.uniform(1, max(1, 0.8 * step * ratio[0]))
    true_alpha = ((enlarge(np.rint(alpha * 255).astype(np.uint8)) - 0.5) * np.float32(sharpness) + 0.5).clip(0, 1)
    rgb = blend_over(true_alpha, enlarge(colours), enlarge(background))
    return EdgeScene(
        add_camera_noise(rng, rgb),
        true_alpha,
        coarse_alpha[first[0] : first[0] + cells, first[1] : first[1] + cells],
        step,
        colour_table,
    )


def to_float32(pixels: np.ndarray) -> Floats:
    return np.asarray(pixels / np.float32(255), np.float32)


def blend_over(alpha: Floats, front: Floats, back: Floats) -> Floats:
    a = alpha[..., None]
    return np.asarray(a * front + (1 - a) * back, np.float32)


def random_texture(rng: Rng, photograph: np.ndarray, side: int) -> Floats:
    """A random square of a photograph, enlarged, turned and lit at random, side x side x 3, 0..1.

    Often it is mirrored and repeated instead, so that the texture is busy.
    """
    if rng.random() < REPEATED_TEXTURE_SHARE:
        photograph, enlargement = _mirror_repeat(photograph, side, rng.uniform(0.5, 1.2)), 0.999
    else:
        enlargement = rng.uniform(1, 4)
    cut = int(np.clip(side / enlargement, 48, min(photograph.shape[:2])))
    top, left = (int(rng.integers(0, s - cut + 1)) for s in photograph.shape[:2])
    part = Image.fromarray(photograph[top : top + cut, left : left + cut])
    rgb = np.asarray(part.resize((side, side), Image.Resampling.BICUBIC), np.float32) / np.float32(255)
    rgb = np.rot90(rgb, int(rng.integers(4)))[:, :: rng.choice([1, -1])]
    return np.asarray((rgb * rng.uniform(0.6, 1.2, 3) + rng.uniform(-0.1, 0.1)).clip(0, 1), np.float32)


def _mirror_repeat(photograph: np.ndarray, side: int, scale: float) -> np.ndarray:
    """A downscaled photograph, mirrored until no side is shorter than `side`."""
    width, height = (max(48, int(s * scale)) for s in photograph.shape[1::-1])
    small = np.asarray(Image.fromarray(photograph).resize((width, height), Image.Resampling.BICUBIC))
    pads = [(0, max(0, side - s)) for s in (height, width)]
    return np.pad(small, (*pads, (0, 0)), mode="symmetric")


def add_camera_noise(rng: Rng, rgb: Floats) -> Floats:
    """Add sensor noise and round to 8 bits."""
    noise = rng.normal(0, rng.random() ** 2 * 0.03, rgb.shape)
    return np.asarray(np.rint((rgb + noise).clip(0, 1) * 255) / 255, np.float32)


COLOUR_MODELS = {False: ColourModels(halve=False), True: ColourModels(halve=True)}


@torch.no_grad()
def build_sample(rng: Rng, scene: EdgeScene) -> np.ndarray:
    """A training sample, 14 x SIDE x SIDE uint8, around the middle of a scene."""
    step, rgb = scene.step, torch.from_numpy(np.ascontiguousarray(scene.rgb))
    shrink = step // 2 if step % 2 == 0 else step
    guide = F.avg_pool2d(rgb.permute(2, 0, 1)[None], shrink)
    coarse = torch.from_numpy(np.ascontiguousarray(scene.coarse_alpha))[None, None]
    planes = F.pad(COLOUR_MODELS[step % 2 == 0](guide, coarse), (1, 1, 1, 1), mode="replicate")
    prior = F.interpolate(coarse, scale_factor=float(step), mode="bicubic", align_corners=False).clamp(0, 1)[0, 0]
    features = compute_edge_features(
        rgb, prior, planes, torch.from_numpy(look_up_probability(scene.colour_table, scene.rgb))
    )[0]
    truth = torch.from_numpy(np.ascontiguousarray(scene.alpha))[None]
    sample = torch.cat([features, truth]).clamp(0, 1)
    side = sample.shape[1]
    top, left = (
        int(np.clip((side - SAMPLE_SIDE_PIXELS) // 2 + rng.integers(-20, 21), 0, side - SAMPLE_SIDE_PIXELS))
        for _ in range(2)
    )
    crop = sample[:, top : top + SAMPLE_SIDE_PIXELS, left : left + SAMPLE_SIDE_PIXELS]
    return np.asarray((crop * 255).round().byte().numpy())


def read_photographs(data: Path) -> list[np.ndarray]:
    """Backgrounds and unlabelled photographs of the training split, H x W x 3 uint8, of 200 pixels at least."""
    kinds = (("background", 700), ("unlabelled", 900))
    photographs = [
        np.asarray(p)
        for kind, count in kinds
        for _, (_, p, _) in zip(range(count), stream_samples(data, kind, "train"), strict=False)
    ]
    return [p for p in photographs if min(p.shape[:2]) >= 200]


def read_subjects_on_white(data: Path, split: str) -> list[tuple[np.ndarray, np.ndarray]]:
    """Colours uint8 and alpha 0..1 of the subjects photographed on white."""
    pairs = (
        (np.asarray(p), np.asarray(m))
        for row, p, m in stream_samples(data, "labelled", split)
        if m and row.set == "magento_white"
    )
    return [(unmix_white_background(p, m), (m / np.float32(255)).astype(np.float32)) for p, m in pairs]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("data", type=Path)
    parser.add_argument("pool", type=Path)
    parser.add_argument("--count", type=int, default=3000)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--split", default="train")
    args = parser.parse_args()
    torch.set_num_threads(1)
    rng, session = np.random.default_rng(args.seed), open_session("balanced", "cpu", 1)
    backgrounds, subjects = read_photographs(args.data), read_subjects_on_white(args.data, args.split)
    args.pool.mkdir(parents=True, exist_ok=True)
    for shard in range(-(-args.count // SAMPLES_PER_FILE)):
        samples: list[np.ndarray] = []
        while len(samples) < SAMPLES_PER_FILE:
            samples.append(build_sample(rng, draw_scene(rng, backgrounds)))
            if len(samples) % 4 == 0:
                subject = subjects[rng.integers(len(subjects))]
                background = backgrounds[rng.integers(len(backgrounds))]
                scenes = composite_scenes(rng, session, subject, background)
                samples.extend(build_sample(rng, scene) for scene in scenes)
        np.save(args.pool / f"{args.split}-{args.seed}-{shard:03}.npy", np.stack(samples[:SAMPLES_PER_FILE]))
        print(shard, flush=True)


if __name__ == "__main__":
    main()
