"""Recipes over HTTP: made of fields, read from a file, and changed by fields."""

import json

from fastapi.testclient import TestClient

from mattebox.recipe.serialization import parse_recipe, parse_recipe_text
from mattebox.recipe.steps import Background, Cut, Save, Shadow
from tests.server.conftest import decode_image

TOML = """
title = "Green"
[[steps]]
step = "cut"
[[steps]]
step = "background"
paint = "#00ff00"
"""


def test_fields_become_a_recipe_file(client: TestClient) -> None:
    answer = client.post("/v1/recipes:build", data={"background": "white", "shadow": "contact", "words": "jpg format"})
    assert answer.status_code == 200, answer.text
    built = answer.json()
    recipe = parse_recipe(built["recipe"])
    assert parse_recipe_text(built["toml"]) == recipe
    assert (recipe.find_step(Background), recipe.find_step(Shadow)) == (
        Background(paint="white"),
        Shadow(kind="contact"),
    )
    assert (recipe.save_step.format, built["cuts"]) == ("jpg", True)
    uncut = client.post("/v1/recipes:build", json={"cut": False, "restore": "none"}).json()
    assert (uncut["cuts"], parse_recipe(uncut["recipe"]).steps) == (False, (Save(),))


def test_a_recipe_file_is_read(client: TestClient) -> None:
    for text in (
        TOML,
        json.dumps({"title": "Green", "steps": [{"step": "cut"}, {"step": "background", "paint": "#00ff00"}]}),
    ):
        built = client.post("/v1/recipes:build", data={"recipe": text}).json()
        assert (built["title"], built["cuts"]) == ("Green", True)
        assert parse_recipe(built["recipe"]).steps == (Cut(), Background(paint="#00ff00"))


def test_a_recipe_in_place_of_a_preset(client: TestClient, mug: bytes) -> None:
    """Fields change it."""
    made = client.post("/v1/cutouts", files={"image": mug}, data={"recipe": TOML, "format": "png"})
    assert made.status_code == 200, made.text
    assert decode_image(made.content).convert("RGB").getpixel((1, 1)) == (0, 255, 0)
    changed = client.post("/v1/cutouts", files={"image": mug}, data={"recipe": TOML, "background": "white"})
    assert decode_image(changed.content).convert("RGB").getpixel((1, 1)) == (255, 255, 255)
    grey = '[[steps]]\nstep = "colour"\nsaturation = -100'
    made = client.post("/v1/enhancements", files={"image": mug}, data={"recipe": grey, "format": "png"})
    assert made.status_code == 200, made.text
    assert len(set(decode_image(made.content).convert("RGB").getpixel((160, 120)))) == 1


def test_what_is_no_recipe(client: TestClient, mug: bytes) -> None:
    for fields, code in (
        ({"recipe": "no recipe"}, "invalid_recipe"), ({"recipe": '{"steps": [{"step": "hat"}]}'}, "invalid_recipe"),
        ({"recipe": TOML, "preset": "amazon"}, "invalid_parameter"), ({"cut": "perhaps"}, "invalid_parameter"),
        ({"background": "nowhere"}, None),
    ):  # fmt: skip
        answer = client.post("/v1/recipes:build", data=fields)
        assert answer.status_code == (422 if code else 200), (fields, answer.text)
        if code:
            assert answer.json()["code"] == code
    for value in (0, False, None, [], {}):
        assert client.post("/v1/recipes:build", json={"recipe": value}).json()["code"] == "invalid_recipe"
    enhancing = client.post("/v1/enhancements", files={"image": mug}, data={"recipe": TOML})
    assert (enhancing.status_code, enhancing.json()["code"]) == (422, "invalid_parameter")
