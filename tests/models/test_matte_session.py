"""Preprocess, run, postprocess, with a fake network and with the embedded one."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from mattebox.errors import DeviceError, ModelError, UsageError
from mattebox.models.matte_session import Session, open_session
from mattebox.types import Picture
from tests.fakes import FAKE, fake_session


@given(st.integers(1, 9000), st.integers(1, 9000))
def test_geometry_keeps_aspect_and_multiples(height: int, width: int) -> None:
    geometry = fake_session().input_geometry((height, width))
    assert all(side % 32 == 0 and 32 <= side <= 4 * 128 for side in geometry.input_shape)
    if 0.5 < height / width < 2:
        area = geometry.input_shape[0] * geometry.input_shape[1]
        assert 0.6 < area / 128**2 < 1.6


def test_squash_is_square() -> None:
    assert fake_session(fit="squash").input_geometry((900, 200)).input_shape == (128, 128)


def test_a_squash_need_not_be_square() -> None:
    assert fake_session(fit="squash", side=0, height=64, width=96).input_geometry((900, 200)).input_shape == (64, 96)


@given(st.integers(1, 9000), st.integers(1, 9000))
def test_the_short_side_is_kept_and_the_long_one_bounded(height: int, width: int) -> None:
    found = fake_session(fit="short").input_geometry((height, width)).input_shape
    assert min(found) == 128
    assert max(found) <= 512
    assert max(found) % 32 == 0


def test_preprocessing_normalises() -> None:
    session = fake_session(mean=(0.5, 0.5, 0.5), std=(0.25, 0.25, 0.25))
    x, geometry = session.preprocess(Picture(np.full((64, 64, 3), (255, 0, 51), np.uint8)))
    assert x.shape == (1, 3, 128, 128)
    assert x.dtype == np.float32
    np.testing.assert_allclose(x[0, :, 50, 50], (2.0, -2.0, -1.2), atol=1e-6)
    assert geometry.source_shape == (64, 64)


def test_brightest_divides_by_the_maximum() -> None:
    x, _ = fake_session(range="brightest").preprocess(Picture(np.full((64, 64, 3), (100, 50, 0), np.uint8)))
    np.testing.assert_allclose(x[0, :, 5, 5], (1, 0.5, 0), atol=1e-6)


def test_outputs_are_not_stretched() -> None:
    session = fake_session()
    faint = np.full((1, 1, 128, 128), 0.3, np.float32)
    faint[..., 0, 0] = 0.2
    restored = session.postprocess(faint, session.input_geometry((100, 100)))
    assert restored.max() == np.float32(0.3)
    assert restored.min() == np.float32(0.2)


def test_a_wrong_output_shape_is_an_error() -> None:
    session = Session(FAKE, lambda x: x, "cpu")
    with pytest.raises(ModelError, match="it must give"):
        session.run(np.zeros((1, 3, 64, 64), np.float32))


def test_sessions_are_shared() -> None:
    assert open_session("balanced", "cpu", 1) is open_session("balanced", "cpu", 1)
    assert open_session("balanced", "cpu", 1) is not open_session("fast", "cpu", 1)


def test_the_device_is_strict() -> None:
    with pytest.raises(DeviceError, match="device cuda is not available here; install onnxruntime-gpu"):
        Session.open("balanced", device="cuda")
    with pytest.raises(DeviceError, match="unknown device 'gpu'; choose one of: auto, "):
        Session.open("balanced", device="gpu")
    assert Session.open("balanced", device="auto").device == "cpu"


def test_threads_are_positive() -> None:
    with pytest.raises(UsageError, match="at least 1"):
        Session.open("balanced", threads=0)


def test_the_embedded_network_finds_the_astronaut(astronaut: Picture) -> None:
    session = open_session()
    x, geometry = session.preprocess(astronaut)
    alpha = session.postprocess(session.run(x), geometry)
    height, width = alpha.shape
    assert alpha[int(0.3 * height) : int(0.6 * height), int(0.35 * width) : int(0.5 * width)].mean() > 0.9
    assert alpha[int(0.05 * height) : int(0.25 * height), int(0.62 * width) : int(0.7 * width)].mean() < 0.1


def test_the_embedded_network_answers_a_batch_as_it_answers_each() -> None:
    run = Session.open("fast", "cpu")._run
    pictures = np.random.default_rng(3).normal(size=(3, 3, 64, 96)).astype(np.float32)
    assert np.abs(run(pictures) - np.concatenate([run(p[None]) for p in pictures])).max() < 1e-5
