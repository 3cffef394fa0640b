"""Train the embedded cutout network: one loop for a CPU in the background and for an accelerator.

    mattebox train DATA --out RUN [--from CARD | RUN/best.pt] [--size small|medium|large] [--recipe FILE.toml]

DATA is tar shards with a manifest, a folder with images/ and masks/ (and backgrounds/), or a CSV of image,mask.
The recipe gives a budget in minutes of training, not in steps, because the machines differ a hundredfold; learning
rate and picture size follow the share of the budget spent. A checkpoint every minute or so makes a killed run go on
where it was; RUN/report.html shows its curves and pictures, RUN/recipe.toml what it was told. Knows nothing of export.
"""

from __future__ import annotations

import argparse
import copy
import difflib
import json
import math
import random
import sys
import time
import tomllib
from collections.abc import Sequence
from dataclasses import dataclass, field, fields
from pathlib import Path
from typing import Any

import numpy as np
import torch

from mattebox.errors import MatteboxError, UsageError
from mattebox.zoo.card import Card
from mattebox.zoo.registry import find_card
from workshop import checkpoint, progress
from workshop.augment import Mixer, buckets
from workshop.evaluate import judge
from workshop.losses import total_loss
from workshop.material import has
from workshop.memory import batch_that_fits
from workshop.network import SIZES, CutNet, Shape, multiply_adds
from workshop.pool import load_pool
from workshop.predict import normalise, torch_predictor
from workshop.unfold import unfold

SAVE_EVERY = 60  # seconds between checkpoints


@dataclass(frozen=True)
class Recipe:
    """A run, as its TOML file has it. `sides` = (from this share of the budget, side of the square input)."""

    minutes: float
    batch: int = 24
    rate: float = 2e-3
    decay: float = 0.02
    warmup: int = 300
    average: float = 0.999
    pool_side: int = 256
    seed: int = 0
    sides: list[list[float]] = field(default_factory=lambda: [[0.0, 160], [0.45, 224], [0.8, 288]])
    shape: dict[str, list[float]] = field(default_factory=dict)
    judge_every: float = 0.1

    def side(self, progress: float) -> int:
        return int([s for start, s in self.sides if progress >= start][-1])

    def rate_at(self, progress: float, step: int) -> float:
        warm = min(1.0, (step + 1) / self.warmup)
        return self.rate * warm * (0.01 + 0.99 * 0.5 * (1 + math.cos(math.pi * min(progress, 1.0))))


