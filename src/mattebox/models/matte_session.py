"""Cutout sessions: a card's network on a device, from a picture to its alpha.

Every network runs in three steps: `preprocess` gives its input and the geometry, `run` its output, `postprocess` the
alpha of the picture. Outputs are not stretched per picture, so alphas mean the same in every photograph. The
`predict_...` methods do all three and cache their results.
"""

from __future__ import annotations

import functools
import hashlib
from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

import msgspec
import numpy as np
from numpy.typing import NDArray

from mattebox.core.interface import list_models, name_parameter
from mattebox.errors import ModelError, UsageError
from mattebox.io.resampling import BlockMeans
from mattebox.models import instance_decoders, instance_masks, point_prompts, postprocess, preprocess, result_cache
from mattebox.models.cards.card import Card
from mattebox.models.cards.registry import find_card, require_permitted_use
from mattebox.models.instance_masks import Instance
from mattebox.models.point_prompts import PointPrompt
from mattebox.models.result_cache import NamedArrays
from mattebox.models.runtime.inference import InferenceFunction, Network
from mattebox.models.shared_networks import share_networks
from mattebox.types import Floats, ImageShape, LetterboxGeometry, Picture

MAX_OPEN_SESSIONS = 4

INSTANCE_DECODERS = {"boxes": instance_decoders.decode_detections, "queries": instance_decoders.decode_queries}


class MattePrediction(NamedTuple):
    """A prediction for a picture.

    Attributes
    ----------
    alpha : h x w float32
        0..1, at the network's resolution.
    presence : float
        Probability that there is a subject, 0..1; 1 from networks that do not predict it.
    """

    alpha: Floats
    presence: float


