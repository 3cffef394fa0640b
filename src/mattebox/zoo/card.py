"""A model as data. A card says where the weights are, what they must hash to, under which licence, and how a picture
becomes their input and their output an alpha. It knows nothing of runtimes.
"""

from __future__ import annotations

import hashlib
from pathlib import Path
from typing import Any, Literal

import msgspec
from msgspec import Struct

from mattebox.errors import ModelError


class Licence(Struct, frozen=True, forbid_unknown_fields=True):
    """SPDX name of the weights' licence, whether they may be used commercially, and what to know about their data."""

    name: str
    commercial: bool
    notes: str = ""


class Input(Struct, frozen=True, forbid_unknown_fields=True):
    """How a picture becomes the network's N x 3 x H x W float32 input.

    `fit`: `aspect` = about side x side pixels in the picture's own aspect, sides rounded to `multiple`; `squash` =
    exactly side x side. Values are divided by 255 (`range` = depth) or by the picture's brightest (`range` = brightest,
    U2-Net's habit), then (x - mean) / std. `mirror` averages with the mirrored picture.
    """

    side: int
    multiple: int = 32
    fit: Literal["aspect", "squash"] = "aspect"
    range: Literal["depth", "brightest"] = "depth"
    mean: tuple[float, float, float] = (0.485, 0.456, 0.406)
    std: tuple[float, float, float] = (0.229, 0.224, 0.225)
    mirror: bool = False


class Calibration(Struct, frozen=True, forbid_unknown_fields=True):
    """How outputs become promises: `confidence` = sigmoid(bias + slope x logit of the matte's own expected IoU);
    a subject is `found` when its confidence and its share of the picture reach these."""

    bias: float = 0.0
    slope: float = 1.0
    found_confidence: float = 0.15
    found_share: float = 0.001


class Figure(Struct, frozen=True, forbid_unknown_fields=True):
    """A measured figure and the command that measures it."""

    what: str
    value: float
    command: str


class Card(Struct, frozen=True, forbid_unknown_fields=True):
    """One model. `weights` is relative to the card's own folder; `sha256` is that file's. `variants` are named changes
    to `input` ("fast": a smaller side)."""

    name: str
    task: Literal["cutout"]
    architecture: str
    summary: str
    weights: str
    sha256: str
    licence: Licence
    input: Input
    calibration: Calibration = Calibration()
    variants: dict[str, dict[str, Any]] = {}
    data: tuple[str, ...] = ()
    recipe: str = ""
    figures: tuple[Figure, ...] = ()
    folder: str = ""

    def variant(self, name: str) -> Card:
        """The card with its input changed as the variant says. ModelError when there is none of that name."""
        if name not in self.variants:
            have = ", ".join(sorted(self.variants)) or "none"
            raise ModelError(f"model {self.name} has no variant {name!r}", f"choose one of: {have}")
        changed = {**msgspec.to_builtins(self.input), **self.variants[name]}
        return msgspec.structs.replace(
            self, name=f"{self.name}@{name}", input=msgspec.convert(changed, Input), variants={}
        )

    def read_weights(self) -> bytes:
        """The bytes of the weights; ModelError when they are missing or do not hash to what the card says."""
        path = Path(self.folder, self.weights)
        try:
            content = path.read_bytes()
        except OSError as error:
            raise ModelError(
                f"model {self.name}: {path} cannot be read ({error.strerror})", "put the weights beside the card"
            ) from error
        found = hashlib.sha256(content).hexdigest()
        if found != self.sha256:
            raise ModelError(
                f"model {self.name}: {path} is not the file its card describes (sha256 {found[:12]}..., "
                f"expected {self.sha256[:12]}...)",
                "restore the original file or correct the card; nothing was loaded",
            )
        return content


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
