"""Train an enlarging or a restoring network within a budget of minutes, on a processor or an accelerator.

    python -m mattebox.training.tasks.restore.train runs/up2-1.toml DATA OUT [--start RUN/best.pt] [--threads N]
    python -m mattebox.training.tasks.restore.train runs/real4-1.toml DATA OUT --start UP4/best.pt --perceptual squeezenet1.1.npz
    python -m mattebox.training.tasks.restore.train runs/up2-2.toml DATA OUT --start up2-1          # a smaller one, grown

DATA holds train.tar and val.tar. A killed run goes on where it was; OUT/best.pt is the running average that scored
best. Loss is L1, mostly of luma, since eyes and tables judge that, or decibels of all colours, as tables of denoising
have it; for a network of the `real` world, which cannot know what was there, also how different it looks to a network
that knows objects. Knows nothing of export.
"""

from __future__ import annotations

import argparse
import math
import time
import tomllib
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import onnx
import torch
from torch import Tensor

from mattebox.models.cards import registry
from mattebox.models.store import weight_store
from mattebox.training.convert.onnx_to_torch import iterate_constants
from mattebox.training.core import checkpoint, mixed_precision, schedule
from mattebox.training.core.run_log import log_row
from mattebox.training.core.trainer import Trainer
from mattebox.training.data.patches import PatchSampler, read_photographs
from mattebox.training.evaluate.image_quality import (
    denoising_scores,
    jpeg_restoration_scores,
    luma,
    network_restorer,
    real_world_scores,
    upscaling_scores,
)
from mattebox.training.evaluate.lpips import PerceptualDistance
from mattebox.training.networks.net2net import grow_weights
from mattebox.training.networks.restoration import (
    RestorationShape,
    SuperResolutionNet,
    build_restoration_network,
)
from mattebox.training.tasks.restore.real_degradation import degrade_realistically
from mattebox.training.tasks.restore.synthetic_degradation import degrade_for_restoration, downscale

CHECKPOINT_SECONDS = 60  # seconds


@dataclass(frozen=True)
class RestorationSettings:
    """A run, as its TOML file has it. `side` is a patch's side at the large size; `world` what shrinks a photograph:
    "clean" bicubic, or "real" life; `look` the weight of the perceptual loss; `measure` "luma" or "decibels"."""

    minutes: float
    plan: dict[str, Any]
    batch: int = 16
    side: int = 96
    rate: float = 1e-3
    warmup: int = 300
    average: float = 0.999
    judge_every: float = 0.1
    seed: int = 0
    world: str = "clean"
    look: float = 0.0
    measure: str = "luma"

    def learning_rate_at(self, progress: float, step: int) -> float:
        return schedule.cosine_learning_rate(self.rate, progress, step, self.warmup, final_share=0.002)


class RestorationTrainer(Trainer):
    """A network that enlarges or restores, and what it is shown."""

    def __init__(
        self, settings: RestorationSettings, device: torch.device, perceptual: PerceptualDistance | None = None
    ) -> None:
        torch.manual_seed(settings.seed)
        self.settings, self.device = settings, device
        self.perceptual = None if perceptual is None else perceptual.to(device)
        self.plan = RestorationShape(
            settings.plan["scale"], tuple(settings.plan["widths"]), tuple(settings.plan["depths"])
        )
        net = build_restoration_network(self.plan).to(device, memory_format=torch.channels_last)
        optimiser = torch.optim.Adam(net.parameters(), lr=settings.rate, betas=(0.9, 0.99))
        super().__init__(net, optimiser, ema_decay=settings.average, max_gradient_norm=0.5)

    @property
    def progress(self) -> float:
        return self.elapsed_seconds / (self.settings.minutes * 60)

    def load_initial_weights(self, weights: dict[str, Tensor]) -> None:
        """Take over a smaller network's weights, all of them, or what fits (another scale has another tail)."""
        net = self.net
        if isinstance(net, SuperResolutionNet) and weights["tail.weight"].shape[0] == net.tail.out_channels:
            weights = grow_weights(weights, net)
        self.load_matching_weights(weights)

    def sample_pair(self, patches: PatchSampler) -> tuple[Tensor, Tensor]:
        """What the network sees, and what it should have answered."""
        clean = patches.sample_batch(self.settings.batch, self.settings.side)
        scale = self.plan.scale
        if self.settings.world == "real":
            return degrade_realistically(clean, scale), clean
        return (degrade_for_restoration(clean) if scale == 1 else downscale(clean, scale)), clean

    def train_step(self, patches: PatchSampler) -> float:
        begun, rate = time.perf_counter(), self.settings.learning_rate_at(self.progress, self.step)
        seen, clean = self.sample_pair(patches)
        with mixed_precision.autocast_where_fast(self.device):
            made = self.net.train()(seen.to(memory_format=torch.channels_last))
        loss = LOSSES[self.settings.measure](made, clean)
        if self.perceptual is not None and self.settings.look:
            loss = loss + self.settings.look * self.perceptual(made.float(), clean).mean()
        self.take_optimiser_step(loss, rate)
        self.elapsed_seconds += time.perf_counter() - begun
        return float(loss.detach()) if self.step % 10 == 0 else math.nan


