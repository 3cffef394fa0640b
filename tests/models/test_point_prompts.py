"""Point and box prompts: where points go, which mask is taken, and that a picture is embedded only once."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from mattebox.errors import ModelError, UsageError
from mattebox.matting.network_query import prompts_from_scribbles
from mattebox.matting.scribbles import Rectangle, parse_scribbles
from mattebox.models.cards import registry
from mattebox.models.matte_session import Session
from mattebox.models.point_prompts import PointPrompt, decode_best_mask, decoder_inputs
from mattebox.pipeline.run import run_recipe
from mattebox.recipe.recipe import Recipe
from mattebox.recipe.steps import Cut
from mattebox.types import LetterboxGeometry
from tests.fakes import OURS
from tests.models.families import blocks, mobile_sam, shrinking, stored
from tests.models.onnx import clicked_decoder

PLACE = LetterboxGeometry((200, 300), (1024, 1024), (683, 1024))
ON_RED, ON_GREEN, ON_BLUE = (0.3, 0.5), (0.83, 0.55), (0.65, 0.1)


def block(alpha: np.ndarray, left: int, top: int, right: int, bottom: int) -> np.ndarray:
    """A block of the picture of 300 x 200 pixels, in cells of the alpha."""
    height, width = alpha.shape
    y, x = np.mgrid[:height, :width] + 0.5
    y, x = y * 200 / height, x * 300 / width
    return (x > left) & (x < right) & (y > top) & (y < bottom)


def test_points_are_in_input_pixels_and_end_with_padding() -> None:
    made = decoder_inputs(PointPrompt(foreground_points=((0.5, 0.5),), background_points=((0.25, 1.0),)), PLACE)
    assert made["point_coords"].tolist() == [[[512.0, 341.5], [256.0, 683.0], [0.0, 0.0]]]
    assert made["point_labels"].tolist() == [[1.0, 0.0, -1.0]]
    assert made["orig_im_size"].tolist() == [683.0, 1024.0]
    assert not made["has_mask_input"].any()


def test_a_box_is_two_corners_in_place_of_padding() -> None:
    made = decoder_inputs(PointPrompt(foreground_points=((0.5, 0.5),), box=((0.25, 0.0), (0.75, 1.0))), PLACE)
    assert made["point_labels"].tolist() == [[1.0, 2.0, 3.0]]
    assert made["point_coords"][0, 1:].tolist() == [[256.0, 0.0], [768.0, 683.0]]


def test_the_mask_with_the_highest_score_is_taken_without_padding() -> None:
    decoder = registry.find_card("mobile-sam").decoder
    assert decoder is not None
    masks = np.stack([np.full((256, 256), -9.0), np.full((256, 256), 3.0)])[None]
    alpha = decode_best_mask([masks, np.array([[0.1, 0.8]]), masks], decoder, PLACE)
    assert alpha.shape == (171, 256)
    assert np.allclose(alpha, 1 / (1 + np.exp(-3)))
    with pytest.raises(ModelError, match="correct masks and scores"):
        decode_best_mask([masks], decoder, PLACE)


@pytest.mark.parametrize("name", ["mobile-sam", "sam", "sam2-tiny"])
def test_a_point_selects_the_object_under_it(name: str, tmp_path: Path) -> None:
    """Exactly, on the decoder's grid, but for the row of cells along the block's edge."""
    encoder = shrinking("hwc" if name == "mobile-sam" else "nchw", extra=2 if name == "sam2-tiny" else 0)
    session = Session.open(stored(registry.find_card(name), tmp_path, encoder, decoder_of(name)), "cpu")
    alpha = session.predict_from_prompts(blocks(), [PointPrompt(foreground_points=(ON_RED,))])
    grow = 2 * max(300 / alpha.shape[1], 200 / alpha.shape[0])
    assert (alpha[block(alpha, 30 + grow, 40 + grow, 150 - grow, 160 - grow)] > 0.99).all()
    assert (alpha[~block(alpha, 30 - grow, 40 - grow, 150 + grow, 160 + grow)] < 0.01).all()
    both = session.predict_from_prompts(blocks(), [PointPrompt(foreground_points=(ON_RED, ON_GREEN))])
    assert both[block(both, 232, 92, 268, 128)].min() > 0.99
    assert both.mean() == pytest.approx((120 * 120 + 60 * 60) / 60_000, abs=0.02)
    dropped = session.predict_from_prompts(
        blocks(), [PointPrompt(foreground_points=(ON_RED, ON_GREEN), background_points=(ON_GREEN,))]
    )
    assert dropped[block(dropped, 232, 92, 268, 128)].max() < 0.01


def decoder_of(name: str) -> bytes:
    """SAM 2's decoder takes two more embeddings, which this one ignores."""
    if name != "sam2-tiny":
        return clicked_decoder()
    from tests.models import onnx

    return clicked_decoder(extra=[onnx.value(f"high_res_features{i}", 4) for i in (1, 2)])


