"""One automatic click on the largest fault of a matte: how much of it is mended, and what else changes.

    python -m benchmarks.clicks --data DATA [--kind labelled|check] [--stride N] [--clicks N] [--sheet FILE]

A fault is the largest connected piece that the matte misses (`keep`) or has too much (`drop`), of at least 0.3 % of the
picture and so wide that its deepest point lies 1.25 % of the longer side from its border: the click goes there. Of a
photograph both are tried. "mended" is the share of the piece that is right after the click; IoU is that of the
matte with the truth, at the coarse matte's resolution, unknown pixels left out. `--clicks N` clicks as often, each on
what is then the worst. "right" are clicks in the middle of what is right already, which must change nothing.

`benchmarks.click_fit` fits what decides on a click's region. The check set is for reporting only.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

import numpy as np

from benchmarks.common import argument_parser
from mattebox.core.connected_components import label_components
from mattebox.io import resampling
from mattebox.matting.matte_operations import as_floats
from mattebox.matting.scribble_segmentation import apply_scribbles
from mattebox.matting.scribbles import Stroke
from mattebox.matting.segmentation import segment
from mattebox.models.matte_session import open_session
from mattebox.training.data.dataset import stream_samples
from mattebox.types import Mask, Matte, Picture

MIN_PIECE_SHARE = 0.003  # of the picture
MIN_DEPTH_SHARE = 0.0125  # of the longer side, from the click to the piece's border
UNKNOWN_RANGE = (100, 156)  # of a mask


@dataclass(frozen=True, eq=False)
class Photograph:
    """A picture, its coarse matte, and the truth on the matte's grid."""

    name: str
    picture: Picture
    matte: Matte
    truth: Mask
    known: Mask

    def iou(self, mask: Mask) -> float:
        union = ((mask | self.truth) & self.known).sum()
        return float((mask & self.truth & self.known).sum() / max(1, union))


class Fault(NamedTuple):
    """A piece of a matte that is wrong, the click on it (row, column), and what mends it."""

    piece: Mask
    click: tuple[int, int]
    action: str


class ClickResult(NamedTuple):
    action: str
    before: float
    after: float
    mended: float


def load_photographs(data: Path, kind: str, stride: int, model: str) -> Iterator[Photograph]:
    session = open_session(model, "cpu")
    for row, image, mask in stream_samples(data, kind, "check" if kind == "check" else "val", stride):
        picture = Picture(np.ascontiguousarray(np.asarray(image)))
        matte, levels = segment(picture, session), np.asarray(mask)
        unknown = (levels > UNKNOWN_RANGE[0]) & (levels < UNKNOWN_RANGE[1]) & (row.set != "magento_white")
        truth, doubt = (
            resampling.shrink(plane, matte.shape)
            for plane in (np.where(unknown, 0, levels).astype(np.uint8), unknown.astype(np.uint8) * np.uint8(255))
        )
        yield Photograph(f"{row.set}/{row.stem}", picture, matte, truth > 127, doubt < 64)


def find_fault(photograph: Photograph, mask: Mask, action: str) -> Fault | None:
    """The largest piece that a mask misses (keep) or has too much (drop); None when there is none worth a click."""
    wrong = (photograph.truth & ~mask if action == "keep" else mask & ~photograph.truth) & photograph.known
    labels, components = label_components(wrong)
    if not components or components[0].area < MIN_PIECE_SHARE * wrong.size:
        return None
    piece: Mask = labels == 1
    click, depth = deepest_point(piece)
    return Fault(piece, click, action) if depth >= MIN_DEPTH_SHARE * max(wrong.shape) else None


def deepest_point(mask: Mask) -> tuple[tuple[int, int], int]:
    """The pixel of a mask farthest from its border or the picture's, and its distance in pixels, by erosion."""
    eroded, depth = np.pad(mask, 1), 0
    while eroded.any():
        last, depth = eroded, depth + 1
        inner = eroded.copy()
        for axis in (0, 1):
            for shift in (-1, 1):
                inner &= np.roll(eroded, shift, axis)
        if depth % 2:  # squares and diamonds in turn, which is close to a disc
            for axis, shift in ((0, 1), (0, -1)):
                for other in (-1, 1):
                    inner &= np.roll(np.roll(eroded, shift, axis), other, 1 - axis)
        eroded = inner
    rows, columns = np.nonzero(last[1:-1, 1:-1])
    middle = np.hypot(rows - rows.mean(), columns - columns.mean()).argmin()
    return (int(rows[middle]), int(columns[middle])), depth


def click_on(photograph: Photograph, matte: Matte, click: tuple[int, int], action: str) -> Matte:
    height, width = matte.shape
    mark = (Stroke((((click[1] + 0.5) / width, (click[0] + 0.5) / height),)),)
    return apply_scribbles(photograph.picture, matte, *((mark, ()) if action == "keep" else ((), mark)))


def measure_click(photograph: Photograph, fault: Fault) -> tuple[ClickResult, Matte]:
    clicked = click_on(photograph, photograph.matte, fault.click, fault.action)
    before, after = subject_mask(photograph.matte), subject_mask(clicked)
    mended = (after == photograph.truth)[fault.piece].mean()
    return ClickResult(fault.action, photograph.iou(before), photograph.iou(after), float(mended)), clicked


