"""`mattebox say`: the plan, what it does, and its questions."""

import json
from pathlib import Path

import click
import pytest
from PIL import Image

import mattebox as mb
from mattebox.cli import say
from mattebox.language.errors import AmbiguousWords
from mattebox.language.plan import Plan, plan_request
from mattebox.recipe.serialization import load_recipe
from mattebox.recipe.steps import Colour
from tests.cli.conftest import Run
from tests.fakes import fake_session


def test_words_are_done_and_shown(run: Run, photo: Path) -> None:
    ran = run("say", "green backgruond, size 300x200", photo, "-o", "made.png", "--save-recipe", "mine.toml")
    assert (ran.code, ran.out) == (0, "")
    assert '"backgruond" was read as "background"' in ran.err
    assert "mattebox cut PHOTO --size 300x200 --background green" in ran.err
    with Image.open("made.png") as made:
        assert (made.size, made.getpixel((1, 1))) == ((300, 200), (0, 128, 0))
    assert run("run", "mine.toml", photo, "-o", "again.png").code == 0
    assert Path("again.png").read_bytes() == Path("made.png").read_bytes()


def test_the_flags_that_are_shown_do_the_same(run: Run, photo: Path) -> None:
    ran = run("say", "brighter, a bit warmer, black and white", photo, "-o", "said.png")
    flags = ran.err.splitlines()[-1].split()[1:]
    assert flags[0] == "enhance"
    assert run(*(photo if word == "PHOTO" else word for word in flags), "-o", "flags.png").code == 0
    assert Path("said.png").read_bytes() == Path("flags.png").read_bytes()


def test_a_size_alone_cuts_nothing(run: Run, photo: Path) -> None:
    assert run("say", "size 120 px", photo, "-o", "small.png").code == 0
    with Image.open("small.png") as made:
        assert max(made.size) == 120
        assert made.convert("RGBA").getchannel("A").getextrema() == (255, 255)


def test_a_format_alone_is_not_shown_as_enhance_which_would_improve_the_photograph(run: Run, photo: Path) -> None:
    shown = run("say", "save as png", photo, "--dry-run")
    assert shown.code == 0
    assert "mattebox run recipe.toml PHOTO    # recipe.toml: the lines above" in shown.out + shown.err
    assert "mattebox enhance" not in shown.out + shown.err


def test_a_plan_warns_of_what_the_marketplace_will_refuse(run: Run) -> None:
    ran = run("say", "for amazon, grey background, soft shadow")
    assert ran.code == 0
    warnings = [line for line in ran.out.splitlines() if line.startswith("warning: ")]
    assert warnings[0].startswith('warning: "grey background": the check for amazon will fail by background=grey')
    assert warnings[1].startswith('warning: "soft shadow": ')
    assert len(json.loads(run("say", "for amazon, grey background", "--json").out)["plan"]["warnings"]) == 1
    assert "warning" not in run("say", "for amazon").out


def test_a_plan_that_is_done_is_short_and_says_of_what_a_margin_is(run: Run, photo: Path) -> None:
    done = run("say", "green background, 10 % margin", photo, "-o", "made.png")
    assert "[[steps]]" not in done.err
    assert "margin=10% of the result" in done.err
    assert "[[steps]]" in run("say", "green background, 10 % margin", "--dry-run").out


def test_a_plan_alone_writes_nothing(run: Run, photo: Path) -> None:
    for words in (["weißer Hintergrund", "--dry-run", photo], ["weißer Hintergrund"]):
        ran = run("say", *words)
        assert (ran.code, ran.err) == (0, "")
        assert 'paint = "white"' in ran.out
    assert [path.name for path in Path().iterdir() if path.is_file()] in ([photo.name], [])
    plan = json.loads(run("say", "für Etsy", "--json").out)["plan"]
    assert plan["language"] == "de"
    assert plan["recipe"]["title"] == "an Etsy listing"


def test_a_recipe_is_changed(run: Run) -> None:
    Path("mine.toml").write_text('[[steps]]\nstep = "colour"\nwarmth = 50\n')
    assert run("say", "a bit warmer", "--recipe", "mine.toml", "--save-recipe", "x.toml").code == 0
    assert "warmth = 63" in run("say", "a bit warmer", "--recipe", "mine.toml").out
    assert load_recipe("mine.toml").find_step(Colour) == Colour(warmth=50)


def test_a_question_has_an_exit_code_of_its_own(run: Run, photo: Path) -> None:
    ran = run("say", "make it pop", photo, "--json")
    assert ran.code == AmbiguousWords.exit_code == 8
    assert "white outline" in json.loads(ran.out)["question"]["choices"]
    assert "can mean several things" in ran.error


def test_a_question_is_asked_in_a_terminal(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(say.sys.stdin, "isatty", lambda: True, raising=False)
    monkeypatch.setattr(say.sys.stderr, "isatty", lambda: True, raising=False)
    monkeypatch.setattr(click, "prompt", lambda *_, **__: 3)
    ran = run("say", "make it pop and brighter")
    assert ran.code == 0
    assert 'width = "2%"' in ran.out
    assert "exposure = 0.5" in ran.out
    assert "  3  white outline" in ran.err
    assert run("say", "make it pop", "--yes").code == 8
    assert run("say", "contrast=", "--yes").code == 8  # more or less of it?


def test_what_is_not_understood_does_nothing(run: Run, photo: Path) -> None:
    for words in ("add a hat", "white and black background", "contrast 500%", "x" * 9000):
        ran = run("say", words, photo)
        assert ran.code == 2, words
        assert ran.error
    assert not list(Path().glob("*-cut*"))


def test_python_says_the_same(photo: Path) -> None:
    plan = mb.plan("white background, soft shadow")
    result = mb.say(photo, "white background, soft shadow", session=fake_session())
    assert plan.recipe.has_composition
    assert result.picture.to_pil().getpixel((0, 0)) == (255, 255, 255)


def test_a_language_model_is_asked_and_its_plan_is_not_done_unseen(
    run: Run, photo: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked = []

    def plan_with_model(words: str, address: str, base: object) -> Plan:
        asked.append((words, address, base))
        return plan_request("size 600x400")

    monkeypatch.setattr("mattebox.language.words_model.plan_with_model", plan_with_model)
    options = ("--words-model", "http://127.0.0.1:9/v1")
    shown = run("say", "tiny, like a stamp", *options)
    assert 'size = "600x400"' in shown.out
    unseen = run("say", "tiny", photo, "-o", "made.png", *options)
    assert (unseen.code, len(asked)) == (2, 1)
    assert "not done unseen" in unseen.err
    assert run("say", "tiny", photo, "-o", "made.png", "--yes", *options).code == 0
    with Image.open("made.png") as made:
        assert made.size == (600, 400)
    assert asked == [("tiny, like a stamp", options[1], None), ("tiny", options[1], None)]
