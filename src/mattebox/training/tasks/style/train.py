"""Train the style network within a budget of minutes.

    python -m mattebox.training.tasks.style.train runs/style-1.toml DATA OUT --features squeezenet1.1.npz [--threads N]

DATA holds train.tar, photographs. What a photograph shows is held by SqueezeNet's features, how it looks by their Gram
matrices (Gatys et al. 2016), against those of the drawn pictures. A killed run goes on where it was. OUT/sheet.png
shows every style on a few photographs, anew at each look.
"""

from __future__ import annotations

import argparse
import json
import time
import tomllib
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
import torch.nn.functional as F
from PIL import Image
from torch import Tensor

from mattebox.training.core import mixed_precision
from mattebox.training.core.trainer import Trainer
from mattebox.training.data.patches import PatchSampler, read_photographs
from mattebox.training.evaluate.lpips import SqueezeNetFeatures
from mattebox.training.networks.style_network import StyleNet
from mattebox.training.tasks.style.style_images import STYLE_PAINTERS, draw_style_image

CHECKPOINT_SECONDS = 60.0  # seconds
STYLE_RATE_FACTOR = 4.0  # steps of what tells styles apart
FEATURE_DEPTHS, CONTENT_DEPTH = 5, 2  # features used, and the one that holds what is shown


@dataclass(frozen=True)
class StyleSettings:
    """A run. `style`, `content`, `tone` and `smooth` weigh the losses, `own` each style's once more."""

    minutes: float
    batch: int = 4
    side: int = 192
    rate: float = 2e-3
    style: float = 1.0
    content: float = 1.0
    tone: float = 1.0
    smooth: float = 1.0
    own: tuple[float, ...] = (1.0,) * len(STYLE_PAINTERS)
    look_every: float = 0.1
    seed: int = 0


def gram_matrix(features: Tensor) -> Tensor:
    """N x C x C: how often channels go together."""
    flat = features.flatten(2)
    return flat @ flat.transpose(1, 2) / flat.shape[2]


def coarse_luminance(pictures: Tensor) -> Tensor:
    """Where it is light and where dark, coarsely, at mean 0 and deviation 1: what is shown should stay readable."""
    coarse = F.avg_pool2d(pictures.mean(1, keepdim=True), 8)
    mean, deviation = coarse.mean((2, 3), keepdim=True), coarse.std((2, 3), keepdim=True)
    return (coarse - mean) / (deviation + 0.02)


class StyleTrainer(Trainer):
    def __init__(self, settings: StyleSettings, feature_extractor: SqueezeNetFeatures) -> None:
        torch.manual_seed(settings.seed)
        self.settings, self.feature_extractor = settings, feature_extractor
        net = StyleNet(len(STYLE_PAINTERS)).to(memory_format=torch.channels_last)
        own = [p for name, p in net.named_parameters() if ".scale." in name or ".move." in name]
        rest = [p for name, p in net.named_parameters() if ".scale." not in name and ".move." not in name]
        groups = [{"params": rest, "share": 1.0}, {"params": own, "share": STYLE_RATE_FACTOR}]
        super().__init__(net, torch.optim.Adam(groups, lr=settings.rate), ema_decay=0.0, max_gradient_norm=1.0)
        with torch.no_grad():
            seen = [
                feature_extractor.extract(picture_to_tensor(draw_style_image(name)), FEATURE_DEPTHS)
                for name in STYLE_PAINTERS
            ]
        self.style_targets = [torch.cat([gram_matrix(s[i]) for s in seen]) for i in range(FEATURE_DEPTHS)]

    @property
    def progress(self) -> float:
        return self.elapsed_seconds / (60 * self.settings.minutes)

    def train_step(self, patches: PatchSampler) -> dict[str, float]:
        begun, r = time.perf_counter(), self.settings
        rate = r.rate * min(1.0, (self.step + 1) / 50) * max(0.05, 1 - self.progress)
        clean = patches.sample_batch(r.batch, r.side)
        chosen = torch.randint(len(STYLE_PAINTERS), (r.batch,))
        with mixed_precision.autocast_where_fast(torch.device("cpu")):
            made = self.net(clean, F.one_hot(chosen, len(STYLE_PAINTERS)).float())
        made = made.float()
        losses = self._losses(clean, made, chosen)
        loss = r.style * losses["style"] + r.content * losses["content"]
        loss = loss + r.tone * losses["tone"] + r.smooth * losses["smooth"]
        self.take_optimiser_step(loss, rate)
        self.elapsed_seconds += time.perf_counter() - begun
        return {name: float(value.detach()) for name, value in losses.items()}

    def _losses(self, clean: Tensor, result: Tensor, style_indices: Tensor) -> dict[str, Tensor]:
        with torch.no_grad():
            held = self.feature_extractor.extract(clean, CONTENT_DEPTH + 1)[CONTENT_DEPTH]
        seen, own = (
            self.feature_extractor.extract(result, FEATURE_DEPTHS),
            torch.tensor(self.settings.own)[style_indices],
        )
        style = torch.zeros(())
        for features, wanted in zip(seen, self.style_targets, strict=True):
            size = wanted[style_indices].flatten(1).pow(2).mean(1)
            style = (
                style + (own * (gram_matrix(features) - wanted[style_indices]).flatten(1).pow(2).mean(1) / size).mean()
            )
        content = ((seen[CONTENT_DEPTH] - held) ** 2).mean() / (held**2).mean()
        smooth = (result[..., 1:] - result[..., :-1]).abs().mean() + (
            result[..., 1:, :] - result[..., :-1, :]
        ).abs().mean()
        tone = ((coarse_luminance(result) - coarse_luminance(clean)) ** 2).mean()
        return {"style": style / FEATURE_DEPTHS, "content": content, "tone": tone, "smooth": smooth}