def test_a_second_point_does_not_embed_again(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    session = Session.open(mobile_sam(tmp_path), "cpu")
    runs: list[int] = []
    every = session._run_all_outputs
    monkeypatch.setattr(session, "_run_all_outputs", lambda x: (runs.append(1), every(x))[1])
    picture = blocks()
    first = session.predict_from_prompts(picture, [PointPrompt(foreground_points=(ON_RED,))])
    monkeypatch.delattr(Session, "preprocess")  # nor is it prepared again
    second = session.predict_from_prompts(picture, [PointPrompt(foreground_points=(ON_GREEN,))])
    assert len(runs) == 1
    assert np.abs(first - second).max() > 0.9


def test_cut_by_a_point(tmp_path: Path) -> None:
    """End to end, at full size: the block under the point and nothing else."""
    session = Session.open(mobile_sam(tmp_path), "cpu")

    def alpha(**step: str) -> np.ndarray:
        made = run_recipe(blocks(), Recipe((Cut(colours="source", **step),)), session=session).matte
        assert made is not None
        return made.alpha > made.bit_depth.peak // 2

    red, green = np.zeros((200, 300), bool), np.zeros((200, 300), bool)
    red[40:160, 30:150], green[80:140, 220:280] = True, True
    assert (alpha(keep="90,100") ^ red).mean() < 0.002
    assert (alpha(keep="250,110") ^ green).mean() < 0.002
    assert (alpha(keep="90,100 250,110") ^ (red | green)).mean() < 0.002
    assert (alpha(keep="90,100 250,110", drop="210,70:290,150") ^ red).mean() < 0.01


def test_without_a_prompt_it_asks_for_one(tmp_path: Path) -> None:
    session = Session.open(mobile_sam(tmp_path), "cpu")
    with pytest.raises(UsageError, match=r"model mobile-sam needs a point or a box on the subject; mark it with keep="):
        run_recipe(blocks(), Recipe((Cut(),)), session=session)


def test_other_models_take_no_points() -> None:
    with pytest.raises(ModelError, match=f"model {OURS} takes no points or boxes"):
        Session.open("balanced", "cpu").predict_from_prompts(blocks(), [PointPrompt(foreground_points=(ON_RED,))])


def test_scribbles_become_prompts() -> None:
    size = (100, 100)
    keep = parse_scribbles("10,10 50%,50%:90%,90% 60,70 0,0/20,20/40,20", size)
    asked, left = prompts_from_scribbles(keep, parse_scribbles("5,95 0,80:20,99", size))
    boxed, rest = asked
    assert boxed.box == ((0.5, 0.5), (0.9, 0.9))
    assert boxed.foreground_points == ((0.6, 0.7),)
    assert boxed.background_points == rest.background_points == ((0.05, 0.95),)
    assert rest.foreground_points == ((0.1, 0.1), (0.0, 0.0), (0.2, 0.2), (0.4, 0.2))
    assert [isinstance(m, Rectangle) for m in left] == [True]
    assert prompts_from_scribbles((), parse_scribbles("5,95", size)) == ([], ())
