"""The same weights give the same alpha as rembg's own code, before rembg stretches each mask to 0..1.

Within 1/255. The preparation of the peer (rembg 2.0) is restated here in a few lines, independent of the cards; where
rembg is installed its own code is asked as well.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from pathlib import Path

import msgspec
import numpy as np
import onnxruntime
import pytest
from PIL import Image

from mattebox.models.cards import registry
from mattebox.models.cards.card import Card
from mattebox.models.cards.tensor_spec import Input, Output
from mattebox.models.matte_session import Session
from mattebox.types import Picture
from tests.models.onnx import colour_network

IMAGENET = (0.485, 0.456, 0.406), (0.229, 0.224, 0.225)
HALF, ONES = (0.5, 0.5, 0.5), (1.0, 1.0, 1.0)
# side, mean and std, divided by the picture's brightest, sigmoid after the network
PEER = {
    "u2net": (320, *IMAGENET, True, False),
    "u2netp": (320, *IMAGENET, True, False),
    "u2net_human_seg": (320, *IMAGENET, True, False),
    "silueta": (320, *IMAGENET, True, False),
    "isnet-general-use": (1024, HALF, ONES, True, False),
    "isnet-anime": (1024, IMAGENET[0], ONES, True, False),
    **{
        f"birefnet-{kind}": (1024, *IMAGENET, True, True)
        for kind in ("general", "general-lite", "portrait", "dis", "hrsod", "cod", "massive")
    },
    "rmbg-2.0": (1024, *IMAGENET, True, False),
    # not the peer's, but their publishers' own preparation
    "birefnet-matting": (1024, *IMAGENET, False, True),
    "birefnet-hr": (2048, *IMAGENET, False, True),
    "birefnet-hr-matting": (2048, *IMAGENET, False, True),
    "rmbg-1.4": (1024, HALF, ONES, False, False),
    "ben2": (1024, (0.0, 0.0, 0.0), ONES, False, False),
    "inspyrenet": (1024, *IMAGENET, False, False),
    "ormbg": (1024, (0.0, 0.0, 0.0), ONES, False, False),
}
WEIGHTS = np.array([[9.0, -14.0, 5.0]])


def prepared(picture: Picture, side: int | tuple[int, int], mean: object, std: object, brightest: bool) -> np.ndarray:
    """A network's input as rembg prepares it."""
    size = (side, side) if isinstance(side, int) else side
    small = np.array(Image.fromarray(picture.rgb).resize(size, Image.Resampling.LANCZOS))
    x = (small / (max(small.max(), 1e-6) if brightest else 255) - mean) / std
    return x.transpose(2, 0, 1)[None].astype(np.float32)


def made(card: Card, folder: Path, content: bytes) -> Card:
    """The card, of a network made here."""
    (folder / "made.onnx").write_bytes(content)
    sha256 = hashlib.sha256(content).hexdigest()
    return msgspec.structs.replace(
        card, weights="made.onnx", sha256=sha256, md5="", bytes=0, url="", folder=str(folder)
    )


def ours(card: Card, picture: Picture) -> np.ndarray:
    session = Session.open(card, "cpu")
    x, geometry = session.preprocess(picture)
    return session.postprocess(session.run(x), geometry)


def theirs(content: bytes, x: np.ndarray, output: int = 0) -> np.ndarray:
    session = onnxruntime.InferenceSession(content, providers=["CPUExecutionProvider"])
    given = {session.get_inputs()[0].name: x}
    return session.run(None, given)[output][0]


def test_every_squashed_alpha_is_compared() -> None:
    squashed = {
        n
        for n, c in registry.all_cards().items()
        if c.task == "cutout" and c.input.fit == "squash" and c.output.values in ("alpha", "logits")
    }
    assert squashed == set(PEER)


@pytest.mark.parametrize("name", PEER)
def test_the_same_network_gives_rembgs_alpha(name: str, tmp_path: Path, chelsea: Picture) -> None:
    side, mean, std, brightest, sigmoid = PEER[name]
    content = colour_network(WEIGHTS, sigmoid=not sigmoid)
    dark = Picture((chelsea.rgb * 0.6).astype(np.uint8))
    raw = theirs(content, prepared(dark, side, mean, std, brightest))[0]
    wanted = 1 / (1 + np.exp(-raw)) if sigmoid else raw
    found = ours(made(registry.find_card(name), tmp_path, content), dark)
    assert np.ptp(wanted) > 0.3
    assert np.abs(found - wanted).max() < 1 / 255


def test_clothes_are_rembgs_classes(tmp_path: Path, coffee: Picture) -> None:
    weights = np.array([[0.1, 0.1, 0.1], [2.0, -1.0, -1.0], [-1.0, 2.0, -1.0], [-1.0, -1.0, 2.0]])
    content = colour_network(weights, sigmoid=False)
    classes = theirs(content, prepared(coffee, 768, *IMAGENET, True)).argmax(0)
    assert set(np.unique(classes)) == {0, 1, 2, 3}
    for name, chosen in (("", (1, 2, 3)), ("@upper", (1,)), ("@lower", (2,)), ("@full", (3,))):
        card = made(registry.find_card(f"u2net_cloth_seg{name}"), tmp_path, content)
        assert (ours(card, coffee) == np.isin(classes, chosen)).all()


def test_shares_of_classes_add_up(tmp_path: Path, coffee: Picture) -> None:
    content = colour_network(np.array([[-9.0, 14.0, -5.0], [9.0, -14.0, 5.0]]))
    shares = theirs(content, prepared(coffee, 192, HALF, HALF, False))
    found = ours(made(registry.find_card("pphumanseg"), tmp_path, content), coffee)
    assert np.abs(found - shares[1]).max() < 1e-4


