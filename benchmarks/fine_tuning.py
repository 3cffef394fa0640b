"""What fine-tuning brings: some minutes on a few pictures of one kind, judged on others of that kind.

    python -m benchmarks.fine_tuning DATA [--set butterfly] [--card u2netp] [--pictures 80] [--judged 120] [--minutes 5]

DATA is training material with that set. The card is judged before and after, by the same commands that users have
(`mattebox train --from`, `mattebox export`); give one that has not learned from these pictures. Needs torch.
"""

from __future__ import annotations

import argparse
import csv
import random
import subprocess
import sys
import tempfile
from pathlib import Path

from mattebox.training.data.dataset import stream_samples
from mattebox.training.evaluate.cutout import evaluate_predictor
from mattebox.training.evaluate.predictors import card_predictor

REPORTED_METRICS = ("iou", "max_f", "mae")


def write_pairs(data: Path, set_name: str, counts: dict[str, int], folder: Path) -> Path:
    """A CSV of so many pairs of a kind for each split, drawn at random but always alike."""
    found = [s for split in ("train", "val") for s in stream_samples(data, "labelled", split) if s[0].set == set_name]
    random.Random(0).shuffle(found)
    splits = [split for split, count in counts.items() for _ in range(count)]
    with open(folder / "pairs.csv", "w", newline="") as file:
        rows = csv.writer(file)
        rows.writerow(["image", "mask", "set", "split"])
        for number, ((_, picture, mask), split) in enumerate(zip(found, splits, strict=False)):
            assert mask is not None
            picture.save(folder / f"{number}.png")
            mask.save(folder / f"{number}-mask.png")
            rows.writerow([f"{number}.png", f"{number}-mask.png", set_name, split])
    return folder / "pairs.csv"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("data", type=Path)
    parser.add_argument("--set", default="butterfly")
    parser.add_argument("--card", default="u2netp")
    parser.add_argument("--pictures", type=int, default=80)
    parser.add_argument("--judged", type=int, default=120)
    parser.add_argument("--minutes", type=float, default=5)
    args = parser.parse_args()
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        pairs = write_pairs(args.data, args.set, {"train": args.pictures, "val": args.judged}, folder)
        print_scores("before", evaluate_predictor(card_predictor(args.card), pairs))
        words = ["train", str(pairs), "--out", str(folder / "run"), "--from", args.card, "--minutes", str(args.minutes)]
        subprocess.run([sys.executable, "-m", "mattebox", *words], check=True)
        best = str(folder / "run/best.pt")
        words = ["export", best, "--data", str(pairs), "--name", "tuned", "--out", str(folder)]
        subprocess.run([sys.executable, "-m", "mattebox", *words], check=True)
        print_scores("after", evaluate_predictor(card_predictor(str(folder / "tuned.json")), pairs))


def print_scores(label: str, scores: dict[str, float]) -> None:
    print(f"{label:8s}", "   ".join(f"{name} {scores[name]:.3f}" for name in REPORTED_METRICS), flush=True)


if __name__ == "__main__":
    main()
