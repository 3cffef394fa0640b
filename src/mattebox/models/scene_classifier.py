"""What a picture shows: a linear head on the pooled features of an embedded cutout network, and on statistics.

The features are outputs of inner layers, which are added to the network's graph as it is opened; its file stays as it
is. The head belongs to exactly these weights.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from mattebox.errors import ModelError
from mattebox.io.resampling import shrink
from mattebox.models.cards.card import Card, SceneHead
from mattebox.models.cards.registry import find_card, find_card_for_task
from mattebox.models.runtime.inference import start_card_session
from mattebox.models.runtime.protobuf import encode_field, replace_fields
from mattebox.models.scene_statistics import measure_statistics
from mattebox.models.shared_networks import share_networks
from mattebox.models.store import weight_store
from mattebox.types import Picture, Pixels

SCENE_MODEL = "scene-1"
GRAPH_FIELD, OUTPUT_FIELD, NAME_FIELD = 7, 12, 1  # of ONNX's ModelProto, GraphProto and ValueInfoProto
FEATURES_INPUT = "features"

Float32Array = NDArray[np.float32]


class FeatureExtractor:
    """The pooled features of a cutout network's inner layers, and statistics. Threads may share it.

    Parameters
    ----------
    head
        Which network and layers.

    Raises
    ------
    ModelError
        The network's weights are others than the head was fitted to, if it names them.
    """

    def __init__(self, head: SceneHead, device: str = "cpu", threads: int | None = None) -> None:
        card = find_card(head.backbone)
        if head.backbone_sha256 not in ("", card.sha256):
            raise ModelError(
                f"{card.name} is not the network that scenes were learned from",
                "fit them again: python -m mattebox.training.tasks.scene.train; or give --scene by its name",
            )
        graph = add_graph_outputs(weight_store.read_weights(card), head.layers)
        self.head, self._input = head, card.input
        self._session = start_card_session(card, device, threads, content=graph)

    def extract(self, rgb: Pixels) -> Float32Array:
        """The features of a picture, H x W x 3 uint8 or uint16: C float32."""
        side = self.head.side
        scaled = shrink(rgb, (side, side)).astype(np.float32) / 255
        x = (scaled - np.array(self._input.mean, np.float32)) / np.array(self._input.std, np.float32)
        (name,) = (each.name for each in self._session.get_inputs())
        outputs: list[NDArray[Any]] = self._session.run(None, {name: x.transpose(2, 0, 1)[None]})
        pooled = [output.reshape(-1) for output in outputs[-len(self.head.layers) :]]
        return np.concatenate([*pooled, measure_statistics(rgb)]).astype(np.float32)


class SceneClassifier:
    """Probabilities of the scenes that a card names."""

    def __init__(self, card: Card, extractor: FeatureExtractor, session: Any) -> None:
        self.card, self._extractor, self._session = card, extractor, session

    @classmethod
    def open(cls, model: str = SCENE_MODEL, device: str = "cpu", threads: int | None = None) -> SceneClassifier:
        """Start the networks. Raises ModelError, also for a model of another task."""
        card = find_card_for_task("scene", model)
        assert card.scene is not None
        extractor = FeatureExtractor(card.scene, device, threads)
        return cls(card, extractor, start_card_session(card, "cpu", 1))

    def classify(self, picture: Picture) -> dict[str, float]:
        """The probability of each scene, 0..1, the likeliest first."""
        assert self.card.scene is not None
        features = self._extractor.extract(picture.rgb)[None]
        shares = self._session.run(None, {FEATURES_INPUT: features})[0][0]
        found = zip(self.card.scene.names, map(float, shares), strict=True)
        return dict(sorted(found, key=lambda pair: -pair[1]))


@share_networks()
def open_scene_classifier(model: str = SCENE_MODEL, device: str = "cpu", threads: int | None = None) -> SceneClassifier:
    """Return the shared classifier of a model, opened at the first call; see `SceneClassifier.open`."""
    return SceneClassifier.open(model, device, threads)


def add_graph_outputs(model: bytes, names: Sequence[str]) -> bytes:
    """An ONNX model that also returns these tensors of its graph, after its own outputs.

    Parameters
    ----------
    model
        The file.
    names
        Names of tensors; their types are inferred when it is opened.
    """
    values = [encode_field(NAME_FIELD, name.encode()) for name in names]
    added = b"".join(encode_field(OUTPUT_FIELD, value) for value in values)
    return replace_fields(memoryview(model), {GRAPH_FIELD}, lambda _, graph: bytes(graph) + added)
