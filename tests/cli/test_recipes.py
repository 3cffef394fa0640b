"""Recipes on the command line: presets, files, flags on top of them; and checks of listings."""

import io
import json
import zipfile
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from mattebox.recipe.recipe import Recipe
from mattebox.recipe.serialization import load_recipe
from mattebox.recipe.steps import Background, Cut, Frame
from tests.cli.conftest import Run, save
from tests.fakes import composite, disc


def test_a_preset_decides_size_and_format(run: Run, photo: Path) -> None:
    assert run("cut", photo, "--preset", "amazon").code == 0
    with Image.open("photo-cut.jpg") as made:
        assert (made.format, made.size, made.mode) == ("JPEG", (2000, 2000), "RGB")
        assert made.getpixel((5, 5)) == (255, 255, 255)


def test_flags_change_a_preset_and_a_named_file_its_format(run: Run, photo: Path) -> None:
    words = ("--preset", "amazon", "--size", "300x300", "--background", "#00ff00", "-o", "small.png")
    ran = run("cut", photo, *words)
    assert ran.code == 1
    assert "small.png: does not pass; longer side, least: 300 x 300" in ran.err
    assert "white background" in ran.err
    assert run("cut", photo, *words, "--overwrite", "--check-for", "none").code == 0
    with Image.open("small.png") as made:
        assert (made.format, made.size) == ("PNG", (300, 300))
        assert made.getpixel((2, 2)) == (0, 255, 0)


def test_what_a_marketplace_would_reject_is_reported_and_put_aside(run: Run, photo: Path) -> None:
    words = ("cut", photo, "-o", "out/", "--preset", "amazon", "--report", "r.jsonl", "--review", "look", "--json")
    assert run(*words).code == 0
    ran = run(*words, "--resume", "--background", "#fefefe")
    told, shown = (json.loads(line) for line in (Path("r.jsonl").read_text().splitlines()[-1], ran.out))
    assert (ran.code, told["verdict"]) == (1, "rejected")
    assert [rule.split(":")[0] for rule in told["broken"]] == ["white background"] == [shown["broken"][0][:16]]
    assert [p.resolve() for p in Path("look").iterdir()] == [Path("out/photo.jpg").resolve()]
    assert "did you mean etsy" in run("cut", photo, "--check-for", "esty").err


def test_a_saved_recipe_runs_again(run: Run, photo: Path) -> None:
    flags = ("--crop", "--size", "200x100", "--background", "white", "--model", "fast")
    assert run("cut", photo, *flags, "-o", "a.png", "--save-recipe", "mine.toml").code == 0
    steps = (Cut(model="fast"), Frame(crop="subject", size="200x100"), Background(paint="white"))
    assert load_recipe("mine.toml") == Recipe(steps)
    assert run("run", "mine.toml", photo, "-o", "b.png").code == 0
    assert Path("a.png").read_bytes() == Path("b.png").read_bytes()
    assert run("run", "mine.toml", photo, "-o", "c.png", "--background", "black").code == 0
    with Image.open("c.png") as made:
        assert made.getpixel((1, 1)) == (0, 0, 0)


def test_a_saved_recipe_is_not_written_over(run: Run, photo: Path) -> None:
    Path("mine.toml").write_text("precious")
    ran = run("cut", photo, "-o", "a.png", "--save-recipe", "mine.toml")
    assert ran.code == 5
    assert Path("mine.toml").read_text() == "precious"


@pytest.mark.parametrize(
    ("words", "code", "told"),
    [
        (("--preset", "amazn"), 2, "did you mean amazon"),
        (("--preset", "amazon", "--recipe", "x.toml"), 2, "choose one"),
        (("--recipe", "bad.toml"), 2, "did you mean model?"),
        (("--file-limit", "5"), 2, "give 5MB"),
        (("--file-limit", "1kB", "--format", "png"), 5, "the limit is"),
        (("--size", "big"), 2, "WIDTHxHEIGHT"),
        (("--background", "nowhere.jpg"), 3, "nowhere.jpg"),
        (("--shadow", "long"), 2, "contact"),
    ],
)
def test_one_line_with_the_remedy(run: Run, photo: Path, words: tuple[str, ...], code: int, told: str) -> None:
    Path("bad.toml").write_text('[[steps]]\nstep = "cut"\nmodle = "best"\n')
    ran = run("cut", photo, *words)
    assert ran.code == code
    assert told in ran.error
    assert not list(Path().glob("*-cut.*"))