def luma_l1_loss(result: Tensor, clean: Tensor) -> Tensor:
    """Absolute errors, two parts luma's and one all colours'."""
    return 0.5 * (result - clean).abs().mean() + (luma(result) - luma(clean)).abs().mean()


def psnr_loss(result: Tensor, clean: Tensor) -> Tensor:
    """Minus PSNR, by picture (as Chen et al. 2022, NAFNet), so that little noise counts as much as much noise."""
    return 0.1 * torch.log10(((result - clean) ** 2).mean((1, 2, 3)) + 3e-5).mean()


LOSSES = {"luma": luma_l1_loss, "decibels": psnr_loss}


def read_initial_weights(source: str, device: torch.device) -> dict[str, Tensor]:
    """Of RUN/best.pt, or of a card's ONNX file, whose names are the network's own."""
    if source.endswith(".pt"):
        weights: dict[str, Tensor] = checkpoint.read(Path(source), device)["average"]
        return weights
    return dict(iterate_constants(onnx.load_from_string(weight_store.read_weights(registry.find_card(source))).graph))


def evaluate_restoration(
    net: torch.nn.Module,
    plan: RestorationShape,
    sets: dict[str, list[np.ndarray]],
    max_pictures: int | None = None,
    perceptual: PerceptualDistance | None = None,
) -> dict[str, float]:
    """The tables' figures; `max_pictures` takes only that many of CBSD68. With `perceptual`, those of the real world."""
    if perceptual is not None:
        return real_world_scores(network_restorer(net), sets["Set14"], plan.scale, perceptual)
    if plan.scale > 1:
        return upscaling_scores(network_restorer(net), sets, plan.scale)
    restore = network_restorer(net, 2 ** len(plan.widths))
    return denoising_scores(restore, sets["CBSD68"][:max_pictures]) | jpeg_restoration_scores(
        restore, sets["Set14"][: max_pictures and 4]
    )


def train_restoration(
    settings: RestorationSettings,
    data: Path,
    out: Path,
    device: torch.device,
    initial_weights: str | None = None,
    perceptual: PerceptualDistance | None = None,
) -> None:
    out.mkdir(parents=True, exist_ok=True)
    run = RestorationTrainer(settings, device, perceptual)
    if (out / "last.pt").exists():
        run.load(out / "last.pt")
    elif initial_weights is not None:
        run.load_initial_weights(read_initial_weights(initial_weights, device))
    torch.manual_seed(settings.seed + run.step)
    patches = PatchSampler(read_photographs(data / "train.tar")[""], device)
    sets = read_photographs(data / "val.tar")
    log_row(out, {"parameters": sum(p.numel() for p in run.net.parameters()), "reach": run.net.reach})
    judged, saved, losses = run.progress, time.monotonic(), []
    while run.progress < 1:
        if not math.isnan(loss := run.train_step(patches)):
            losses.append(loss)
        if time.monotonic() - saved > CHECKPOINT_SECONDS:
            run.save(out / "last.pt")
            saved = time.monotonic()
        if run.progress - judged >= settings.judge_every or run.progress >= 1:
            judged = run.progress
            scores = evaluate_restoration(
                run.ema_net, run.plan, sets, 8, perceptual if settings.world == "real" else None
            )
            mean = round(float(np.mean(losses)), 5) if losses else None
            log_row(out, {"step": run.step, "progress": round(run.progress, 3), "loss": mean, **scores})
            losses.clear()
            if sum(scores.values()) > run.best_score:
                run.best_score = sum(scores.values())
                best = {"average": run.ema_net.state_dict(), "plan": run.plan.as_dict(), "scores": scores}
                checkpoint.write(best | {"step": run.step}, out / "best.pt")
    run.save(out / "last.pt")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("recipe", type=Path)
    parser.add_argument("data", type=Path)
    parser.add_argument("out", type=Path)
    parser.add_argument("--start", help="best.pt of another run, or a card's name")
    parser.add_argument("--perceptual", type=Path, help="SqueezeNet 1.1's weights (.npz)")
    parser.add_argument("--minutes", type=float, help="another budget than the recipe's")
    parser.add_argument("--threads", type=int)
    args = parser.parse_args()
    if args.threads:
        torch.set_num_threads(args.threads)
    settings = tomllib.loads(args.recipe.read_text())
    if args.minutes:
        settings["minutes"] = args.minutes
    device = torch.device("cuda" if torch.cuda.is_available() else "cpu")
    recipe = RestorationSettings(**settings)
    if recipe.world == "real" and args.perceptual is None:
        parser.error("a network of the real world needs --perceptual")
    look = None if args.perceptual is None else PerceptualDistance(args.perceptual)
    train_restoration(recipe, args.data, args.out, device, args.start, look)


if __name__ == "__main__":
    main()