def picture_to_tensor(pixels: np.ndarray) -> Tensor:
    return torch.from_numpy(pixels.copy()).permute(2, 0, 1)[None].float() / 255


def draw_style_sheet(net: StyleNet, photographs: list[np.ndarray]) -> np.ndarray:
    """A row for each photograph: itself, then every style."""
    rows = []
    for photograph in photographs:
        x = picture_to_tensor(photograph)
        with torch.no_grad():
            made = [net(x, torch.eye(len(STYLE_PAINTERS))[i : i + 1])[0] for i in range(len(STYLE_PAINTERS))]
        pixels = [(m.clamp(0, 1).permute(1, 2, 0).numpy() * 255).astype(np.uint8) for m in made]
        rows.append(np.hstack([photograph, *pixels]))
    return np.vstack(rows)


def train_style(settings: StyleSettings, data: Path, out: Path, feature_extractor: SqueezeNetFeatures) -> None:
    out.mkdir(parents=True, exist_ok=True)
    run, pictures = StyleTrainer(settings, feature_extractor), read_photographs(data / "train.tar")[""]
    if (out / "last.pt").exists():
        run.load(out / "last.pt")
    torch.manual_seed(settings.seed + run.step)
    patches, shown = PatchSampler(pictures, torch.device("cpu")), [p[:320, :320] for p in pictures[:3]]
    saved, looked = time.monotonic(), run.progress
    while run.progress < 1:
        losses = run.train_step(patches)
        if time.monotonic() - saved > CHECKPOINT_SECONDS or run.progress >= 1:
            run.save(out / "last.pt", styles=list(STYLE_PAINTERS))
            saved = time.monotonic()
        if run.progress - looked >= settings.look_every or run.progress >= 1:
            looked = run.progress
            print(json.dumps({"step": run.step, "progress": round(looked, 3), **losses}), flush=True)
            Image.fromarray(draw_style_sheet(run.net.eval(), shown)).save(out / "sheet.png")
            run.net.train()


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("recipe", type=Path)
    parser.add_argument("data", type=Path)
    parser.add_argument("out", type=Path)
    parser.add_argument("--features", type=Path, required=True, help="SqueezeNet 1.1's weights (.npz)")
    parser.add_argument("--threads", type=int)
    args = parser.parse_args()
    if args.threads:
        torch.set_num_threads(args.threads)
    settings = tomllib.loads(args.recipe.read_text())
    settings["own"] = tuple(settings.get("own", [1.0] * len(STYLE_PAINTERS)))
    train_style(StyleSettings(**settings), args.data, args.out, SqueezeNetFeatures(args.features))


if __name__ == "__main__":
    main()
