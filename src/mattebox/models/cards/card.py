"""Model cards: a model as data, from the hash and licence of its weights to the meaning of its input and output."""

from __future__ import annotations

from pathlib import Path
from typing import Any, Literal

import msgspec
from msgspec import Struct

from mattebox.core.struct_types import build_type_info
from mattebox.errors import ModelError
from mattebox.models.cards.detection_spec import Detection
from mattebox.models.cards.tensor_spec import Calibration, Input, Output, Tiles
from mattebox.models.store.file_errors import read_bytes

SHA256_DIGITS, MD5_DIGITS = 64, 32


class Licence(Struct, frozen=True, forbid_unknown_fields=True):
    """Licence of the weights.

    Attributes
    ----------
    name : str
        SPDX identifier.
    commercial : bool
        Whether it allows commercial use.
    url : str
        Address of its text.
    gated : bool
        Whether it must be accepted before a pull.
    notes : str
        On the licence of the training data.
    """

    name: str
    commercial: bool
    url: str = ""
    gated: bool = False
    notes: str = ""

    @property
    def must_be_accepted(self) -> bool:
        """Whether a pull asks the user to accept it."""
        return self.gated or not self.commercial


class Figure(Struct, frozen=True, forbid_unknown_fields=True):
    """A measurement, and the command that repeats it or the publication that states it."""

    what: str
    value: float
    command: str = ""
    source: str = ""


class Decoder(Struct, frozen=True, forbid_unknown_fields=True):
    """The second network of a promptable or style transfer model.

    Attributes
    ----------
    weights, sha256, md5, bytes, url
        Its file, as in `Card`.
    takes : dict
        Name of each of its inputs -> number of the first network's output that it takes.
    masks, scores : int
        Numbers of its outputs that are mask logits and their scores.
    """

    weights: str
    takes: dict[str, int]
    sha256: str = ""
    md5: str = ""
    bytes: int = 0
    url: str = ""
    masks: int = 0
    scores: int = 1


class SceneHead(Struct, frozen=True, forbid_unknown_fields=True):
    """What a scene head reads and answers.

    Attributes
    ----------
    backbone : str
        Card of the cutout network whose inner layers it reads.
    backbone_sha256 : str
        Its weights; the head belongs to these alone.
    layers : tuple of str
        Tensors of its graph.
    side : int
        Pixels of the square that it is fed.
    names : tuple of str
        The scenes, in the order of the answer.
    """

    backbone: str
    backbone_sha256: str
    layers: tuple[str, ...]
    side: int
    names: tuple[str, ...]


