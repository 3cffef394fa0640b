"""A model as data. A card says where the weights are, what they must hash to, under which licence, and how a picture
becomes their input and their output an alpha. It knows nothing of runtimes, files of weights or the network.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any, Literal

import msgspec
from msgspec import Struct

from mattebox.errors import ModelError
from mattebox.models.cards.tensor_spec import Calibration, Input, Output, Tiles


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


class Figure(Struct, frozen=True, forbid_unknown_fields=True):
    """A figure, and the command that measures it or the publication that states it."""

    what: str
    value: float
    command: str = ""
    source: str = ""


class Decoder(Struct, frozen=True, forbid_unknown_fields=True):
    """The second network of a model that is asked by points, or paints: its file (as in `Card`), which of the first
    one's outputs each of its inputs takes, and the numbers of its own outputs that are masks (logits) and scores."""

    weights: str
    takes: dict[str, int]
    sha256: str = ""
    md5: str = ""
    bytes: int = 0
    url: str = ""
    masks: int = 0
    scores: int = 1


class Card(Struct, frozen=True, forbid_unknown_fields=True):
    """One model.

    `weights` is a file beside the card or, when there is a `url` to pull it from, in the store; it must hash to
    `sha256` and `md5` (those that are given; one must be) and be `bytes` long (0 = unknown). `parts` are further files
    of the network, name -> sha256. `variants` are named changes to `input` or `output` ("fast": a smaller side).
    Networks that upscale or restore have `tiles` in place of `input`, `output` and `calibration`, those of styles the
    names of their `styles`, or a `decoder` when they take any picture's; those for `faces` take and give a square of
    `side`, those for `face-detect` look at one.
    Weights that are not ONNX name their `converter` (see `convert`). `twin` is the card of a network of the same
    architecture that takes out less noise, for mixing (see `mixture`); `origin` that of the network in float of which
    an int8 one was made; `failures` say where it is known to be weak. Models that are asked by points have a `decoder`.
    A card without weights is a shape: how networks exported by their users are fed and read
    (`mattebox models add my.onnx --like SHAPE`).
    """

    name: str
    task: Literal["cutout", "refine", "upscale", "restore", "style", "faces", "face-detect"]
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
    origin: str = ""
    decoder: Decoder | None = None
    figures: tuple[Figure, ...] = ()
    failures: tuple[str, ...] = ()
    folder: str = ""

    def __post_init__(self) -> None:
        files: list[Card | Decoder] = [self, *([self.decoder] if self.decoder else [])] if self.weights else []
        if any(
            not (_is_hex_digest(f.sha256, 64) or _is_hex_digest(f.md5, 32))
            or (f.sha256 and not _is_hex_digest(f.sha256, 64))
            for f in files
        ):
            raise ValueError("give the sha256 of the weights, or the md5 that their publisher gives")
        if (self.tiles is not None) != (self.task in ("upscale", "restore")):
            raise ValueError("tiles go with the tasks upscale and restore, and only with them")
        if self.styles and self.task != "style":
            raise ValueError("styles go with the task style, and only with it")
        asked = self.output.values == "points"
        if self.task != "style" and asked != (self.decoder is not None) and not self.is_template:
            raise ValueError("a decoder goes with output values = points, or with the task style")
        names = [*(f.weights for f in files), *self.parts]
        if any(not n or Path(n).name != n or n.startswith(".") or "\\" in n for n in names):
            raise ValueError("weights and parts are names of files, without folders")

    @property
    def is_template(self) -> bool:
        """Has it no weights of its own?"""
        return not self.weights

    def decoder_card(self) -> Card | None:
        """The decoder's file as a card of its own; None without one."""
        if self.decoder is None:
            return None
        file = {name: getattr(self.decoder, name) for name in ("weights", "sha256", "md5", "bytes", "url")}
        return msgspec.structs.replace(self, decoder=None, output=Output(), parts={}, variants={}, **file)

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


def _is_hex_digest(text: str, length: int) -> bool:
    return len(text) == length and set(text) <= set("0123456789abcdef")