class Run:
    """A network, its running average and its optimiser; the clock of the budget."""

    def __init__(self, recipe: Recipe, device: torch.device) -> None:
        torch.manual_seed(recipe.seed)
        shape = Shape(**{k: tuple(v) for k, v in recipe.shape.items()})  # type: ignore[arg-type]
        self.recipe, self.device = recipe, device
        self.net = CutNet(shape).to(device, memory_format=torch.channels_last)
        self.average = copy.deepcopy(self.net).eval()
        plain = [p for p in self.net.parameters() if p.ndim < 2]
        decayed = [p for p in self.net.parameters() if p.ndim >= 2]
        groups = [{"params": decayed, "weight_decay": recipe.decay}, {"params": plain, "weight_decay": 0.0}]
        self.optimiser = torch.optim.AdamW(groups, lr=recipe.rate)
        self.step, self.spent, self.best = 0, 0.0, 0.0

    @property
    def progress(self) -> float:
        return self.spent / (self.recipe.minutes * 60)

    def advance(self, mixer: Mixer) -> float:
        """One step; returns the loss."""
        begun = time.perf_counter()
        recipe = self.recipe
        for group in self.optimiser.param_groups:
            group["lr"] = recipe.rate_at(self.progress, self.step)
        loss = self.backward(mixer, recipe.batch, random.choice(buckets(recipe.side(self.progress))))
        torch.nn.utils.clip_grad_norm_(self.net.parameters(), 2.0)
        self.optimiser.step()
        self._follow()
        self.step += 1
        if self.device.type == "cuda" and self.step % 20 == 0:
            torch.cuda.synchronize()
        self.spent += time.perf_counter() - begun
        return loss.item() if self.step % 20 == 0 else math.nan

    def backward(self, mixer: Mixer, count: int, size: tuple[int, int]) -> torch.Tensor:
        """The loss of one batch, its gradients left in the network."""
        batch = mixer.batch(count, size)
        picture = normalise(batch.rgb).to(memory_format=torch.channels_last)
        with torch.autocast(self.device.type, torch.bfloat16):
            logits, sides = self.net.train()(picture)
        loss = total_loss(logits, sides, batch)
        self.optimiser.zero_grad(set_to_none=True)
        loss.backward()
        return loss

    def _follow(self) -> None:
        """Exponential running average, shorter at the start."""
        keep = min(self.recipe.average, (1 + self.step) / (10 + self.step))
        with torch.no_grad():
            for mine, theirs in zip(self.average.state_dict().values(), self.net.state_dict().values(), strict=True):
                if mine.dtype.is_floating_point:
                    mine.lerp_(theirs, 1 - keep)
                else:
                    mine.copy_(theirs)

    def save(self, path: Path) -> None:
        state = {
            "net": self.net.state_dict(),
            "average": self.average.state_dict(),
            "optimiser": self.optimiser.state_dict(),
            "step": self.step,
            "spent": self.spent,
            "best": self.best,
            "shape": self.net.shape.as_dict(),
        }
        checkpoint.write(state, path)

    def start_from(self, path: Path) -> None:
        """Begin with a trained network's averaged weights; optimiser, step and clock begin anew.

        Layers that the trained one has not (they start as the identity) keep their own weights."""
        state = checkpoint.read(path, self.device)
        grown = {**self.net.state_dict(), **state["average"]}
        self.net.load_state_dict(grown)
        self.average.load_state_dict(grown)

    def start_from_card(self, card: Card, mixer: Mixer) -> None:
        """Begin with a card's weights, which need no checkpoint."""
        size = min(buckets(self.recipe.side(0)), key=lambda s: abs(s[0] - s[1]))
        unfold(card, self.net, normalise(mixer.batch(max(16, self.recipe.batch), size).rgb))
        self.average.load_state_dict(self.net.state_dict())

    def load(self, path: Path) -> None:
        """Go on where a killed run was."""
        state = checkpoint.read(path, self.device)
        self.net.load_state_dict(state["net"])
        self.average.load_state_dict(state["average"])
        self.optimiser.load_state_dict(state["optimiser"])
        self.step, self.spent, self.best = state["step"], state["spent"], state["best"]


def train(
    recipe: Recipe, data: Path, out: Path, device: torch.device, soft: np.ndarray | None, start: str | None = None
) -> None:
    out.mkdir(parents=True, exist_ok=True)
    random.seed(recipe.seed)
    run = Run(recipe, device)
    if (out / "last.pt").exists():
        run.load(out / "last.pt")
    elif start is not None and Path(start).suffix == ".pt":
        run.start_from(Path(start))
    torch.manual_seed(recipe.seed + run.step)
    work = multiply_adds(run.average, 320, 320) / 1e9
    progress.log(out, {"parameters": sum(p.numel() for p in run.net.parameters()), "gmac_320": round(work, 3)})
    mixer = _mixer(recipe, data, device, soft)
    if start is not None and Path(start).suffix != ".pt" and run.step == 0:
        run.start_from_card(find_card(start), mixer)
    largest = max(buckets(int(max(side for _, side in recipe.sides))), key=math.prod)
    with batch_that_fits(recipe.batch, lambda count: _try(run, mixer, count, largest)):
        _loop(run, mixer, data, out)
    run.save(out / "last.pt")


def _mixer(recipe: Recipe, data: Path, device: torch.device, soft: np.ndarray | None) -> Mixer:
    """The pools that the material has; without a teacher's masks the labelled pictures stand in."""
    labelled = load_pool(data, "labelled", recipe.pool_side).to(device)
    taught = load_pool(data, "unlabelled", recipe.pool_side, soft).to(device) if soft is not None else labelled
    rooms = load_pool(data, "background", recipe.pool_side).to(device) if has(data, "background") else None
    return Mixer(labelled, taught, rooms)


def _try(run: Run, mixer: Mixer, count: int, size: tuple[int, int]) -> None:
    """The most that one step of this many samples takes of memory."""
    run.backward(mixer, count, size)
    run.optimiser.zero_grad(set_to_none=True)


