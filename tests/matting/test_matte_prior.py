"""A file's mattes as a prior: who decides where, what a network alone has found, doubt, other subjects, sky, crops."""

import numpy as np
import pytest

from mattebox.matting.matte_operations import as_floats, as_pixels
from mattebox.matting.matte_prior import apply_prior, crop_mattes, people_matte
from mattebox.types import BitDepth, Floats, Matte, subject_box

SHAPE = (120, 160)


def matte(alpha: Floats, found: bool = True) -> Matte:
    pixels = as_pixels(alpha, BitDepth.EIGHT)
    return Matte(pixels, 0.8, found, subject_box(pixels))


def plane(alpha: Floats) -> np.ndarray:
    return as_pixels(alpha, BitDepth.EIGHT)


def rectangle(top: int, bottom: int, left: int, right: int) -> Floats:
    alpha = np.zeros(SHAPE, np.float32)
    alpha[top:bottom, left:right] = 1
    return alpha


PERSON = rectangle(20, 120, 40, 80)


def test_the_file_decides_the_outline_and_its_strands() -> None:
    known = PERSON.copy()
    known[5:20, 60] = 0.7  # a strand that the network does not see
    network = rectangle(24, 120, 36, 84)  # and a wrong outline
    use = apply_prior(matte(network), {"portrait": plane(known)})
    alpha = as_floats(use.matte.alpha)
    assert use.is_used
    sure = (known == 0) | (known == 1)
    assert np.abs(alpha - known)[sure].max() < 1e-3
    assert (alpha[5:20, 60] > 0.35).all()
    assert use.agreement == pytest.approx(np.minimum(known, network).sum() / known.sum(), abs=1e-3)
    assert use.added_share == 0
    assert use.matte.confidence == 0.8


def test_what_the_network_sees_clear_of_the_people_stays() -> None:
    guitar = rectangle(60, 80, 80, 130)
    use = apply_prior(matte(np.maximum(PERSON, guitar)), {"portrait": plane(PERSON)})
    assert as_floats(use.matte.alpha)[60:80, 40:130].min() > 0.99
    assert use.added_share == pytest.approx(guitar.sum() / (guitar.sum() + PERSON.sum()), abs=0.01)
    assert use.matte.box == (40, 20, 130, 120)


def test_no_seam_between_a_soft_outline_and_what_is_held() -> None:
    soft = np.clip((np.arange(SHAPE[1]) - 83.5) / -4, 0, 1).astype(np.float32)[None] * PERSON.max(1, keepdims=True)
    soft[:, :40] = 0
    use = apply_prior(
        matte(np.maximum(soft > 0.5, rectangle(60, 80, 80, 130)).astype(np.float32)), {"portrait": plane(soft)}
    )
    assert as_floats(use.matte.alpha)[64:76, 44:126].min() > 0.95


def test_another_subject_is_the_networks() -> None:
    network = matte(rectangle(30, 90, 100, 150))
    use = apply_prior(network, {"portrait": plane(PERSON)})
    assert not use.is_used
    assert use.matte is network


def test_the_file_helps_in_doubt() -> None:
    use = apply_prior(matte(np.zeros(SHAPE, np.float32), found=False), {"portrait": plane(PERSON)})
    assert use.is_used
    assert use.matte.found
    assert (as_floats(use.matte.alpha) == PERSON).all()


def test_a_file_without_people_changes_nothing() -> None:
    network = matte(PERSON)
    for mattes in ({"portrait": plane(np.zeros(SHAPE, np.float32))}, {"hair": plane(PERSON)}):
        use = apply_prior(network, mattes)
        assert use.matte is network
        assert not use.is_used


def test_hair_belongs_to_people() -> None:
    hair = rectangle(5, 22, 45, 75)[::2, ::2]
    people = people_matte({"portrait": plane(PERSON), "hair": plane(hair)})
    assert people is not None
    assert as_floats(people.alpha)[8:20, 50:70].min() > 0.99
    assert people_matte({"hair": plane(hair)}) is None


def test_sky_is_no_subject_unless_it_is_most_of_it() -> None:
    sky = rectangle(0, 40, 0, 160)
    cleared = apply_prior(matte(PERSON), {"sky": plane(sky)}).matte
    assert (as_floats(cleared.alpha) == PERSON * (1 - sky)).all()
    balloon = matte(rectangle(5, 35, 20, 60))
    assert apply_prior(balloon, {"sky": plane(sky)}).matte is balloon


def test_crops_cover_the_same_place() -> None:
    half = plane(PERSON[::2, ::2])
    cropped = crop_mattes({"portrait": half}, (40, 20, 120, 100), SHAPE)["portrait"]
    assert cropped.shape == (40, 40)
    assert (cropped == half[10:50, 20:60]).all()
    assert crop_mattes({"portrait": half}, None, SHAPE)["portrait"] is half
