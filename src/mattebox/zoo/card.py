"""A model as data. A card says where the weights are, what they must hash to, under which licence, and how a picture
becomes their input and their output an alpha. It knows nothing of runtimes, files of weights or the network.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any, Literal

import msgspec
from msgspec import Struct

from mattebox.errors import ModelError


class Licence(Struct, frozen=True, forbid_unknown_fields=True):
    """SPDX name of the weights' licence, the address of its text, whether they may be used commercially, whether it
    must be accepted before a pull (`gated`), and what to know about their data."""

    name: str
    commercial: bool
    url: str = ""
    gated: bool = False
    notes: str = ""

    @property
    def must_be_accepted(self) -> bool:
        return self.gated or not self.commercial


class Input(Struct, frozen=True, forbid_unknown_fields=True):
    """How a picture becomes the network's N x 3 x H x W float32 input.

    `fit`: `aspect` = about side x side pixels in the picture's own aspect, sides rounded to `multiple`; `short` = the
    same with the shorter side `side`; `squash` = exactly `height` x `width` (side x side where they are not given).
    `resize`: `quick` averages blocks first, `lanczos` filters every pixel, as the field's own code does.
    Values are divided by 255 (`range` = depth) or by the picture's brightest (`range` = brightest, U2-Net's habit),
    then (x - mean) / std. `looks` = how many views of a picture it is shown
    unless told otherwise (`matte.votes`). `constants` are the network's further inputs.
    """

    side: int = 0
    height: int = 0
    width: int = 0
    multiple: int = 32
    fit: Literal["aspect", "short", "squash"] = "aspect"
    resize: Literal["quick", "lanczos"] = "quick"
    range: Literal["depth", "brightest"] = "depth"
    mean: tuple[float, float, float] = (0.485, 0.456, 0.406)
    std: tuple[float, float, float] = (0.229, 0.224, 0.225)
    looks: int = 1
    constants: dict[str, Any] = {}

    def __post_init__(self) -> None:
        fixed = self.height > 0 and self.width > 0 and self.fit == "squash"
        if not fixed and self.side < 1:
            raise ValueError('give a side, or height and width with fit = "squash"')
        if self.looks < 1:
            raise ValueError("looks must be 1 or more")
        if self.multiple < 1 or min(self.std) <= 0:
            raise ValueError("multiple and std must be positive")


class Output(Struct, frozen=True, forbid_unknown_fields=True):
    """What the network's output number `index` means, at a `scale`-th of the input's size.

    `alpha` = 0..1; `logits` = alpha before the sigmoid; `classes` = one channel for each of `classes`, of which the
    largest wins; `shares` = the same, but 0..1 and adding up to 1. `subject` names the classes wanted.
    """

    values: Literal["alpha", "logits", "classes", "shares"] = "alpha"
    index: int = 0
    scale: int = 1
    classes: tuple[str, ...] = ()
    subject: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        by_class = self.values in ("classes", "shares")
        if (
            by_class != bool(self.classes)
            or by_class != bool(self.subject)
            or not set(self.subject) <= set(self.classes)
        ):
            raise ValueError("classes, and a subject among them, go with values = classes or shares")
        if self.scale < 1 or self.index < 0:
            raise ValueError("scale must be positive, and index not negative")


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
    """How outputs become promises: `confidence` = sigmoid(bias + slope x logit of the matte's own expected IoU);
    a subject is `found` when its confidence and its share of the picture reach these."""

    bias: float = 0.0
    slope: float = 1.0
    found_confidence: float = 0.15
    found_share: float = 0.001


class Figure(Struct, frozen=True, forbid_unknown_fields=True):
    """A figure, and the command that measures it or the publication that states it."""

    what: str
    value: float
    command: str = ""
    source: str = ""


class Card(Struct, frozen=True, forbid_unknown_fields=True):
    """One model.

    `weights` is a file beside the card or, when there is a `url` to pull it from, in the store; it must hash to
    `sha256` and `md5` (those that are given; one must be) and be `bytes` long (0 = unknown). `parts` are further files
    of the network, name -> sha256. `variants` are named changes to `input` or `output` ("fast": a smaller side).
    Networks that upscale or restore have `tiles` in place of `input`, `output` and `calibration`, those of styles the
    names of their `styles`; those for `faces` take and give a square of `side`, those that `find` faces look at one.
    Weights that are not ONNX name their `converter` (see `convert`). `twin` is the card of a network of the same
    architecture that takes out less noise, for mixing (see `mixture`).
    """

    name: str
    task: Literal["cutout", "upscale", "restore", "style", "faces", "find"]
    architecture: str
    summary: str
    weights: str
    licence: Licence
    input: Input = Input(side=320)
    tiles: Tiles | None = None
    styles: tuple[str, ...] = ()
    sha256: str = ""
    md5: str = ""
    bytes: int = 0
    url: str = ""
    source: str = ""
    parts: dict[str, str] = {}
    output: Output = Output()
    calibration: Calibration = Calibration()
    variants: dict[str, dict[str, Any]] = {}
    data: tuple[str, ...] = ()
    recipe: str = ""
    notes: str = ""
    converter: str = ""
    twin: str = ""
    figures: tuple[Figure, ...] = ()
    folder: str = ""

    def __post_init__(self) -> None:
        if not (_hex(self.sha256, 64) or _hex(self.md5, 32)) or (self.sha256 and not _hex(self.sha256, 64)):
            raise ValueError("give the sha256 of the weights, or the md5 that their publisher gives")
        if (self.tiles is not None) != (self.task in ("upscale", "restore")):
            raise ValueError("tiles go with the tasks upscale and restore, and only with them")
        if bool(self.styles) != (self.task == "style"):
            raise ValueError("styles go with the task style, and only with it")
        names = [self.weights, *self.parts]
        if any(not n or Path(n).name != n or n.startswith(".") or "\\" in n for n in names):
            raise ValueError("weights and parts are names of files, without folders")

    def variant(self, name: str) -> Card:
        """The card with its input or output changed as the variant says. ModelError when there is none of that name."""
        if name not in self.variants:
            have = ", ".join(sorted(self.variants)) or "none"
            raise ModelError(f"model {self.name} has no variant {name!r}", f"choose one of: {have}")
        changes = self.variants[name]
        seen = {k: v for k, v in changes.items() if k in Input.__struct_fields__}
        read = {k: v for k, v in changes.items() if k not in Input.__struct_fields__}
        try:
            new_input = msgspec.convert({**msgspec.to_builtins(self.input), **seen}, Input)
            new_output = msgspec.convert({**msgspec.to_builtins(self.output), **read}, Output)
        except msgspec.ValidationError as error:
            raise ModelError(
                f"model {self.name}: its variant {name} is malformed ({error})", "correct its card"
            ) from error
        changed = {"name": f"{self.name}@{name}", "input": new_input, "output": new_output, "variants": {}}
        return msgspec.structs.replace(self, **changed)


def load_card(path: str | Path) -> Card:
    """Read a card from a JSON or TOML file. ModelError when it is missing or malformed."""
    path = Path(path)
    decode = msgspec.toml.decode if path.suffix.lower() == ".toml" else msgspec.json.decode
    try:
        card = decode(path.read_bytes(), type=Card)
    except OSError as error:
        raise ModelError(f"{path}: cannot be read ({error.strerror})", "check the path of the card") from error
    except msgspec.DecodeError as error:
        raise ModelError(
            f"{path}: not a model card ({error})", "compare it with one in mattebox/zoo/weights"
        ) from error
    return msgspec.structs.replace(card, folder=str(path.parent.resolve()))


def _hex(text: str, length: int) -> bool:
    return len(text) == length and set(text) <= set("0123456789abcdef")
