"""A network of Robust Video Matting's shape (states r1 to r4, downsample_ratio) run over a clip: its state goes from
frame to frame, and begins anew with each scene."""

from __future__ import annotations

import json
from pathlib import Path

import msgspec
import numpy as np
import pytest

from mattebox.errors import ModelError, UsageError
from mattebox.models.cards import registry
from mattebox.models.matte_session import Session
from mattebox.types import Picture
from mattebox.video.clip_cutting import cut_clip
from mattebox.video.clip_job import ClipJob
from mattebox.video.clip_options import ClipOptions
from mattebox.video.cutter import CoarseCutter, VideoCutter
from mattebox.video.formats import FORMATS
from mattebox.video.segments import cut_clip_in_segments
from tests.fakes import fake_session
from tests.models.onnx import model, node, numbers, tensor, value
from tests.models.test_parity import made
from tests.video.clips import decode_rgba, disc_alpha, draw_frame, write_clip

HALF, RATIO = 0.5, 0.375


def recurrent_network() -> bytes:
    """src, r1i ... r4i, downsample_ratio -> fgr, pha, r1o ... r4o, in RVM's order.

    r1 is the average of where red exceeds blue, with a weight of one half for the newest frame: alpha is that times
    downsample_ratio / .375. r2, r3 and r4 are sums of it on a half, a quarter and an eighth of the grid.
    """
    nodes = [
        node("Identity", ["src"], ["fgr"]),
        node("Conv", ["src", "weights"], ["difference"]),
        node("Sub", ["difference", "shift"], ["excess"]),
        node("Mul", ["excess", "steepness"], ["logit"]),
        node("Sigmoid", ["logit"], ["red"]),
        node("Mul", ["red", "half"], ["half red"]),
        node("Mul", ["r1i", "half"], ["half before"]),
        node("Add", ["half red", "half before"], ["r1o"]),
        node("Div", ["downsample_ratio", "ratio"], ["scale"]),
        node("Mul", ["r1o", "scale"], ["pha"]),
    ]
    for number in (2, 3, 4):
        side = 2 ** (number - 1)
        shape = numbers("kernel_shape", side, side), numbers("strides", side, side)
        nodes.append(node("AveragePool", ["red"], [f"small{number}"], *shape))
        nodes.append(node("Add", [f"small{number}", f"r{number}i"], [f"r{number}o"]))
    constants = {"shift": 0.2, "steepness": 40.0, "half": HALF, "ratio": RATIO}
    tensors = [tensor("weights", np.array([1, 0, -1], np.float32).reshape(1, 3, 1, 1))]
    tensors += [tensor(name, np.array([number], np.float32)) for name, number in constants.items()]
    states = [f"r{number}" for number in range(1, 5)]
    inputs = [value("src", 4), *[value(f"{name}i", 4) for name in states], value("downsample_ratio", 1)]
    outputs = [value(name, 4) for name in ("fgr", "pha", *[f"{name}o" for name in states])]
    return model(nodes, inputs, outputs, tensors)


@pytest.fixture(scope="module")
def session(tmp_path_factory: pytest.TempPathFactory) -> Session:
    """RVM's own card, but for the weights and a smaller input."""
    card = made(registry.find_card("rvm"), tmp_path_factory.mktemp("weights"), recurrent_network())
    return Session.open(msgspec.structs.replace(card, input=msgspec.structs.replace(card.input, side=128)), "cpu")


