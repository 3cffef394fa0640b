"""Gain of fine-tuning: a few minutes on pictures of one kind, evaluated on others of that kind before and after.

    python -m benchmarks.fine_tuning DATA [--set butterfly] [--card u2netp] [--pictures 80] [--judged 120] [--minutes 5]

DATA is training material with that set. Training and export are the commands that users have (`mattebox train --from`,
`mattebox export`). Choose a card whose network has not been trained on these pictures. Needs torch.
"""

from __future__ import annotations

import csv
import random
import subprocess
import sys
import tempfile
from pathlib import Path

from benchmarks.common import argument_parser
from mattebox.training.data.dataset import stream_samples
from mattebox.training.evaluate.cutout import evaluate_predictor
from mattebox.training.evaluate.predictors import card_predictor

REPORTED_METRICS = ("iou", "max_f", "mae")


def write_pairs(data: Path, set_name: str, counts: dict[str, int], folder: Path) -> Path:
    """A CSV of pictures and masks of one set, `counts` for each split, in random but reproducible order."""
    samples = [s for split in ("train", "val") for s in stream_samples(data, "labelled", split) if s[0].set == set_name]
    random.Random(0).shuffle(samples)
    splits = [split for split, count in counts.items() for _ in range(count)]
    with open(folder / "pairs.csv", "w", newline="") as file:
        rows = csv.writer(file)
        rows.writerow(["image", "mask", "set", "split"])
        for number, ((_, picture, mask), split) in enumerate(zip(samples, splits, strict=False)):
            assert mask is not None
            picture.save(folder / f"{number}.png")
            mask.save(folder / f"{number}-mask.png")
            rows.writerow([f"{number}.png", f"{number}-mask.png", set_name, split])
    return folder / "pairs.csv"


def run_mattebox(*arguments: str) -> None:
    subprocess.run([sys.executable, "-m", "mattebox", *arguments], check=True)


def main() -> None:
    parser = argument_parser(__doc__, set="butterfly", card="u2netp", pictures=80, judged=120, minutes=5.0)
    parser.add_argument("data", type=Path)
    args = parser.parse_args()
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        run, pairs = (
            folder / "run",
            write_pairs(args.data, args.set, {"train": args.pictures, "val": args.judged}, folder),
        )
        print_scores("before", evaluate_predictor(card_predictor(args.card), pairs))
        run_mattebox("train", str(pairs), "--out", str(run), "--from", args.card, "--minutes", str(args.minutes))
        run_mattebox("export", str(run / "best.pt"), "--data", str(pairs), "--name", "tuned", "--out", str(folder))
        print_scores("after", evaluate_predictor(card_predictor(str(folder / "tuned.json")), pairs))


def print_scores(label: str, scores: dict[str, float]) -> None:
    print(f"{label:8s}", "   ".join(f"{name} {scores[name]:.3f}" for name in REPORTED_METRICS), flush=True)


if __name__ == "__main__":
    main()
