"""Input, output, tiling and calibration of a network: the parts of a card that decide how it is run."""

from __future__ import annotations

from typing import Any, Literal

from msgspec import Struct


class Input(Struct, frozen=True, forbid_unknown_fields=True):
    """How a picture becomes the network's float32 input.

    Attributes
    ----------
    side, height, width, multiple : int
        Size of the input in pixels, as `fit` uses it.
    fit : str
        `aspect`: about side x side pixels in the picture's own aspect ratio, sides rounded to `multiple`. `short`: the
        same with the shorter side `side`. `squash`: exactly `height` x `width` (by default side x side). `pad`: the
        longer side `side`, then padded to side x side. `within`: the shorter side `side`, but at most `height` x
        `width`, then padded to multiples. Padding is black, below and to the right.
    resize : str
        `quick` averages blocks first; `lanczos` filters every pixel, as the published code does.
    range : str
        Values are divided by 255 (`depth`), by the picture's maximum (`brightest`, as for U2-Net) or not (`bytes`).
    mean, std : (float, float, float)
        Values are then normalised to (x - mean) / std.
    order, layout : str
        Order of the channels and of the axes.
    looks : int
        Views of test-time augmentation, by default.
    closer : float
        Where the subject covers a smaller share of the picture than this, it is cropped and run again; 0 for never.
    constants : dict
        Values of the network's further inputs.
    states : dict
        Of a recurrent network: name of an input among the constants, whose value there is that of a first frame ->
        number of the output that is its value for the next frame.
    free_size : bool
        Whether the graph declares one size of picture and its operators take any. Of detectors only.
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
    states: dict[str, int] = {}
    free_size: bool = False

    def __post_init__(self) -> None:
        fixed = self.height > 0 and self.width > 0 and self.fit == "squash"
        if not fixed and self.side < 1:
            raise ValueError('give a side, or height and width with fit = "squash"')
        if self.looks < 1:
            raise ValueError("looks must be 1 or more")
        if not self.states.keys() <= self.constants.keys():
            raise ValueError("states are among the constants, which have their values for a first frame")
        if not 0 <= self.closer <= 1:
            raise ValueError("closer must be a share of the picture, 0 to 1")
        if self.multiple < 1 or min(self.std) <= 0:
            raise ValueError("multiple and std must be positive")


class Output(Struct, frozen=True, forbid_unknown_fields=True):
    """What the network's output means.

    Attributes
    ----------
    values : str
        `alpha`: 0..1. `logits`: alpha before the sigmoid. `classes`: one channel for each of `classes`, the largest
        wins. `shares`: the same as probabilities that add up to 1. Of these, output number `index` is read, at 1 /
        `scale` of the input's size. Instances, of which all outputs are read: `boxes` (Mask R-CNN; see
        `decode_detections`) and `queries` (MaskFormer, Mask2Former; see `decode_queries`). `points`: mask logits from
        point and box prompts, through the card's decoder (SAM). Depth: `nearness`, larger is nearer and equal steps are
        equal steps of inverse depth, up to an unknown scale and shift; `metres`, the distance.
    classes : tuple of str
        Names of the classes, in the network's order.
    subject : tuple of str
        Classes that are cut out by default; for instances, all where it is empty.
    least : float
        Smallest score of an instance.
    presence : bool
        For `alpha` and `logits`: a second plane has the probability that there is a subject, the same everywhere.
    """

    values: Literal["alpha", "logits", "classes", "shares", "boxes", "queries", "points", "nearness", "metres"] = (
        "alpha"
    )
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
        """Number of planes (channels) of the output."""
        return len(self.classes) or 1 + self.presence

    @property
    def has_classes(self) -> bool:
        """Whether the network distinguishes classes."""
        return bool(self.classes)

    @property
    def is_specific(self) -> bool:
        """Whether the network can be told what to cut out, by classes or points; others find what stands out."""
        return self.has_classes or self.values == "points"

    def class_index(self, label: str) -> int:
        """Number of a class; `label` may be "class N", for one that the card has no name for."""
        return self.classes.index(label) if label in self.classes else int(label.removeprefix("class "))


class Tiles(Struct, frozen=True, forbid_unknown_fields=True):
    """How an image-to-image network is run on tiles: RGB 0..1 in, RGB 0..1 out.

    Attributes
    ----------
    scale : int
        Size of the output by that of the input.
    reach : int
        Receptive field: a pixel of the output depends on this many input pixels around it.
    multiple : int
        Sides of the input are multiples of this.
    cut : int
        Input pixels that the output lacks on each side.
    bytes : int
        Memory for each input pixel.
    fixed : int
        Side of the only square that the network takes; 0 where it takes any size.
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
    """Calibration of the matte's confidence: presence x sigmoid(bias + slope x logit of the matte's expected IoU).

    A subject is found where its confidence reaches `found_confidence` and its share of the picture `found_share`.
    """

    bias: float = 0.0
    slope: float = 1.0
    found_confidence: float = 0.15
    found_share: float = 0.001
