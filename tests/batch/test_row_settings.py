"""Settings of single rows of a manifest."""

import json
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from mattebox.batch.row_settings import row_recipe
from mattebox.errors import UsageError
from mattebox.recipe.recipe import Recipe
from mattebox.recipe.steps import Cut, Frame, Light
from tests.batch.test_many import photos
from tests.cli.conftest import Run
from tests.cli.conftest import run as run

CUT = Recipe((Cut(),))


def corner(path: str) -> list[int]:
    with Image.open(path) as image:
        pixel: list[int] = np.asarray(image.convert("RGBA"))[0, 0].tolist()
    return pixel


def test_rows_have_settings_of_their_own_and_resume_knows_them(run: Run) -> None:
    photos(Path("in"), 3)
    Path("list.csv").write_text(
        "input,output,--background,--size,size\nin/0.jpg,a.png,white,,XL\nin/0.jpg,b.png,,64x64,XL\nin/1.jpg,c.png,,,S\n"
    )
    words = (
        "cut",
        "--manifest",
        "list.csv",
        "-o",
        "out/",
        "--background",
        "#102030",
        "--report",
        "r.jsonl",
        "--resume",
    )
    ran = run(*words)
    assert ran.code == 0, ran.err
    assert corner("out/a.png") == [255, 255, 255, 255]
    assert corner("out/b.png") == corner("out/c.png") == [16, 32, 48, 255]
    with Image.open("out/b.png") as image:
        assert image.size == (64, 64)
    assert ran.err == "mattebox: list.csv: not read: size; a column --size would hold for each row\n"
    rows = [json.loads(line) for line in Path("r.jsonl").read_text().splitlines()]
    assert len({row["recipe"] for row in rows}) == 3
    assert "3 had been done before" in run(*words).err
    Path("list.csv").write_text(Path("list.csv").read_text().replace("white", "red"))
    told = run(*words).err
    assert "1 photograph was done with other settings or another model" in told
    assert "2 had been done before" in told
    assert corner("out/a.png") == [255, 0, 0, 255]


def test_a_value_that_does_not_hold_fails_its_row_alone(run: Run) -> None:
    photos(Path("in"), 2)
    Path("list.csv").write_text("input;--background\nin/0.jpg;nocolour\nin/1.jpg;white\n")
    ran = run("cut", "--manifest", "list.csv", "-o", "out/")
    assert ran.code == 2
    assert "list.csv, line 2" in ran.err
    assert sorted(p.name for p in Path("out").rglob("*.png")) == ["1.png"]


@pytest.mark.parametrize(
    ("column", "words", "told"),
    [
        ("--backgruond", (), "background"),
        ("--model", (), "--model for the whole batch"),
        ("--format", (), "mug.jpg"),
        ("--preset", (), "for the whole batch"),
        ("--background,--background", (), "several columns --background"),
        ("--background", ("--server", "http://127.0.0.1:1"), "--server"),
    ],
)
def test_columns_that_cannot_be(column: str, words: tuple[str, ...], told: str, run: Run) -> None:
    photos(Path("in"), 1)
    Path("list.csv").write_text(f"input,{column}\nin/0.jpg,white\n")
    ran = run("cut", "--manifest", "list.csv", "-o", "out/", *words)
    assert ran.code == 2
    assert told in ran.err
    assert not Path("out").exists()


def test_pictures_are_looked_for_beside_the_list(run: Run) -> None:
    photos(Path("lists/in"), 1)
    Image.new("RGB", (8, 8), (1, 2, 3)).save("lists/wall.png")
    Path("lists/list.csv").write_text("input,--background\nin/0.jpg,wall.png\n")
    ran = run("cut", "--manifest", "lists/list.csv", "-o", "out/")
    assert ran.code == 0, ran.err
    assert corner("out/in/0.png") == [1, 2, 3, 255]


def test_two_rows_with_one_output_are_named(run: Run) -> None:
    photos(Path("in"), 2)
    Path("list.csv").write_text("input,output\nin/0.jpg,a.png\nin/1.jpg,a.png\n")
    ran = run("cut", "--manifest", "list.csv", "-o", "out/")
    assert ran.code == 2
    assert f"list.csv, line 3: becomes {Path('out/a.png')}, as line 2 does" in ran.err


def test_a_workbook_is_no_list(run: Run) -> None:
    Path("list.csv").write_bytes(b"PK\3\4\0\0")
    ran = run("cut", "--manifest", "list.csv", "-o", "out/")
    assert ran.code == 2
    assert "save it as CSV" in ran.err


def test_values_are_read_like_those_of_options() -> None:
    recipe = row_recipe(CUT, {"--fill": "85%", "--crop": "yes", "--sharpen": " 40 ", "--shadow": ""})
    assert recipe is not None
    assert recipe.find_step(Frame) is not None
    assert row_recipe(CUT, {"--fill": "", "--crop": " "}) is None
    with pytest.raises(UsageError, match="neither yes nor no"):
        row_recipe(CUT, {"--crop": "perhaps"})


def test_an_enhancement_is_no_cutout() -> None:
    with pytest.raises(UsageError, match="mattebox cut"):
        row_recipe(Recipe((Light(light="auto"),)), {"--edges": "none"})