class Session:
    """A network that cuts out subjects, ready to run. Threads may share it, and process pools by pickling it.

    Parameters
    ----------
    card : Card
    run : callable
        The network as a function, from its input to its output.
    device : str
        Name of the device behind `run`; a `Network` knows its own.
    decoder : Network, optional
        The mask decoder of a promptable model.

    Examples
    --------
    >>> session = Session.open("fast", device="cpu")
    >>> alpha = session.predict_alpha(picture)
    """

    def __init__(self, card: Card, run: InferenceFunction, device: str = "", decoder: Network | None = None) -> None:
        self.card = card
        self._run, self._device, self._decoder = run, device, decoder
        self._network = run if isinstance(run, Network) else None

    @classmethod
    def open(cls, model: str | Card = "balanced", device: str = "auto", threads: int | None = None) -> Session:
        """Open a model and start its network.

        Parameters
        ----------
        model : str or Card
            A preset (fast, balanced, best), the name of a model, `name@variant`, or the path of a card.
        device : str
            `auto`, `cpu`, `cuda`, `cuda:1` ...
        threads : int, optional
            Processor threads; by default all that this thread may use.

        Raises
        ------
        ModelError
            The model is unknown, cannot cut out, or its weights are missing or wrong.
        DeviceError
            The device is not available.
        UsageError
            `threads` is not positive.
        """
        return cls.open_lazily(model, device, threads).start()

    @classmethod
    def open_lazily(cls, model: str | Card = "balanced", device: str = "auto", threads: int | None = None) -> Session:
        """Open a model; its network starts at the first run. Parameters and errors as for `open`."""
        card = find_card(model) if isinstance(model, str) else require_permitted_use(model)
        if card.task != "cutout" or card.is_template:
            reason = "is a template without weights" if card.is_template else f"is for {card.task}"
            raise ModelError(f"model {card.name} {reason} and cannot cut out", "choose balanced, or another that can")
        decoder_card = card.decoder_card()
        decoder = Network(decoder_card, device, threads, takes_picture=False) if decoder_card else None
        return cls(card, Network(card, device, threads), decoder=decoder)

    @property
    def device(self) -> str:
        """Name of the device that the network runs on."""
        return self._network.device if self._network else self._device

    def start(self) -> Session:
        """Start the networks that have not started yet; returns the session. ModelError, DeviceError."""
        for network in (self._network, self._decoder):
            if network is not None:
                network.start()
        return self

    def with_input_scale(self, factor: float) -> Session:
        """The same network for inputs `factor` times as large as the card's."""
        side = max(self.card.input.multiple, round(self.card.input.side * factor))
        card = msgspec.structs.replace(self.card, input=msgspec.structs.replace(self.card.input, side=side))
        return Session(card, self._run, self._device, self._decoder)

    def input_geometry(self, shape: ImageShape) -> LetterboxGeometry:
        """Place of a picture of a shape (height, width) in the network's input."""
        return preprocess.input_geometry(self.card.input, shape)

    def reduce_for_views(self, picture: Picture) -> BlockMeans | None:
        """Reduce a picture once, for several calls of `preprocess`; None where the card needs every pixel."""
        return preprocess.reduce_for_views(self.card.input, picture)

    def preprocess(
        self, picture: Picture, reduced_picture: BlockMeans | None = None
    ) -> tuple[NDArray[np.float32], LetterboxGeometry]:
        """Convert a picture of any size, bit depth and profile to the network's input; see `prepare_input`."""
        return preprocess.prepare_input(self.card.input, picture, reduced_picture)

    def run(self, x: NDArray[np.float32]) -> NDArray[np.float32]:
        """Run the network.

        Parameters
        ----------
        x : 1 x 3 x H x W float32
            From `preprocess`.

        Returns
        -------
        1 x 1 x H x W float32
            Alpha 0..1; from networks that predict presence, a second plane with its value everywhere.

        Raises
        ------
        ModelError
            The network's output has another shape than its card says.
        """
        return postprocess.output_to_alpha(self.card.output, self._run_at_input_size(x))

    def postprocess(self, y: NDArray[np.float32], geometry: LetterboxGeometry) -> Floats:
        """Cut the padding off an output of `run`; returns alpha h x w, 0..1, at the network's resolution."""
        return postprocess.crop_alpha(y, geometry)

    def predict_alpha(self, picture: Picture) -> Floats:
        """Predict the alpha of a picture, h x w, 0..1, at the network's resolution. Errors as for `predict_matte`."""
        return self.predict_matte(picture).alpha

    def predict_matte(self, picture: Picture) -> MattePrediction:
        """Predict alpha and presence of the subject: of the card's subject classes, where the network knows classes.

        Raises UsageError for a promptable model, ModelError where the output does not fit the card.
        """
        if self.card.output.values == "points":
            raise UsageError(
                f"model {self.card.name} needs a point or a box on the subject",
                f'mark it with {name_parameter("keep")} by a point "X,Y" or a box "X,Y:X,Y"',
            )
        if self.card.output.values in INSTANCE_DECODERS:
            subject, instances = self.card.output.subject, self.predict_instances(picture)
            selected = [i for i in instances if not subject or i.label in subject]
            return MattePrediction(instance_masks.union_alpha(selected, self._alpha_shape(picture.shape)), 1.0)
        return self.predict_preprocessed(*self.preprocess(picture))

    def predict_preprocessed(self, x: NDArray[np.float32], geometry: LetterboxGeometry) -> MattePrediction:
        """Predict from the result of `preprocess`.

        Values of a card's network are rounded to 1/65535, so that cached and fresh ones are equal.
        """

        def compute() -> NamedArrays:
            y = self.run(x)
            presence = y[0, 1:].reshape(-1)[:1] if self.card.output.presence else np.ones(1, np.float32)
            return {"alpha": self.postprocess(y, geometry), "presence": presence}

        def compute_quantised() -> NamedArrays:
            return {name: instance_masks.quantise_alpha(value) for name, value in compute().items()}

        if self._network is None:
            values = compute()
        else:
            quantised = self._cached_outputs("matte", x, compute_quantised)
            values = {name: instance_masks.dequantise_alpha(value) for name, value in quantised.items()}
        return MattePrediction(values["alpha"], float(values["presence"][0]))

    @property
    def is_recurrent(self) -> bool:
        """Whether the network keeps a state from frame to frame."""
        return bool(self.card.input.states) and self._network is not None

    def predict_next(self, picture: Picture, state: NamedArrays | None = None) -> tuple[MattePrediction, NamedArrays]:
        """Predict alpha from a frame and what a recurrent network has kept of those before.

        Parameters
        ----------
        picture : Picture
            The frame.
        state : dict of arrays, optional
            From the frame before; None for the first frame of a scene.

        Returns
        -------
        MattePrediction and dict of arrays
            The prediction, and the state for the next frame of the same size.

        Raises
        ------
        ModelError
            The network keeps no state, or its outputs do not fit its card.
        """
        return self.predict_next_preprocessed(*self.preprocess(picture), state)

    def predict_next_preprocessed(
        self, x: NDArray[np.float32], geometry: LetterboxGeometry, state: NamedArrays | None = None
    ) -> tuple[MattePrediction, NamedArrays]:
        """As `predict_next`, from the result of `preprocess`, or a part of it with its own geometry."""
        states, output = self.card.input.states, self.card.output
        if self._network is None or not states:
            raise ModelError(f"model {self.card.name} keeps no state", "choose a recurrent one, such as rvm")
        outputs = self._network.run_with_state(x, state or {})
        if max(output.index, *states.values()) >= len(outputs):
            raise ModelError(
                f"model {self.card.name} has {len(outputs)} outputs", "correct the numbers of its states in its card"
            )
        height, width = x.shape[2:]
        y = postprocess.enlarge_output(
            output, np.asarray(outputs[output.index], np.float32), (height, width), self.card.name
        )
        alpha = self.postprocess(postprocess.output_to_alpha(output, y), geometry)
        return MattePrediction(alpha, 1.0), {name: outputs[number] for name, number in states.items()}

    def predict_instances(self, picture: Picture) -> list[Instance]:
        """Predict the instances in a picture, largest first. ModelError where the network knows no classes."""
        output = self.card.output
        if not output.has_classes:
            raise ModelError(f"model {self.card.name} knows no classes", f"choose one that does ({list_models()})")
        x, geometry = self.preprocess(picture)

        def compute() -> NamedArrays:
            if output.values in INSTANCE_DECODERS:
                instances = INSTANCE_DECODERS[output.values](self._run_all_outputs(x), output, geometry)
            else:
                height, width = geometry.content_shape
                class_map = self._run_at_input_size(x)[0, :, :height, :width]
                instances = instance_decoders.decode_class_map(class_map, output, geometry)
            return instance_masks.pack_instances(instances)

        return instance_masks.unpack_instances(self._cached_outputs(f"instances {geometry.source_shape}", x, compute))

    def predict_from_prompts(self, picture: Picture, prompts: Sequence[PointPrompt]) -> Floats:
        """Predict the alpha of the objects that prompts mark.

        The picture is embedded once; each prompt costs a run of the decoder only.

        Parameters
        ----------
        picture : Picture
        prompts : sequence of PointPrompt
            One for each object.

        Returns
        -------
        h x w float32
            Alpha 0..1 of all the objects together, at the decoder's resolution.

        Raises
        ------
        ModelError
            The model takes no prompts.
        """
        decoder, spec = self._decoder, self.card.decoder
        if decoder is None or spec is None:
            raise ModelError(
                f"model {self.card.name} takes no points or boxes", "choose one that does, such as mobile-sam"
            )
        geometry = self.input_geometry(picture.shape)

        def embed() -> NamedArrays:
            return {str(i): y for i, y in enumerate(self._run_all_outputs(self.preprocess(picture)[0]))}

        # the key is of the picture itself: a cached one is not even preprocessed
        profile = hashlib.sha256(picture.profile or b"").hexdigest()
        embedding = self._cached_outputs(f"embedding {profile}", picture.rgb, embed)
        picture_feeds = {name: embedding[str(i)] for name, i in spec.takes.items()}
        masks = []
        for prompt in prompts:
            feeds = picture_feeds | point_prompts.decoder_inputs(prompt, geometry)
            masks.append(point_prompts.decode_best_mask(decoder.run_named_inputs(feeds), spec, geometry))
        alpha: Floats = np.maximum.reduce(masks)
        return alpha

    def validate_outputs(self, picture: Picture) -> None:
        """Run the network once on a picture. ModelError where its outputs do not fit its card."""
        if self.card.output.values == "points":
            self.predict_from_prompts(picture, [PointPrompt(foreground_points=((0.5, 0.5),))])
        elif self.card.output.values in INSTANCE_DECODERS:
            self.predict_instances(picture)
        else:
            self.predict_alpha(picture)

    def _cached_outputs(self, output_kind: str, x: NDArray[Any], compute: Callable[[], NamedArrays]) -> NamedArrays:
        """The results for an input, from the cache or computed; functions without a card's hash are not cached."""
        if self._network is None:
            return compute()
        key = result_cache.cache_key(f"{output_kind} {self.device} ".encode() + self._card_fingerprint, x)
        return result_cache.shared_cache.get_or_compute(key, compute)

    @functools.cached_property
    def _card_fingerprint(self) -> bytes:
        """All of the card that decides a result."""
        card = self.card
        return msgspec.json.encode([card.sha256, card.md5, card.parts, card.input, card.output])

    def _alpha_shape(self, shape: ImageShape) -> ImageShape:
        return self.input_geometry(shape).content_shape

    def _run_all_outputs(self, x: NDArray[np.float32]) -> list[NDArray[Any]]:
        assert self._network is not None
        return self._network.run_all_outputs(x)

    def _run_at_input_size(self, x: NDArray[np.float32]) -> NDArray[np.float32]:
        """The network's output, enlarged to the input's size. ModelError where it has another shape."""
        height, width = x.shape[2:]
        return postprocess.enlarge_output(self.card.output, self._run(x), (height, width), self.card.name)


@share_networks(MAX_OPEN_SESSIONS)
def open_session(model: str = "balanced", device: str = "auto", threads: int | None = None) -> Session:
    """Return the shared session of a model, opened lazily at the first call.

    The last few sessions stay open, so that a batch starts its network once. Parameters and errors as for
    `Session.open`.
    """
    return Session.open_lazily(model, device, threads)
