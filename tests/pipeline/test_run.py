"""The pipeline with a fake network: guarantees for pixels, bit depth, profile and alpha, end to end."""

from __future__ import annotations

import numpy as np
import pytest
from msgspec.structs import replace

from mattebox.errors import NoSubject, UsageError
from mattebox.models.cards.tensor_spec import Calibration
from mattebox.models.matte_session import Session
from mattebox.pipeline.recipe_check import check_recipe
from mattebox.pipeline.result import Result
from mattebox.pipeline.run import run_recipe
from mattebox.recipe.recipe import Recipe
from mattebox.recipe.steps import Background, Cut, Frame, Save
from mattebox.types import Metadata, Picture
from tests.fakes import composite, disc, fake_session

SIZE = (300, 400)
RED, BLUE = (220, 60, 20), (20, 60, 220)


def photograph(depth: int = 8) -> Picture:
    """A soft disc on another colour, with the grain that tells photographs from flat artwork."""
    grain = np.random.default_rng(0).integers(-2, 3, (*SIZE, 1))
    return composite(disc(SIZE, softness=2), np.array(RED) + grain, np.array(BLUE) + grain, depth)


def run(picture: Picture, *steps: Cut | Background) -> Result:
    return run_recipe(picture, Recipe(steps), session=fake_session())


@pytest.mark.parametrize("depth", [8, 16])
def test_depth_is_kept_and_whole_pixels_are_untouched(depth: int) -> None:
    picture = photograph(depth)
    made = run(picture, Cut()).picture
    assert made.bit_depth == depth
    assert made.alpha is not None
    whole = made.alpha == made.bit_depth.peak
    assert whole.mean() > 0.15
    assert (made.rgb[whole] == picture.rgb[whole]).all()


def test_a_result_has_size_confidence_box_and_array() -> None:
    result = run(photograph(), Cut())
    assert result.matte is not None
    assert (result.shape, result.size) == (SIZE, SIZE[::-1])
    assert (result.confidence, result.box) == (result.matte.confidence, result.matte.box)
    assert np.asarray(result).shape == (*SIZE, 4)
    assert (result.to_array()[..., 3] == result.matte.alpha).all()
    assert result.to_pil().mode == "RGBA"
    uncut = run_recipe(photograph(), Recipe((Save(),)))
    assert (uncut.confidence, uncut.box, uncut.found) == (None, None, None)


def test_a_recipe_is_checked_by_the_session_that_cuts_and_once() -> None:
    with pytest.raises(UsageError, match="model fake knows no classes"):
        run(photograph(), Cut(pick="cat"))
    checked = run_recipe(photograph(), Recipe((Cut(),)), session=fake_session(), is_checked=True)
    assert (checked.picture.rgb == run(photograph(), Cut()).picture.rgb).all()


def test_no_halo_of_the_old_background() -> None:
    clean, source = (run(photograph(), Cut(colours=c)).picture for c in ("clean", "source"))
    assert clean.alpha is not None
    soft = (clean.alpha > 25) & (clean.alpha < 255)
    off = [np.abs(p.rgb[soft].astype(int) - RED).mean() for p in (clean, source)]
    assert off[1] > 40
    assert off[0] < 0.4 * off[1]


def test_profile_and_metadata_come_along() -> None:
    picture = photograph()
    picture = Picture(picture.rgb, None, None, Metadata(exif=b"MM\0*", dpi=(300, 300)), ("first of 3 frames",))
    made = run(picture, Cut()).picture
    assert (made.metadata, made.notes) == (picture.metadata, picture.notes)


def test_a_matte_is_a_grey_picture() -> None:
    result = run(photograph(), Cut(output="matte"))
    assert result.matte is not None
    assert result.picture.alpha is None
    for channel in range(3):
        assert (result.picture.rgb[..., channel] == result.matte.alpha).all()


def test_a_background_makes_it_opaque() -> None:
    made = run(photograph(), Cut(), Background(paint="#00ff00")).picture
    assert made.alpha is None
    assert made.rgb[0, 0].tolist() == [0, 255, 0]
    assert made.rgb[150, 200].tolist() == photograph().rgb[150, 200].tolist()


def test_sixteen_bit_background() -> None:
    made = run(photograph(16), Cut(), Background(paint="white")).picture
    assert made.rgb[0, 0].tolist() == [65535] * 3


