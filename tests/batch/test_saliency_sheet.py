"""`--explain`: one picture beside a cutout, or an error that says what it wants."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from mattebox.batch.comparison_page import GAP_PIXELS
from mattebox.batch.saliency_sheet import INFERNO_COLOURS, apply_inferno, draw_panels
from mattebox.types import Picture
from tests.cli.conftest import Run, photo, run  # noqa: F401


def test_colours_of_heat_by_hand() -> None:
    made = apply_inferno(np.array([[0.0, 0.25, 0.375, 1.0]], np.float32))[0]
    assert made[0].tolist() == list(INFERNO_COLOURS[0])
    assert made[1].tolist() == list(INFERNO_COLOURS[1])
    assert made[2] == pytest.approx(np.mean([INFERNO_COLOURS[1], INFERNO_COLOURS[2]], 0))
    assert made[3].tolist() == list(INFERNO_COLOURS[4])


def test_panels_lie_side_by_side() -> None:
    picture = Picture(np.full((40, 60, 3), 200, np.uint8))
    made = draw_panels(picture, [np.zeros((8, 12), np.float32), np.ones((8, 12), np.float32)])
    assert made.shape == (40, 3 * 60 + 2 * GAP_PIXELS, 3)
    assert (made[:, :60] == 200).all()
    assert (made[:, 60 : 60 + GAP_PIXELS] == 255).all()
    assert made[20, 90].tolist() == [50, 50, 53]  # a quarter of the photograph, three of Inferno's black
    assert made[20, -5].tolist() == [239, 241, 173]


@pytest.mark.parametrize(("votes", "parts"), [(1, 2), (3, 3)])
def test_a_picture_of_what_decided(run: Run, photo: Path, votes: int, parts: int) -> None:  # noqa: F811
    assert run("cut", photo, "--votes", votes, "--explain", "why.png").code == 0
    with Image.open("why.png") as made:
        assert made.size == (parts * 160 + (parts - 1) * GAP_PIXELS, 120)


def test_what_cannot_be_explained(run: Run, photo: Path) -> None:  # noqa: F811
    Path("other.jpg").write_bytes(photo.read_bytes())
    for words in (["--by", "luma"], ["other.jpg"]):
        ran = run("cut", photo, *words, "--explain", "why.png", "-o", "out/")
        assert ran.code == 2
        assert "--explain" in ran.error
    assert run("cut", photo, "--explain", "why.xyz").code != 0
    assert not list(Path().rglob("*.png"))
