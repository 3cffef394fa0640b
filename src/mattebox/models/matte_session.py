"""A card brought to life on a device. Three verbs around every network: prepare -> run -> restore.

`prepare` gives the network's input and the Geometry that `restore` needs to bring the output home; nothing is
stretched per picture, so alphas mean the same in every photograph. `alpha`, `parts` and `prompted` are the three
in one, and do not ask again what was answered before. Sessions may be shared between threads.
"""

from __future__ import annotations

import functools
import hashlib
from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

import msgspec
import numpy as np
from numpy.typing import NDArray

from mattebox.core.lru_cache import LruCache
from mattebox.errors import ModelError, UsageError
from mattebox.io import resampling
from mattebox.io.resampling import BlockMeans
from mattebox.models import instance_masks, point_prompts, preprocess, result_cache
from mattebox.models.cards.card import Card
from mattebox.models.cards.registry import find_card, require_permitted_use
from mattebox.models.instance_masks import Instance
from mattebox.models.point_prompts import PointPrompt
from mattebox.models.result_cache import NamedArrays
from mattebox.models.runtime.inference import InferenceFunction, Network
from mattebox.types import Floats, ImageShape, LetterboxGeometry, Picture

MAX_OPEN_SESSIONS = 4  # sessions held open by `open_session`

INSTANCE_DECODERS = {"boxes": instance_masks.decode_detections, "queries": instance_masks.decode_queries}


class MattePrediction(NamedTuple):
    """Of a picture: alpha h x w, 0..1, and how likely it is that there is a subject at all (1 where nobody asked)."""

    alpha: Floats
    presence: float