def test_plain_edges_differ_from_refined() -> None:
    plain, refined = (run(photograph(), Cut(edges=e)).matte for e in ("none", "colour"))
    assert plain is not None
    assert refined is not None
    truth = disc(SIZE, softness=2)
    error = [np.abs(m.alpha / 255 - truth).mean() for m in (plain, refined)]
    assert error[1] < 0.65 * error[0]


def test_no_subject_names_the_photograph() -> None:
    empty = Picture(np.full((50, 50, 3), 128, np.uint8))
    with pytest.raises(NoSubject, match=r"holiday\.jpg: no subject found"):
        run_recipe(empty, Recipe((Cut(),)), session=fake_session(), name="holiday.jpg")
    with pytest.raises(NoSubject, match=r"holiday\.jpg: no subject found"):
        run_recipe(empty, Recipe((Cut(empty="refuse"),)), session=fake_session(), name="holiday.jpg")
    kept = run_recipe(empty, Recipe((Cut(empty="keep"),)), session=fake_session())
    assert kept.matte is not None
    assert not kept.matte.found
    assert kept.picture.alpha is not None
    assert kept.picture.alpha.max() < 10


def faint_square(share: float) -> Picture:
    """A square of that share of the picture, which the fake network takes for subject by a third."""
    picture, side = Picture(np.full((200, 200, 3), 100, np.uint8)), round(200 * share**0.5)
    picture.rgb[80 : 80 + side, 80 : 80 + side] = (146, 100, 100)
    return picture


@pytest.mark.parametrize("edges", ["colour", "none"])
def test_a_doubtful_subject_is_delivered_with_a_warning(edges: str) -> None:
    def run_faint(empty: str) -> Result:
        return run(faint_square(0.1), Cut(by="network", empty=empty, edges=edges))  # type: ignore[arg-type]

    warned, kept = run_faint("warn"), run_faint("keep")
    assert warned.found is False
    assert warned.picture.alpha is not None
    assert (warned.picture.alpha > 40).mean() > 0.05
    (note,) = warned.notes
    assert note.startswith("it is not clear what the subject is (confidence 0.00): please check the cutout")
    assert kept.notes == ()
    assert (kept.picture.alpha == warned.picture.alpha).all()
    with pytest.raises(NoSubject, match=r"no subject found \(confidence 0\.00\); .* with empty=.warn"):
        run_faint("refuse")
    assert run(photograph(), Cut()).notes == ()


@pytest.mark.parametrize(("share", "is_delivered"), [(0.0001, False), (0.01, True)])
def test_only_what_does_not_stand_out_at_all_is_an_error(share: float, is_delivered: bool) -> None:
    step = Cut(by="network", edges="none")
    if is_delivered:
        assert run(faint_square(share), step).found is False
    else:
        with pytest.raises(NoSubject, match="nothing stands out; .* with empty=.keep"):
            run(faint_square(share), step)
        assert run(faint_square(share), Cut(by="network", edges="none", empty="keep")).found is False


def test_a_doubtful_subject_is_framed_and_its_warning_kept() -> None:
    picture = photograph()
    session = fake_session()
    doubtful = replace(session.card, calibration=Calibration(found_confidence=1.1))
    result = run_recipe(
        picture,
        Recipe((Cut(), Frame(crop="subject", margin="0"), Background(paint="white"), Save(profile="srgb"))),
        session=Session(doubtful, session.run, "cpu"),
    )
    assert result.found is False
    assert result.size[0] < 0.5 * picture.size[0]  # the disc, not the whole photograph
    assert any("not clear" in note for note in result.notes)


def test_what_is_doubtful_can_be_picked() -> None:
    picture, left, _ = two_discs()
    session = fake_session()
    doubtful = replace(session.card, calibration=Calibration(found_confidence=1.1))
    result = run_recipe(picture, Recipe((Cut(pick="largest"),)), session=Session(doubtful, session.run, "cpu"))
    assert result.matte is not None
    assert ((result.matte.alpha > 127) ^ left).mean() < 0.01


def test_an_unknown_colour_is_refused_before_any_work() -> None:
    with pytest.raises(UsageError, match="colour"):
        run(photograph(), Cut(), Background(paint="bleu"))


def test_the_same_twice_gives_the_same_bytes() -> None:
    one, other = (run(photograph(), Cut()).picture for _ in range(2))
    assert one.rgb.tobytes() == other.rgb.tobytes()
    assert one.alpha is not None
    assert other.alpha is not None
    assert one.alpha.tobytes() == other.alpha.tobytes()


def test_model_device_and_seconds_are_reported() -> None:
    result = run(photograph(), Cut())
    assert (result.model, result.device) == ("fake", "cpu")
    assert set(result.seconds) == {"detect", "segment", "backdrop", "holes", "refine", "foreground"}
    assert all(s > 0 for s in result.seconds.values())