def measure_several(photograph: Photograph, count: int) -> list[float]:
    """IoU before and after each of so many clicks, each on what is then the largest fault."""
    matte = photograph.matte
    ious = [photograph.iou(subject_mask(matte))]
    for _ in range(count):
        found = [find_fault(photograph, subject_mask(matte), action) for action in ("keep", "drop")]
        faults = [fault for fault in found if fault is not None]
        if faults:
            worst = max(faults, key=lambda fault: fault.piece.sum())
            matte = click_on(photograph, matte, worst.click, worst.action)
        ious.append(photograph.iou(subject_mask(matte)))
    return ious


def changes_by_right_clicks(photograph: Photograph) -> list[float]:
    """Largest change of alpha, 0..1, by a click where subject and background are certain and right."""
    alpha = as_floats(photograph.matte.alpha)
    changes = []
    for action, right in (("keep", (alpha > 0.9) & photograph.truth), ("drop", (alpha < 0.1) & ~photograph.truth)):
        if right.any():
            clicked = click_on(photograph, photograph.matte, deepest_point(right)[0], action)
            changes.append(float(np.abs(as_floats(clicked.alpha) - alpha).max()))
    return changes


def subject_mask(matte: Matte) -> Mask:
    return matte.alpha > matte.bit_depth.peak // 2


def print_figures(name: str, results: list[ClickResult]) -> None:
    if not results:
        return
    mended, change = np.array([r.mended for r in results]), np.array([r.after - r.before for r in results])
    before, after = (np.mean([getattr(r, field) for r in results]) for field in ("before", "after"))
    print(
        f"| {name} | {len(results)} | {before:.4f} | {after:.4f} | {mended.mean():.3f} | {(mended >= 0.7).mean():.2f} "
        f"| {(change < -0.02).sum()} | {change.min():+.3f} |",
        flush=True,
    )


def iter_clicks(photographs: list[Photograph]) -> Iterator[tuple[Photograph, Fault]]:
    for photograph in photographs:
        for action in ("keep", "drop"):
            fault = find_fault(photograph, subject_mask(photograph.matte), action)
            if fault is not None:
                yield photograph, fault


def write_sheet(path: Path, rows: list[tuple[Photograph, Fault, Matte]]) -> None:
    """Photograph with the click, matte before, after, and the truth; the worst results first."""
    from PIL import Image

    def tile(plane: np.ndarray, colour: bool = False) -> Image.Image:
        return Image.fromarray(plane).convert("RGB").resize((160, 120))

    sheet = Image.new("RGB", (4 * 162, 122 * len(rows)), "navy")
    for i, (photograph, fault, after) in enumerate(rows):
        rgb = resampling.shrink(photograph.picture.rgb, photograph.matte.shape)
        y, x = fault.click
        rgb[max(0, y - 4) : y + 5, max(0, x - 4) : x + 5] = (0, 255, 0) if fault.action == "keep" else (255, 0, 0)
        grey = [(m.alpha // 257).astype(np.uint8) for m in (photograph.matte, after)]
        for j, plane in enumerate((rgb, *grey, photograph.truth.astype(np.uint8) * np.uint8(255))):
            sheet.paste(tile(plane), (j * 162, i * 122))
    sheet.save(path)


def main() -> None:
    parser = argument_parser(__doc__)
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--kind", choices=["labelled", "check"], default="labelled")
    parser.add_argument("--model", default="balanced")
    parser.add_argument("--stride", type=int, default=1, help="take every Nth photograph")
    parser.add_argument("--clicks", type=int, default=0, help="also click so often on each photograph")
    parser.add_argument("--sheet", type=Path, help="write a picture of the twelve worst and twelve other clicks")
    args = parser.parse_args()
    photographs = list(load_photographs(args.data, args.kind, args.stride, args.model))
    print("| clicks | n | IoU before | after | mended | 70 % mended | worse by .02 | worst |")
    print("|---" * 8 + "|")
    rows = []
    for photograph, fault in iter_clicks(photographs):
        result, after = measure_click(photograph, fault)
        rows.append((result, photograph, fault, after))
    for action in ("keep", "drop"):
        print_figures(action, [r for r, *_ in rows if r.action == action])
    print_figures("all", [r for r, *_ in rows])
    changes = [c for photograph in photographs for c in changes_by_right_clicks(photograph)]
    print(f"{len(changes)} clicks on what is right change alpha by {max(changes):.4f} at most")
    if args.clicks:
        ious = np.mean([measure_several(p, args.clicks) for p in photographs], axis=0)
        print("IoU after 0, 1, ... clicks: " + ", ".join(f"{value:.4f}" for value in ious))
    if args.sheet:
        rows.sort(key=lambda row: row[0].after - row[0].before)
        write_sheet(args.sheet, [tuple(row[1:]) for row in rows[:12] + rows[12 :: max(1, len(rows) // 12)][:12]])


if __name__ == "__main__":
    main()