def test_a_state_goes_from_frame_to_frame(session: Session) -> None:
    assert session.is_recurrent
    picture = Picture(draw_frame(0))
    first, state = session.predict_next(picture)
    second, state = session.predict_next(picture, state)
    third, state = session.predict_next(picture, state)
    assert first.alpha.max() == pytest.approx(0.5, abs=1e-3)
    assert second.alpha.max() == pytest.approx(0.75, abs=1e-3)
    assert third.alpha.max() == pytest.approx(0.875, abs=1e-3)
    assert sorted(state) == ["r1i", "r2i", "r3i", "r4i"]
    height, width = session.preprocess(picture)[0].shape[2:]
    assert [state[f"r{n}i"].shape[2:] for n in (1, 2, 3, 4)] == [(height // s, width // s) for s in (1, 2, 4, 8)]
    assert [float(state[f"r{n}i"].max()) for n in (2, 3, 4)] == pytest.approx([3, 3, 3], abs=1e-3)
    assert session.predict_matte(picture).alpha.max() == pytest.approx(0.5, abs=1e-3)  # a photograph is a first frame
    with pytest.raises(ModelError, match="keeps no state; choose a recurrent one"):
        fake_session().predict_next(picture)


def other_scene() -> np.ndarray:
    """Green and grey patches with a red square."""
    patches = np.kron(np.random.default_rng(1).integers(60, 200, (6, 10, 1)), np.ones((16, 16, 1)))
    frame = np.concatenate([0.6 * patches, patches, 0.9 * patches], 2)
    frame[16:64, 96:144] = (230, 40, 40)
    return frame.astype(np.uint8)


def test_the_state_begins_anew_with_a_scene(session: Session) -> None:
    """`auto` is a recurrent network's own way, and it says so."""
    cutter = CoarseCutter(session)
    assert cutter.coherence == "recurrent"
    frames = [draw_frame(0)] * 4 + [other_scene()] * 3
    found = [coarse for n, frame in enumerate(frames) for coarse in cutter.push(Picture(frame), n, n / 10)]
    assert [coarse.is_cut for coarse in found] == [False] * 4 + [True, False, False]
    assert [coarse.alpha.max() for coarse in found] == pytest.approx(
        [0.5, 0.75, 0.875, 0.9375, 0.5, 0.75, 0.875], abs=0.01
    )
    before = found[3].alpha > 0.9
    assert found[4].alpha[before].mean() < 0.1  # nothing of the scene before
    assert cutter.flush() == []
    assert cutter.push(Picture(draw_frame(0)), 0, 0.0)[0].alpha.max() == pytest.approx(0.5, abs=0.01)


def test_a_clip_is_cut_by_it(session: Session, tmp_path: Path) -> None:
    frames = [draw_frame(number) for number in range(4)] + [other_scene()] * 3
    clip = write_clip(tmp_path / "clip.mkv", frames, codec="ffv1", pixel_format="bgr0", tags=(1, 1, 0, 2))
    options = ClipOptions(format=FORMATS["ffv1"])
    result = cut_clip(ClipJob(clip, tmp_path / "cut.mkv", options, session=session, report=tmp_path / "rows.jsonl"))
    assert (result.frames, result.scene_cuts) == (7, [0.4])
    rows = [json.loads(line) for line in (tmp_path / "rows.jsonl").read_text().splitlines()]
    assert {row["origin"] for row in rows} == {"network"}
    alpha = decode_rgba(tmp_path / "cut.mkv")[3][..., 3] / 255
    assert np.abs(alpha - disc_alpha(3)).mean() < 0.03


def test_frames_that_one_brings_oneself(session: Session) -> None:
    cutter = VideoCutter(session=session)
    cuts = [cut for n in range(3) for cut in cutter.push(draw_frame(n), n / 10)]
    assert [cut.time for cut in cuts] == [0, 0.1, 0.2]  # none is late
    assert np.abs(cuts[2].matte.alpha / 255 - disc_alpha(2)).mean() < 0.03
    assert cutter.flush() == []


def test_what_does_not_go_together(session: Session, tmp_path: Path) -> None:
    clip = write_clip(tmp_path / "clip.mp4", [draw_frame(0)] * 2)
    options = ClipOptions(format=FORMATS["ffv1"])
    with pytest.raises(UsageError, match="keeps a state from frame to frame; leave out resume=True"):
        cut_clip_in_segments(ClipJob(clip, tmp_path / "cut.mkv", options, session=session))
    options = ClipOptions(format=FORMATS["ffv1"], coherence="recurrent")
    with pytest.raises(UsageError, match="keeps no state from frame to frame"):
        cut_clip(ClipJob(clip, tmp_path / "cut.mkv", options, session=fake_session()))
    with pytest.raises(ValueError, match="states are among the constants"):
        msgspec.structs.replace(session.card.input, states={"r9i": 3})