def never(path: str) -> Picture:
    raise AssertionError(f"{path} was opened")


def two_discs() -> tuple[Picture, np.ndarray, np.ndarray]:
    """A large red disc on the left, a small one on the right, on blue."""
    y, x = np.mgrid[: SIZE[0], : SIZE[1]] + 0.5
    left, right = np.hypot(x - 130, y - 150) < 80, np.hypot(x - 320, y - 150) < 50
    return composite((left | right).astype(np.float32), RED, BLUE), left, right


def spot_at(x: int, y: int) -> np.ndarray:
    rows, columns = np.mgrid[: SIZE[0], : SIZE[1]]
    return np.hypot(columns - x, rows - y) < 3


MAX_CLICK_SHARE = 0.05  # of the picture, that a click into an even background may add around itself


def test_dropping_keeping_and_picking() -> None:
    picture, left, right = two_discs()
    for step, wanted in (
        (Cut(), left | right),
        (Cut(drop="80%,50%"), left),
        (Cut(pick="2"), right),
        (Cut(pick="130,150"), left),
        (Cut(drop="0,0:250,300", keep="20,20"), right | spot_at(20, 20)),
        (Cut(region="50% 0 100% 100%", keep="220,10"), left | right | spot_at(220, 10)),
    ):
        matte = run(picture, step).matte
        assert matte is not None
        shown = matte.alpha > 127
        area = wanted if step.region == "all" else wanted & (np.arange(SIZE[1]) >= SIZE[1] // 2)
        assert (shown != area).mean() < (0.01 if step.keep == "none" else MAX_CLICK_SHARE), step
        if step.keep != "none":  # a click adds what is around it, and nothing far away
            x, y = map(int, step.keep.split(","))
            assert shown[y, x], step
            added_y, added_x = np.nonzero(shown & ~area)
            assert np.hypot(added_x - x, added_y - y).max() < 0.3 * SIZE[1], step


def test_a_scribble_outside_the_region_is_refused() -> None:
    with pytest.raises(UsageError, match="outside the region"):
        run(two_discs()[0], Cut(region="50% 0 100% 100%", keep="10,10"))


def test_keys_need_no_network() -> None:
    picture = composite(disc(SIZE, softness=2), RED, (0, 177, 64))

    def refused(*_: object) -> None:
        raise AssertionError("the network was opened")

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("mattebox.pipeline.run_networks.open_session", refused)
        result = run_recipe(picture, Recipe((Cut(by="screen"),)))
    assert (result.model, result.device) == (None, None)
    assert set(result.seconds) == {"key", "foreground"}
    assert result.matte is not None
    assert np.abs(result.matte.alpha / 255 - disc(SIZE, softness=2)).mean() < 0.002


def test_a_key_takes_scribbles_as_a_network_does() -> None:
    _, left, right = two_discs()
    large = composite(np.kron(left | right, np.ones((4, 4))).astype(np.float32), RED, (0, 177, 64))
    matte = run(large, Cut(by="screen", drop="80%,50%")).matte
    assert matte is not None
    assert ((matte.alpha > 127) != np.kron(left, np.ones((4, 4)))).mean() < 0.002


def test_a_region_of_a_plate_is_the_same_region() -> None:
    back = np.random.default_rng(0).integers(0, 255, (*SIZE, 3), np.uint8)
    truth = disc(SIZE)
    picture = composite(truth, RED, back)
    step = Cut(by="plate(empty.png)", region="50% 0 100% 100%")
    matte = run_recipe(picture, Recipe((step,)), open_image=lambda _: Picture(back)).matte
    assert matte is not None
    assert matte.alpha[:, :200].max() == 0
    assert np.abs(matte.alpha / 255 - truth)[:, 200:].mean() < 0.02


@pytest.mark.parametrize(
    "step",
    [Cut(keep="ten,ten"), Cut(drop="1"), Cut(pick="both"), Cut(by="magic"), Cut(by="screen(white)")],
)
def test_invalid_steps_are_refused_before_any_picture_is_opened(step: Cut) -> None:
    with pytest.raises(UsageError):
        check_recipe(Recipe((step,)), never)


def test_pictures_that_a_cut_names_are_opened_before_any() -> None:
    for step in (Cut(trimap="map.png"), Cut(by="plate(map.png)")):
        with pytest.raises(AssertionError, match="map.png was opened"):
            check_recipe(Recipe((step,)), never)