class Session:
    """A network ready to run. `device` is where it really runs."""

    def __init__(self, card: Card, run: InferenceFunction, device: str = "", decoder: Network | None = None) -> None:
        self.card = card
        self._run, self._device, self._decoder = run, device, decoder
        self._network = run if isinstance(run, Network) else None

    @classmethod
    def open(cls, model: str | Card = "balanced", device: str = "auto", threads: int | None = None) -> Session:
        """Start a network of its own. ModelError, DeviceError, UsageError."""
        return cls.open_lazily(model, device, threads).start()

    @classmethod
    def open_lazily(cls, model: str | Card = "balanced", device: str = "auto", threads: int | None = None) -> Session:
        """The same, started when it is first needed. ModelError, DeviceError for what is not there."""
        card = find_card(model) if isinstance(model, str) else require_permitted_use(model)
        if card.task != "cutout" or card.is_template:
            what = "is a shape without weights" if card.is_template else f"is for {card.task}"
            raise ModelError(f"model {card.name} {what} and cannot cut out", "choose balanced, or another that can")
        second = card.decoder_card()
        decoder = Network(second, device, threads, takes_picture=False) if second else None
        return cls(card, Network(card, device, threads), decoder=decoder)

    @property
    def device(self) -> str:
        return self._network.device if self._network else self._device

    def start(self) -> Session:
        """Start what has not started yet; itself. ModelError, DeviceError."""
        for network in (self._network, self._decoder):
            if network is not None:
                network.start()
        return self

    def with_input_scale(self, factor: float) -> Session:
        """The same network, shown pictures `factor` times as large as usual."""
        side = max(self.card.input.multiple, round(self.card.input.side * factor))
        card = msgspec.structs.replace(self.card, input=msgspec.structs.replace(self.card.input, side=side))
        return Session(card, self._run, self._device, self._decoder)

    def input_geometry(self, size: ImageShape) -> LetterboxGeometry:
        """Where a picture of this size lies in the network's input."""
        return preprocess.input_geometry(self.card.input, size)

    def reduce_for_views(self, picture: Picture) -> BlockMeans | None:
        """What looks at several sizes can be prepared from; None where there is no such thing."""
        return preprocess.reduce_for_views(self.card.input, picture)

    def preprocess(
        self, picture: Picture, reduced_picture: BlockMeans | None = None
    ) -> tuple[NDArray[np.float32], LetterboxGeometry]:
        """A picture of any size, depth and profile -> 1 x 3 x H x W float32 in sRGB, normalised, and its Geometry
        (of other axes where the card's layout says so); from what was `reduced` `reduced_picture`, where there is that."""
        return preprocess.prepare_input(self.card.input, picture, reduced_picture)

    def run(self, x: NDArray[np.float32]) -> NDArray[np.float32]:
        """1 x 3 x H x W -> 1 x 1 x H x W alpha 0..1, as the card's output says, with a second plane where the network
        says how likely a subject is. ModelError for another shape."""
        y, output = self._run_at_input_size(x), self.card.output
        if output.values == "alpha":
            return y
        if output.values == "logits":
            return (1 / (1 + np.exp(-np.clip(y, -80, 80)))).astype(np.float32)
        chosen = [output.classes.index(name) for name in output.subject]
        if output.values == "shares":
            shares: NDArray[np.float32] = y[:, chosen].sum(axis=1, keepdims=True)
            return shares
        return np.isin(y.argmax(axis=1, keepdims=True), chosen).astype(np.float32)

    def postprocess(self, y: NDArray[np.float32], geometry: LetterboxGeometry) -> Floats:
        """1 x 1 x H x W -> alpha 0..1 of the whole picture, at the network's own resolution, padding cut off."""
        height, width = geometry.content_shape
        return np.clip(y[0, 0, :height, :width], 0.0, 1.0).astype(np.float32)

    def predict_alpha(self, picture: Picture) -> Floats:
        """A picture -> alpha 0..1, h x w at the network's resolution. UsageError as `seen`."""
        return self.predict_matte(picture).alpha

    def predict_matte(self, picture: Picture) -> MattePrediction:
        """What the network says of a picture, at its own resolution: of the card's subject where it tells classes.

        UsageError from a network that must be asked by points.
        """
        if self.card.output.values == "points":
            raise UsageError(
                f"model {self.card.name} must be told what", 'mark it with --keep "X,Y", or a box "X,Y:X,Y"'
            )
        if self.card.output.values in INSTANCE_DECODERS:
            wanted, found = self.card.output.subject, self.predict_instances(picture)
            kept = [p for p in found if not wanted or p.label in wanted]
            return MattePrediction(instance_masks.union_alpha(kept, self._alpha_size(picture.shape)), 1.0)
        return self.predict_preprocessed(*self.preprocess(picture))

    def predict_preprocessed(self, x: NDArray[np.float32], geometry: LetterboxGeometry) -> MattePrediction:
        """Run and restore in one: what the network says of what was prepared, in steps of 1 / 65535 (but for networks
        that no card describes, which are always asked)."""

        def ask() -> NamedArrays:
            y = self.run(x)
            presence = y[0, 1:].reshape(-1)[:1] if self.card.output.presence else np.ones(1, np.float32)
            return {"alpha": self.postprocess(y, geometry), "presence": presence}

        if self._network is None:
            told = ask()
        else:
            steps = self._cached_outputs(
                "said", x, lambda: {name: instance_masks.quantise_alpha(value) for name, value in ask().items()}
            )
            told = {name: instance_masks.dequantise_alpha(value) for name, value in steps.items()}
        return MattePrediction(told["alpha"], float(told["presence"][0]))

    def predict_instances(self, picture: Picture) -> list[Instance]:
        """What the network tells apart in a picture, largest first. ModelError when it tells no classes."""
        output = self.card.output
        if not output.has_classes:
            raise ModelError(f"model {self.card.name} tells no classes", "choose one that does (mattebox models list)")
        x, place = self.preprocess(picture)

        def ask() -> NamedArrays:
            if output.values in INSTANCE_DECODERS:
                found = INSTANCE_DECODERS[output.values](self._run_all_outputs(x), output, place)
            else:
                found = instance_masks.decode_class_map(
                    self._run_at_input_size(x)[0, :, : place.content_shape[0], : place.content_shape[1]], output, place
                )
            return instance_masks.pack_instances(found)

        return instance_masks.unpack_instances(self._cached_outputs(f"parts {place.source_shape}", x, ask))

    def predict_from_prompts(self, picture: Picture, prompt_list: Sequence[PointPrompt]) -> Floats:
        """A picture and what is asked for -> alpha 0..1 of all that together, h x w at the decoder's resolution.

        The picture is embedded once; each prompt costs a run of the decoder only.
        """
        decoder, spec = self._decoder, self.card.decoder
        if decoder is None or spec is None:
            raise ModelError(
                f"model {self.card.name} cannot be asked by points", "choose one that can, such as mobile-sam"
            )
        place = self.input_geometry(picture.shape)

        def ask() -> NamedArrays:
            return {str(i): y for i, y in enumerate(self._run_all_outputs(self.preprocess(picture)[0]))}

        profile = hashlib.sha256(picture.profile or b"").hexdigest()
        embedding = self._cached_outputs(
            f"embedding {profile}", picture.rgb, ask
        )  # known by the photograph: not even prepared
        picture_feeds = {name: embedding[str(i)] for name, i in spec.takes.items()}
        answers = [
            point_prompts.decode_best_mask(
                decoder.run_named_inputs(picture_feeds | point_prompts.decoder_inputs(p, place)), spec, place
            )
            for p in prompt_list
        ]
        alpha: Floats = np.maximum.reduce(answers)
        return alpha

    def validate_outputs(self, picture: Picture) -> None:
        """Ask it anything at all. ModelError when it does not answer as its card says."""
        if self.card.output.values == "points":
            self.predict_from_prompts(picture, [PointPrompt(foreground_points=((0.5, 0.5),))])
        elif self.card.output.values in INSTANCE_DECODERS:
            self.predict_instances(picture)
        else:
            self.predict_alpha(picture)

    def _cached_outputs(self, output_kind: str, x: NDArray[Any], compute: Callable[[], NamedArrays]) -> NamedArrays:
        """What the network says of `x`: kept, or asked and kept. Networks that no card describes are always asked."""
        if self._network is None:
            return compute()
        name = result_cache.cache_key(f"{output_kind} {self.device} ".encode() + self._card_fingerprint, x)
        kept = result_cache.shared_cache.get(name)
        if kept is None:
            kept = compute()
            result_cache.shared_cache.put(name, kept)
        return kept

    @functools.cached_property
    def _card_fingerprint(self) -> bytes:
        """All of the card that decides an answer."""
        card = self.card
        return msgspec.json.encode([card.sha256, card.md5, card.parts, card.input, card.output])

    def _alpha_size(self, size: ImageShape) -> ImageShape:
        return self.input_geometry(size).content_shape

    def _run_all_outputs(self, x: NDArray[np.float32]) -> list[NDArray[Any]]:
        assert self._network is not None
        return self._network.run_all_outputs(x)

    def _run_at_input_size(self, x: NDArray[np.float32]) -> NDArray[np.float32]:
        """The network's output at the input's size. ModelError when it has another shape."""
        y, output = self._run(x), self.card.output
        height, width = x.shape[2:]
        wanted = (1, output.plane_count, height // output.scale, width // output.scale)
        if y.shape != wanted:
            raise ModelError(f"model {self.card.name} gave {y.shape}", f"it must give {wanted}; correct its card")
        if output.scale > 1:
            y = np.stack([resampling.enlarge(plane, (height, width), "bilinear") for plane in y[0]])[None]
        return y


_open_sessions: LruCache[Session] = LruCache(MAX_OPEN_SESSIONS)


def open_session(model: str = "balanced", device: str = "auto", threads: int | None = None) -> Session:
    """Like `Session.resting`, but shared: the last few used stay open, so that a batch starts its network once."""
    find_card(model)  # what is forbidden stays so, open or not
    return _open_sessions.get_or_create((model, device, threads), lambda: Session.open_lazily(model, device, threads))
