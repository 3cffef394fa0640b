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
from mattebox.training.convert.onnx_to_torch import constants
from mattebox.training.core import checkpoint, mixed_precision, schedule
from mattebox.training.core.run_log import log
from mattebox.training.core.trainer import Trainee
from mattebox.training.data.patches import Patches, photographs
from mattebox.training.evaluate.image_quality import (
    denoising,
    enlarging,
    living,
    luma,
    of_network,
    unjpegging,
)
from mattebox.training.evaluate.lpips import Perceptual
from mattebox.training.networks.net2net import grown
from mattebox.training.networks.restoration import Enlarger, Plan, build
from mattebox.training.tasks.restore.real_degradation import lived
from mattebox.training.tasks.restore.synthetic_degradation import shrunk, worn

SAVE_EVERY = 60  # seconds


@dataclass(frozen=True)
class Recipe:
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

    def rate_at(self, progress: float, step: int) -> float:
        return schedule.rate_at(self.rate, progress, step, self.warmup, end=0.002)


class Run(Trainee):
    """A network that enlarges or restores, and what it is shown."""

    def __init__(self, recipe: Recipe, device: torch.device, look: Perceptual | None = None) -> None:
        torch.manual_seed(recipe.seed)
        self.recipe, self.device = recipe, device
        self.look = None if look is None else look.to(device)
        self.plan = Plan(recipe.plan["scale"], tuple(recipe.plan["widths"]), tuple(recipe.plan["depths"]))
        net = build(self.plan).to(device, memory_format=torch.channels_last)
        optimiser = torch.optim.Adam(net.parameters(), lr=recipe.rate, betas=(0.9, 0.99))
        super().__init__(net, optimiser, keep=recipe.average, longest=0.5)

    @property
    def progress(self) -> float:
        return self.spent / (self.recipe.minutes * 60)

    def begin(self, weights: dict[str, Tensor]) -> None:
        """Take over a smaller network's weights, all of them, or what fits (another scale has another tail)."""
        net = self.net
        if isinstance(net, Enlarger) and weights["tail.weight"].shape[0] == net.tail.out_channels:
            weights = grown(weights, net)
        self.begin_with(weights)

    def pair(self, patches: Patches) -> tuple[Tensor, Tensor]:
        """What the network sees, and what it should have answered."""
        clean = patches.batch(self.recipe.batch, self.recipe.side)
        scale = self.plan.scale
        if self.recipe.world == "real":
            return lived(clean, scale), clean
        return (worn(clean) if scale == 1 else shrunk(clean, scale)), clean

    def advance(self, patches: Patches) -> float:
        begun, rate = time.perf_counter(), self.recipe.rate_at(self.progress, self.step)
        seen, clean = self.pair(patches)
        with mixed_precision.mixed(self.device):
            made = self.net.train()(seen.to(memory_format=torch.channels_last))
        loss = MEASURES[self.recipe.measure](made, clean)
        if self.look is not None and self.recipe.look:
            loss = loss + self.recipe.look * self.look(made.float(), clean).mean()
        self.descend(loss, rate)
        self.spent += time.perf_counter() - begun
        return float(loss.detach()) if self.step % 10 == 0 else math.nan


def near(made: Tensor, clean: Tensor) -> Tensor:
    """Absolute errors, two parts luma's and one all colours'."""
    return 0.5 * (made - clean).abs().mean() + (luma(made) - luma(clean)).abs().mean()


def decibels(made: Tensor, clean: Tensor) -> Tensor:
    """Minus PSNR, by picture (as Chen et al. 2022, NAFNet), so that little noise counts as much as much noise."""
    return 0.1 * torch.log10(((made - clean) ** 2).mean((1, 2, 3)) + 3e-5).mean()


MEASURES = {"luma": near, "decibels": decibels}


def weights_of(start: str, device: torch.device) -> dict[str, Tensor]:
    """Of RUN/best.pt, or of a card's ONNX file, whose names are the network's own."""
    if start.endswith(".pt"):
        weights: dict[str, Tensor] = checkpoint.read(Path(start), device)["average"]
        return weights
    return dict(constants(onnx.load_from_string(weight_store.read_weights(registry.find_card(start))).graph))


def judge(
    net: torch.nn.Module,
    plan: Plan,
    sets: dict[str, list[np.ndarray]],
    few: int | None = None,
    look: Perceptual | None = None,
) -> dict[str, float]:
    """The tables' figures; `few` takes only that many of CBSD68. With `look`, those of the real world."""
    if look is not None:
        return living(of_network(net), sets["Set14"], plan.scale, look)
    if plan.scale > 1:
        return enlarging(of_network(net), sets, plan.scale)
    restore = of_network(net, 2 ** len(plan.widths))
    return denoising(restore, sets["CBSD68"][:few]) | unjpegging(restore, sets["Set14"][: few and 4])


def train(
    recipe: Recipe,
    data: Path,
    out: Path,
    device: torch.device,
    start: str | None = None,
    look: Perceptual | None = None,
) -> None:
    out.mkdir(parents=True, exist_ok=True)
    run = Run(recipe, device, look)
    if (out / "last.pt").exists():
        run.load(out / "last.pt")
    elif start is not None:
        run.begin(weights_of(start, device))
    torch.manual_seed(recipe.seed + run.step)
    patches = Patches(photographs(data / "train.tar")[""], device)
    sets = photographs(data / "val.tar")
    log(out, {"parameters": sum(p.numel() for p in run.net.parameters()), "reach": run.net.reach})
    judged, saved, losses = run.progress, time.monotonic(), []
    while run.progress < 1:
        if not math.isnan(loss := run.advance(patches)):
            losses.append(loss)
        if time.monotonic() - saved > SAVE_EVERY:
            run.save(out / "last.pt")
            saved = time.monotonic()
        if run.progress - judged >= recipe.judge_every or run.progress >= 1:
            judged = run.progress
            scores = judge(run.average, run.plan, sets, 8, look if recipe.world == "real" else None)
            mean = round(float(np.mean(losses)), 5) if losses else None
            log(out, {"step": run.step, "progress": round(run.progress, 3), "loss": mean, **scores})
            losses.clear()
            if sum(scores.values()) > run.best:
                run.best = sum(scores.values())
                best = {"average": run.average.state_dict(), "plan": run.plan.as_dict(), "scores": scores}
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
    recipe = Recipe(**settings)
    if recipe.world == "real" and args.perceptual is None:
        parser.error("a network of the real world needs --perceptual")
    look = None if args.perceptual is None else Perceptual(args.perceptual)
    train(recipe, args.data, args.out, device, args.start, look)


if __name__ == "__main__":
    main()
