"""How a network is fed and what it answers, as data: the parts of a card that its code reads.

Knows nothing of where weights lie, of pictures or of runtimes.
"""

from __future__ import annotations

from typing import Any, Literal

from msgspec import Struct


class Input(Struct, frozen=True, forbid_unknown_fields=True):
    """How a picture becomes the network's float32 input.

    `fit`: `aspect` = about side x side pixels in the picture's own aspect, sides rounded to `multiple`; `short` = the
    same with the shorter side `side`; `squash` = exactly `height` x `width` (side x side where they are not given);
    `pad` = the longer side `side`, then black to side x side; `within` = the shorter side `side` but nothing beyond
    `height` x `width` (where given), then black to multiples. Padding is below and to the right.
    `resize`: `quick` averages blocks first, `lanczos` filters every pixel, as the field's own code does.
    Values are divided by 255 (`range` = depth), by the picture's brightest (`brightest`, U2-Net's habit) or by nothing
    (`bytes`), then (x - mean) / std. `order` is that of the channels, `layout` that of the axes.
    `looks` = how many views of a picture it is shown unless told otherwise (`matte.votes`); where the subject's part is
    less than `closer` of the picture, it is shown that part, too (`matte.closer`; 0: never). `constants` are the
    network's further inputs.
    """

    side: int = 0
    height: int = 0
    width: int = 0
    multiple: int = 32
    fit: Literal["aspect", "short", "squash", "pad", "within"] = "aspect"
    resize: Literal["quick", "lanczos"] = "quick"
    range: Literal["depth", "brightest", "bytes"] = "depth"
    order: Literal["rgb", "bgr"] = "rgb"
    layout: Literal["nchw", "chw", "hwc"] = "nchw"
    mean: tuple[float, float, float] = (0.485, 0.456, 0.406)
    std: tuple[float, float, float] = (0.229, 0.224, 0.225)
    looks: int = 1
    closer: float = 0.0
    constants: dict[str, Any] = {}

    def __post_init__(self) -> None:
        fixed = self.height > 0 and self.width > 0 and self.fit == "squash"
        if not fixed and self.side < 1:
            raise ValueError('give a side, or height and width with fit = "squash"')
        if self.looks < 1:
            raise ValueError("looks must be 1 or more")
        if not 0 <= self.closer <= 1:
            raise ValueError("closer must be a share of the picture, 0 to 1")
        if self.multiple < 1 or min(self.std) <= 0:
            raise ValueError("multiple and std must be positive")


class Output(Struct, frozen=True, forbid_unknown_fields=True):
    """What the network's output number `index` means, at a `scale`-th of the input's size.

    `alpha` = 0..1; `logits` = alpha before the sigmoid; `classes` = one channel for each of `classes`, of which the
    largest wins; `shares` = the same, but 0..1 and adding up to 1. `subject` names the classes wanted.
    Two kinds tell things apart, and all their outputs are read: `boxes` = boxes (x, y, x, y in the input's pixels),
    numbers of classes, scores, and masks to be pasted into the boxes or as large as the input (Mask R-CNN); `queries`
    = for each query logits of `classes` and of none, and those of its mask (MaskFormer, Mask2Former). What they are
    surer of than `least` counts; `subject` are those cut out unless others are asked for, all when it is empty.
    `points` = logits of masks, asked for by points and boxes through the card's decoder (SAM).
    With `presence`, for alpha and logits, a second plane says how likely it is that there is a subject at all: the
    same everywhere.
    """

    values: Literal["alpha", "logits", "classes", "shares", "boxes", "queries", "points"] = "alpha"
    index: int = 0
    scale: int = 1
    classes: tuple[str, ...] = ()
    subject: tuple[str, ...] = ()
    least: float = 0.5
    presence: bool = False

    def __post_init__(self) -> None:
        maps, things = self.values in ("classes", "shares"), self.values in ("boxes", "queries")
        named = bool(self.classes) == (maps or things) and (bool(self.subject) or not maps)
        if not named or not set(self.subject) <= set(self.classes):
            raise ValueError("classes, and a subject among them, go with values = classes or shares")
        if self.presence and self.values not in ("alpha", "logits"):
            raise ValueError("presence goes with values = alpha or logits")
        if self.scale < 1 or self.index < 0:
            raise ValueError("scale must be positive, and index not negative")

    @property
    def plane_count(self) -> int:
        """How many the output has."""
        return len(self.classes) or 1 + self.presence

    @property
    def has_classes(self) -> bool:
        """Does it tell what things are?"""
        return bool(self.classes)

    def class_index(self, label: str) -> int:
        """Of a class, as the network counts them; `label` may be "class N", where the card has no name for it."""
        return self.classes.index(label) if label in self.classes else int(label.removeprefix("class "))


class Tiles(Struct, frozen=True, forbid_unknown_fields=True):
    """How a network that answers with a picture is fed: RGB 0..1 in, RGB 0..1 of `scale` times the size out.

    A pixel of the answer sees `reach` pixels around it; sides must be multiples of `multiple`; `bytes` is the memory a
    pixel of the input takes while it runs. What the network cuts off on every side of its answer is `cut`, in pixels
    of the input. A network that takes squares of one size only says which: `fixed` (0 for any).
    """

    scale: int = 1
    reach: int = 32
    multiple: int = 1
    cut: int = 0
    bytes: int = 2000
    fixed: int = 0

    def __post_init__(self) -> None:
        if self.fixed and (self.cut or self.fixed < 2 * self.reach + 32 or self.fixed % self.multiple):
            raise ValueError("fixed must be a multiple, leave room for reach on both sides, and does not go with cut")
        if min(self.scale, self.multiple, self.bytes) < 1 or min(self.reach, self.cut) < 0:
            raise ValueError("scale, multiple and bytes must be positive, reach and cut not negative")


class Calibration(Struct, frozen=True, forbid_unknown_fields=True):
    """How outputs become promises: `confidence` = sigmoid(bias + slope x logit of the matte's own expected IoU), times
    how likely it is that there is a subject at all, where the network says so; a subject is `found` when its confidence
    and its share of the picture reach these."""

    bias: float = 0.0
    slope: float = 1.0
    found_confidence: float = 0.15
    found_share: float = 0.001