def test_segformer_decides_after_its_logits_are_enlarged(tmp_path: Path, coffee: Picture) -> None:
    """`scale`: an average over blocks of 4 x 4 stands for the network's coarse output."""
    card = registry.find_card("segformer-clothes@upper")
    weights = np.zeros((18, 3))
    weights[4], weights[6] = (1.0, 1.0, 1.0), (-1.0, -1.0, -1.0)  # bright, dark
    content = colour_network(weights, sigmoid=False, shrink=4)
    coarse = theirs(content, prepared(coffee, 512, *IMAGENET, False))
    planes = [np.array(Image.fromarray(p).resize((512, 512), Image.Resampling.BILINEAR)) for p in coarse]
    wanted = np.argmax(planes, axis=0) == 4
    assert coarse.shape == (18, 128, 128)
    assert 0.1 < wanted.mean() < 0.9
    assert (ours(made(card, tmp_path, content), coffee) == wanted).all()


def test_modnet_sees_the_short_side_at_512(tmp_path: Path, chelsea: Picture) -> None:
    content = colour_network(WEIGHTS)
    x = prepared(chelsea, (768, 512), HALF, HALF, False)  # 451 x 300: 769 x 512, down to multiples of 32
    found = ours(made(registry.find_card("modnet"), tmp_path, content), chelsea)
    assert np.abs(found - theirs(content, x)[0]).max() < 1e-4


def test_rvm_gets_an_empty_state_and_gives_its_second_output(tmp_path: Path, chelsea: Picture) -> None:
    state = [(f"r{i}i", 4) for i in range(1, 5)]
    content = colour_network(WEIGHTS, True, [*state, ("downsample_ratio", 1)], ("picture", "output"))
    card = made(registry.find_card("rvm"), tmp_path, content)
    found = ours(card, chelsea)
    height, width = found.shape
    wanted = prepared(chelsea, (width, height), (0, 0, 0), ONES, False)[0].transpose(1, 2, 0) @ WEIGHTS[0]
    assert np.abs(found - 1 / (1 + np.exp(-wanted))).max() < 1e-4


@pytest.mark.parametrize("photograph", ["astronaut", "chelsea", "coffee", "rocket"])
def test_real_u2netp(
    photograph: str, shared_data: Callable[[str], Path], tmp_path: Path, request: pytest.FixtureRequest
) -> None:
    picture: Picture = request.getfixturevalue(photograph)
    content = shared_data("weights/u2netp.onnx").read_bytes()
    wanted = theirs(content, prepared(picture, 320, *IMAGENET, True))[0]
    assert np.abs(ours(made(registry.find_card("u2netp"), tmp_path, content), picture) - wanted).max() < 1 / 255


@pytest.mark.parametrize(("photograph", "subject", "share"), [("astronaut", 15, 0.47), ("chelsea", 8, 0.76)])
def test_real_deeplab_cuts_out_the_class_that_is_named(
    photograph: str,
    subject: int,
    share: float,
    shared_data: Callable[[str], Path],
    tmp_path: Path,
    request: pytest.FixtureRequest,
) -> None:
    """DeepLabV3-MobileNetV2, 257 pixels, VOC (8 = cat, 15 = person): a network and a card of the user's own."""
    content = shared_data("weights/deeplabv3-257.onnx").read_bytes()
    card = msgspec.structs.replace(
        registry.find_card("u2net_cloth_seg"),
        input=Input(side=257, fit="squash", mean=HALF, std=HALF),
        output=Output("classes", classes=tuple(map(str, range(21))), subject=(str(subject),)),
    )
    found = ours(made(card, tmp_path, content), request.getfixturevalue(photograph))
    assert found.mean() == pytest.approx(share, abs=0.03)


OWN = {  # our card -> the peer's module and class
    "u2net": ("u2net", "U2netSession"),
    "u2netp": ("u2netp", "U2netpSession"),
    "u2net_human_seg": ("u2net_human_seg", "U2netHumanSegSession"),
    "silueta": ("silueta", "SiluetaSession"),
    "isnet-general-use": ("dis_general_use", "DisSession"),
    "isnet-anime": ("dis_anime", "DisSession"),
    "birefnet-general": ("birefnet_general", "BiRefNetSessionGeneral"),
    "birefnet-portrait": ("birefnet_portrait", "BiRefNetSessionPortrait"),
    "rmbg-2.0": ("bria_rmbg", "BriaRmBgSession"),
}


@pytest.mark.parametrize("name", OWN)
@pytest.mark.parametrize("photograph", ["astronaut", "coffee"])
def test_rembgs_own_code(name: str, photograph: str, tmp_path: Path, request: pytest.FixtureRequest) -> None:
    """The peer's whole `predict` on a network made here: ours, stretched per picture and enlarged as it does, is its
    mask, but for what its rounding down to 255 steps costs."""
    module, kind = OWN[name]
    peers = pytest.importorskip(f"rembg.sessions.{module}")
    picture: Picture = request.getfixturevalue(photograph)
    content = colour_network(WEIGHTS, sigmoid=not PEER[name][4])
    peer = getattr(peers, kind).__new__(getattr(peers, kind))
    peer.inner_session = onnxruntime.InferenceSession(content, providers=["CPUExecutionProvider"])
    wanted = np.array(peer.predict(Image.fromarray(picture.rgb))[0], np.float32)
    alpha = ours(made(registry.find_card(name), tmp_path, content), picture)
    stretched = (alpha - alpha.min()) / (alpha.max() - alpha.min())
    small = Image.fromarray((stretched * 255).astype(np.uint8))
    found = np.array(small.resize(picture.shape[::-1], Image.Resampling.LANCZOS), np.float32)
    assert np.ptp(wanted) > 200
    assert np.abs(found - wanted).max() <= 1
