"""Restoring and upscaling in the pipeline: order, sizes, metadata, and what is refused."""

import numpy as np
import pytest

from mattebox.errors import ModelError, UsageError
from mattebox.pipeline.result import Result
from mattebox.pipeline.run import run_recipe
from mattebox.recipe.recipe import Recipe
from mattebox.recipe.steps import Background, Cut, Frame, Light, Restore, Save, Step, Upscale
from mattebox.types import Picture


def done(picture: Picture, *steps: Step) -> Result:
    return run_recipe(picture, Recipe(steps), device="cpu")


def small(picture: Picture, every: int = 3) -> Picture:
    return picture.with_pixels(np.ascontiguousarray(picture.rgb[::every, ::every]), None)


def test_strength_zero_is_the_photograph_itself(astronaut: Picture) -> None:
    result = done(astronaut, Restore(), Upscale(), Save())
    assert result.picture.rgb is astronaut.rgb
    assert done(astronaut, Restore(amount="0")).picture.rgb is astronaut.rgb
    assert done(astronaut, Upscale(to="1x")).picture.rgb is astronaut.rgb
    assert done(astronaut, Upscale(to="100px")).picture.rgb is astronaut.rgb


def test_a_cutout_and_its_matte_grow_together(astronaut: Picture) -> None:
    half = small(astronaut, 2)
    plain, large = done(half, Cut()), done(half, Cut(), Upscale(to="2x"))
    assert plain.matte is not None
    assert large.matte is not None
    assert large.picture.shape == large.matte.shape == (512, 512)
    assert np.abs(np.array(large.matte.box) - 2 * np.array(plain.matte.box)).max() <= 4
    assert large.picture.alpha is not None
    assert plain.picture.alpha is not None
    shrunk = large.picture.alpha.reshape(256, 2, 256, 2).mean((1, 3))
    assert np.abs(shrunk - plain.picture.alpha).mean() < 1.5
    inner = np.lib.stride_tricks.sliding_window_view(plain.picture.alpha, (3, 3)).min((2, 3)) == 255
    assert inner.any()
    assert (shrunk[1:-1, 1:-1][inner] == 255).all()


def test_the_photograph_behind_grows_with_the_cutout(astronaut: Picture) -> None:
    half = small(astronaut, 2)
    plain = done(half, Cut(), Background(paint="blur(4%)")).picture
    large = done(half, Cut(), Upscale(to="2x"), Background(paint="blur(4%)")).picture
    assert large.shape == (512, 512)
    shrunk = large.rgb.reshape(256, 2, 256, 2, 3).mean((1, 3))
    assert np.abs(shrunk - plain.rgb).mean() < 3


def test_light_after_upscaling_and_a_frame_at_the_end(astronaut: Picture) -> None:
    steps = (Cut(), Upscale(to="2x"), Light(exposure=0.5), Frame(crop="subject", size="600"))
    assert max(done(small(astronaut), *steps).picture.shape) == 600


def test_a_matte_as_a_picture_grows_too(astronaut: Picture) -> None:
    result = done(small(astronaut), Cut(output="matte"), Upscale(to="2x"))
    assert result.matte is not None
    assert result.picture.shape == result.matte.shape == (342, 342)


def test_profile_depth_and_metadata_stay(astronaut: Picture) -> None:
    deep = Picture((small(astronaut).rgb.astype(np.uint16) * 257), None, b"profile")
    made = done(deep, Upscale(to="1.5x", detail=50)).picture
    assert made.rgb.dtype == np.uint16
    assert made.profile == b"profile"
    assert made.shape == (256, 256)


@pytest.mark.parametrize(
    ("step", "said"),
    [
        (Upscale(to="big"), "2x, 1.5x"),
        (Upscale(to="2x", model="balanced"), "cannot upscale"),
        (Upscale(to="2x", model="restore-3"), "cannot upscale"),
        (Upscale(to="2x", model="none-such"), "unknown model"),
        (Restore(amount="lots"), "from 0 to 1"),
        (Restore(amount="auto", model="up2-1"), "cannot restore"),
        (Cut(model="up4-1"), "cannot cut out"),
    ],
)
def test_what_is_refused_before_any_work(step: Step, said: str, astronaut: Picture) -> None:
    with pytest.raises((UsageError, ModelError), match=said):
        done(astronaut, step)


def test_too_large_a_result_is_refused_at_once() -> None:
    with pytest.raises(UsageError, match="400 megapixels"):
        done(Picture(np.zeros((3000, 4000, 3), np.uint8)), Cut(), Upscale(to="16x"))


def test_faithful_upscaling_of_noise_is_noted(astronaut: Picture) -> None:
    clean = small(astronaut)
    noise = np.random.default_rng(0).normal(0, 12, clean.rgb.shape)
    noisy = clean.with_pixels(np.clip(clean.rgb + noise, 0, 255).astype(np.uint8), None)
    flat = clean.with_pixels(np.full_like(clean.rgb, 128), None)
    assert any("looks noisy" in note for note in done(noisy, Upscale(to="1.5x")).notes)
    assert not done(noisy, Upscale(to="1.5x", model="real")).notes
    assert not done(flat, Upscale(to="1.5x")).notes


def test_noise_that_light_will_raise_is_restored(astronaut: Picture) -> None:
    """Noise of one level is left alone, unless the shadows are brightened after it."""
    noise = np.random.default_rng(0).normal(0, 1, (160, 160, 3))
    dark = astronaut.with_pixels(np.rint(40 + noise).astype(np.uint8), None)
    assert done(dark, Restore(amount="auto")).picture.rgb is dark.rgb
    plain, restored = done(dark, Light(exposure=3)), done(dark, Restore(amount="auto"), Light(exposure=3))
    assert restored.picture.rgb.std() < 0.9 * plain.picture.rgb.std()


def test_a_clean_photograph_opens_no_network(astronaut: Picture, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(
        "mattebox.pipeline.restoration.blind_restoration.estimate_strength", lambda picture, noise_gain: 0.0
    )
    monkeypatch.setattr(
        "mattebox.pipeline.run_networks.open_image_to_image_network", lambda *_: pytest.fail("a network was opened")
    )
    assert done(astronaut, Restore(amount="auto")).picture.rgb is astronaut.rgb