def _loop(run: Run, mixer: Mixer, data: Path, out: Path) -> None:
    judged, saved, losses = run.progress, time.monotonic(), []
    while run.progress < 1:
        loss = run.advance(mixer)
        if not math.isnan(loss):
            losses.append(loss)
        judging = run.progress - judged >= run.recipe.judge_every or run.progress >= 1
        if losses and (judging or time.monotonic() - saved > SAVE_EVERY):
            run.save(out / "last.pt")
            saved = time.monotonic()
            mean = round(float(np.mean(losses)), 4)
            progress.log(out, {"step": run.step, "progress": round(run.progress, 4), "loss": mean})
            losses.clear()
        if judging:
            judged = run.progress
            _judge(run, data, out)


def _judge(run: Run, data: Path, out: Path) -> None:
    """Score the running average; keep it when it is the best so far."""
    scores = judge(torch_predictor(run.average, 320), data)
    progress.log(
        out, {"step": run.step, "progress": round(run.progress, 4), "side": run.recipe.side(run.progress), **scores}
    )
    progress.show(torch_predictor(run.average, 320), data, out, f"step {run.step}: IoU {scores['iou']:.4f}")
    if scores["iou"] + scores["max_f"] > run.best:
        run.best = scores["iou"] + scores["max_f"]
        best = {"average": run.average.state_dict(), "shape": run.net.shape.as_dict(), "scores": scores}
        checkpoint.write(best, out / "best.pt")


def main(words: Sequence[str] | None = None, called: str | None = None) -> None:
    parser = argparse.ArgumentParser(called, description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("data", type=Path)
    parser.add_argument("--out", type=Path, required=True, help="folder of the run; given again, the run goes on")
    parser.add_argument("--from", dest="start", help="a card to begin with, or a checkpoint (best.pt of another run)")
    parser.add_argument("--size", choices=SIZES, default="medium", help="of the network, unless the recipe has a shape")
    parser.add_argument("--recipe", type=Path, help="a TOML file; without one, sensible settings")
    parser.add_argument("--minutes", type=float, help="another budget than the recipe's")
    parser.add_argument("--soft", type=Path, help="teacher's masks of the unlabelled pictures (workshop.teach)")
    parser.add_argument("--threads", type=int)
    args = parser.parse_args(words)
    if args.threads:
        torch.set_num_threads(args.threads)
    try:
        settings = _settings(args.recipe, args.out, args.size)
        if args.minutes:
            settings["minutes"] = args.minutes
        _recorded(settings, args.out)
        device = torch.device("cuda" if torch.cuda.is_available() else "cpu")
        soft = np.load(args.soft)["masks"] if args.soft else None
        train(Recipe(**settings), args.data, args.out, device, soft, args.start)
    except MatteboxError as error:
        sys.exit(f"error: {error}")


def _settings(recipe: Path | None, out: Path, size: str) -> dict[str, Any]:
    """A recipe's settings: of its file, of the run that goes on, or the usual ones. UsageError when malformed."""
    source = recipe or (out / "recipe.toml" if (out / "recipe.toml").exists() else None)
    try:
        settings: dict[str, Any] = {} if source is None else tomllib.loads(source.read_text())
    except (OSError, tomllib.TOMLDecodeError) as error:
        raise UsageError(f"{source}: not a recipe ({error})", "see runs/ for examples") from error
    known = {f.name for f in fields(Recipe)}
    if unknown := sorted(settings.keys() - known):
        near = difflib.get_close_matches(unknown[0], known, 1)
        hint = f"did you mean {near[0]}?" if near else f"it may have {', '.join(sorted(known))}"
        raise UsageError(f"{source}: there is no setting {unknown[0]!r}", hint)
    return {"minutes": 60.0, "shape": SIZES[size].as_dict(), **settings}


def _recorded(settings: dict[str, Any], out: Path) -> None:
    """Keep what the run was told beside it."""
    shape: dict[str, Any] = settings["shape"]
    plain = [f"{name} = {json.dumps(value)}" for name, value in settings.items() if name != "shape"]
    out.mkdir(parents=True, exist_ok=True)
    lines = [*plain, "", "[shape]", *(f"{name} = {json.dumps(value)}" for name, value in shape.items())]
    (out / "recipe.toml").write_text("\n".join(lines) + "\n")


if __name__ == "__main__":
    main()