def test_recipes_are_listed_printed_and_described(run: Run) -> None:
    assert "amazon" in run("recipes").out
    Path("own.toml").write_text(run("recipes", "sticker").out)
    assert load_recipe("own.toml").find_step(Frame) is not None
    assert "file_limit" in json.dumps(json.loads(run("recipes", "--schema").out))
    assert run("recipes", "stikcer").code == 2


def test_check_tells_each_rule_and_its_remedy(run: Run) -> None:
    photo = save(composite(disc((480, 640), 2), (220, 60, 20), (20, 60, 220)), Path("mug.jpg"))
    ran = run("check", photo, "--for", "amazon")
    assert ran.code == 1
    assert "FAIL  white background" in ran.out
    assert "--background white" in ran.out
    assert run("cut", photo, "--preset", "amazon", "-o", "made.jpg").code == 0
    ran = run("check", "made.jpg", "--for", "amazon")
    assert (ran.code, ran.out.splitlines()[0]) == (0, "made.jpg: passes for amazon")
    rows = [json.loads(line) for line in run("check", photo, "made.jpg", "--for", "amazon", "--json").out.splitlines()]
    assert [r["passed"] for r in rows] == [False, True]


def test_check_says_what_is_wrong_with_the_question(run: Run, photo: Path) -> None:
    assert "amazon, ebay" in run("check", photo).error
    assert "did you mean etsy" in run("check", photo, "--for", "esty").error
    assert run("check", "none.jpg", "--for", "etsy").code == 3
    assert "https://" in run("check", "--for", "etsy", "--rules").out


def test_layers_leave_as_a_photoshop_document(run: Run, photo: Path) -> None:
    from psd_tools import PSDImage

    assert run("cut", photo, "--shadow", "drop", "--background", "studio", "-o", "layers.psd").code == 0
    assert [layer.name for layer in PSDImage.open("layers.psd")] == ["background", "shadow", "subject"]
    assert run("cut", photo, "--shadow", "drop", "--background", "studio", "-o", "parts.zip").code == 0
    with zipfile.ZipFile("parts.zip") as parts:
        assert parts.namelist() == ["color.jpg", "alpha.png", "background.png", "shadow.png"]
        shadow = np.asarray(Image.open(io.BytesIO(parts.read("shadow.png"))))
        assert shadow[..., :3].max() == 0 < shadow[..., 3].max() < 130
    assert run("cut", photo, "-o", "both.zip").code == 0


@pytest.mark.parametrize(("words", "told"), [
    (("cut", "--preset", "enhance"), "nothing is cut"), (("enhance", "--preset", "amazon"), "cuts; use it with"),
])  # fmt: skip
def test_a_preset_of_the_other_kind_is_refused(run: Run, photo: Path, words: tuple[str, ...], told: str) -> None:
    made = run(words[0], photo, *words[1:])
    assert made.code == 2
    assert told in made.err
    assert not list(photo.parent.glob("*-*"))


def test_deprecated_words_work_and_say_so_in_one_line(run: Run, photo: Path) -> None:
    ran = run("cut", photo.name, "-o", "a.png", "--edges", "plain", "--save-recipe", "new.toml")
    assert (ran.code, ran.error) == (
        0, 'mattebox: edges "plain" is deprecated and will be removed in the next release; use "none"'
    )  # fmt: skip
    assert 'edges = "none"' in Path("new.toml").read_text()
    ran = run("cut", photo.name, "-o", "b.png", "--depth=8")
    assert (ran.code, ran.error) == (
        0,
        "mattebox: depth is deprecated and will be removed in the next release; use bit_depth",
    )
    assert "--depth" not in run("cut", "--help").out
    Path("old.toml").write_text('[[steps]]\nstep = "cut"\nedges = "plain"\n')
    ran = run("run", "old.toml", photo.name, "-o", "c.png")
    assert (ran.code, ran.error.count('edges "plain" is deprecated')) == (0, 1)
    assert Path("a.png").read_bytes() == Path("c.png").read_bytes()


def test_the_error_lists_today_s_words_only(run: Run, photo: Path) -> None:
    ran = run("cut", photo.name, "--edges", "soft")
    assert ran.code == 2
    assert "'auto', 'colour', 'network', 'none'" in ran.error
    assert "refined" not in ran.error
