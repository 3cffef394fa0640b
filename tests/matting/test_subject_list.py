"""Subject list: a matte is split into its connected components."""

from __future__ import annotations

import msgspec
import numpy as np
import pytest

from mattebox.matting.subject_list import list_subjects, split_into_instances
from mattebox.types import Picture
from tests.fakes import fake_session
from tests.matting.test_selection import two_components


def test_components_are_listed_largest_first() -> None:
    large, small = split_into_instances(two_components(), Picture(np.zeros((600, 800, 3), np.uint8)))
    assert large.box == (100, 100, 400, 500)
    assert small.box == (600, 200, 700, 400)
    assert large.area_share == pytest.approx(0.25)
    assert large.score > 0.99 > 0.72 > small.score


def test_a_doubtful_subject_is_listed_too() -> None:
    rgb = np.full((200, 300, 3), (20, 60, 220), np.uint8)
    rgb[40:160, 30:150] = (220, 60, 20)
    rgb += np.random.default_rng(0).integers(0, 5, rgb.shape).astype(np.uint8)  # a photograph
    session = fake_session()
    calibration = msgspec.structs.replace(session.card.calibration, found_confidence=1.1)
    session.card = msgspec.structs.replace(session.card, calibration=calibration)
    listed = list_subjects(Picture(rgb), session)
    assert listed.matte is not None
    assert not listed.matte.found
    assert len(listed.instances) == 1


def test_flat_artwork_is_keyed_as_a_cut_keys_it() -> None:
    rgb = np.full((900, 1200, 3), (20, 60, 220), np.uint8)
    rgb[300:600, 100:500], rgb[400:500, 800:1000] = (20, 60, 225), (220, 60, 20)  # one that a network hardly sees
    listed = list_subjects(Picture(rgb), fake_session())
    assert listed.backdrop is not None
    assert listed.backdrop.hex == "#143cdc"
    assert [i.box for i in listed.instances] == [(100, 300, 500, 600), (800, 400, 1000, 500)]