class Card(Struct, frozen=True, forbid_unknown_fields=True):
    """One model. A card without weights is a template: input and output of networks that users export themselves
    (`mattebox models add my.onnx --like TEMPLATE`).

    Attributes
    ----------
    task : str
        `upscale` and `restore` have `tiles` instead of `input`, `output` and `calibration`; `style` has `styles`, or
        a `decoder` where it takes the style of any picture; `faces` (restoration) takes squares of `input.side`;
        `detect` finds faces or number plates, in tiles of `input.side`; `verify` looks at a detector's candidates
        again; `scene` says what a picture shows; `depth` how near each point is.
    weights : str
        File name: beside the card or, where there is a `url` to pull it from, in the store.
    sha256, md5 : str
        Hashes of the file; one must be given.
    bytes : int
        Size of the file, 0 where unknown.
    url, source : str
        Address of the file, and the publication it belongs to.
    parts : dict
        External data of the graph: file name -> sha256.
    variants : dict
        Named changes to `input` or `output` ("fast": a smaller side).
    styles : tuple of str
        Names of the styles that the network offers.
    style_inputs : tuple of str
        Names of all styles that it has learned, in the order of its input; empty where all are offered.
    decoder : Decoder, optional
        The second network of a promptable or style transfer model.
    detection : Detection
        What a detector answers.
    scene : SceneHead, optional
        What a scene head reads and answers.
    converter : str
        Entry point that converts weights of another format than ONNX.
    twin : str
        Card of a network of the same architecture that removes less noise, to mix weights with.
    origin : str
        Card of the float network that this int8 one was made from.
    figures, failures : tuple
        Measurements, and known weaknesses.
    folder : str
        Where the card was read from.
    """

    name: str
    task: Literal["cutout", "refine", "upscale", "restore", "style", "faces", "detect", "verify", "scene", "depth"]
    architecture: str
    summary: str
    weights: str
    licence: Licence
    input: Input = Input(side=320)
    tiles: Tiles | None = None
    styles: tuple[str, ...] = ()
    style_inputs: tuple[str, ...] = ()
    sha256: str = ""
    md5: str = ""
    bytes: int = 0
    url: str = ""
    source: str = ""
    parts: dict[str, str] = {}
    output: Output = Output()
    calibration: Calibration = Calibration()
    detection: Detection = Detection()
    scene: SceneHead | None = None
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
        if not all(_has_valid_hashes(f) for f in files):
            raise ValueError("give the sha256 of the weights, or the md5 that their publisher gives")
        if (self.tiles is not None) != (self.task in ("upscale", "restore")):
            raise ValueError("tiles go with the tasks upscale and restore, and only with them")
        if len(self.detection.kinds) != len(self.detection.min_scores):
            raise ValueError("give each kind of detection one of the min_scores")
        if (self.scene is not None) != (self.task == "scene"):
            raise ValueError("a scene head goes with the task scene, and only with it")
        if (self.output.values in ("nearness", "metres")) != (self.task == "depth"):
            raise ValueError("output values nearness or metres go with the task depth, and only with it")
        if self.styles and self.task != "style":
            raise ValueError("styles go with the task style, and only with it")
        if self.style_inputs and not set(self.styles) <= set(self.style_inputs):
            raise ValueError("styles that are offered are among the style_inputs")
        is_promptable = self.output.values == "points"
        if self.task != "style" and is_promptable != (self.decoder is not None) and not self.is_template:
            raise ValueError("a decoder goes with output values = points, or with the task style")
        names = [*(f.weights for f in files), *self.parts]
        if any(not n or Path(n).name != n or n.startswith(".") or "\\" in n for n in names):
            raise ValueError("weights and parts are names of files, without folders")

    @property
    def is_template(self) -> bool:
        """Whether it has no weights of its own."""
        return not self.weights

    def decoder_card(self) -> Card | None:
        """A card for the decoder's file; None where there is no decoder."""
        if self.decoder is None:
            return None
        file = {name: getattr(self.decoder, name) for name in ("weights", "sha256", "md5", "bytes", "url")}
        return msgspec.structs.replace(self, decoder=None, output=Output(), parts={}, variants={}, **file)

    def variant(self, name: str) -> Card:
        """The card with its input or output changed as a variant says. ModelError where it has none of that name."""
        if name not in self.variants:
            names = ", ".join(sorted(self.variants)) or "none"
            raise ModelError(f"model {self.name} has no variant {name!r}", f"choose one of: {names}")
        changes = self.variants[name]
        input_changes = {k: v for k, v in changes.items() if k in Input.__struct_fields__}
        output_changes = {k: v for k, v in changes.items() if k not in Input.__struct_fields__}
        try:
            new_input = msgspec.convert({**msgspec.to_builtins(self.input), **input_changes}, Input)
            new_output = msgspec.convert({**msgspec.to_builtins(self.output), **output_changes}, Output)
        except msgspec.ValidationError as error:
            raise ModelError(
                f"model {self.name}: its variant {name} is malformed ({error})", "correct its card"
            ) from error
        return msgspec.structs.replace(
            self, name=f"{self.name}@{name}", input=new_input, output=new_output, variants={}
        )


def load_card(path: str | Path) -> Card:
    """Load a card from a JSON or TOML file. ModelError where it is missing or malformed."""
    path = Path(path)
    decode = msgspec.toml.decode if path.suffix.lower() == ".toml" else msgspec.json.decode
    build_type_info(Card)
    try:
        card = decode(read_bytes(path, "check the path of the card"), type=Card)
    except msgspec.DecodeError as error:
        raise ModelError(
            f"{path}: not a model card ({error})", "compare it with one in mattebox/models/weights"
        ) from error
    return msgspec.structs.replace(card, folder=str(path.parent.resolve()))


def _has_valid_hashes(file: Card | Decoder) -> bool:
    """Whether the sha256 is well-formed or, where there is none, the MD5."""
    if file.sha256:
        return _is_hex_digest(file.sha256, SHA256_DIGITS)
    return _is_hex_digest(file.md5, MD5_DIGITS)


def _is_hex_digest(text: str, length: int) -> bool:
    return len(text) == length and set(text) <= set("0123456789abcdef")
