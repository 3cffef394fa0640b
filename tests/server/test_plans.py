"""Requests in words over HTTP: plans, questions, and the field `words` of the routes that take a picture."""

from fastapi.testclient import TestClient

from mattebox.recipe.serialization import parse_recipe
from mattebox.recipe.steps import Background, Colour
from tests.server.conftest import decode_image


def test_words_are_read_as_a_recipe(client: TestClient) -> None:
    for sent in (
        {"json": {"words": "weißer Hintergrund, etwas wärmer"}},
        {"data": {"words": "white backgruond, a bit warmer"}},
    ):
        answer = client.post("/v1/plans", **sent)
        assert answer.status_code == 200, answer.text
        plan = answer.json()["plan"]
        recipe = parse_recipe(plan["recipe"])
        assert (recipe.find_step(Background), recipe.find_step(Colour)) == (
            Background(paint="white"),
            Colour(warmth=13),
        )
        assert plan["cuts"]
        assert len(plan["readings"]) == 2
    assert plan["corrections"] == {"backgruond": "background"}


def test_several_meanings_are_answered_by_a_question(client: TestClient) -> None:
    answer = client.post("/v1/plans", json={"words": "make it pop, brighter"}).json()
    assert answer["plan"] is None
    choice = next(c for c in answer["question"]["choices"] if c["words"] == "white outline")
    assert choice["request"] == "white outline, brighter"
    assert client.post("/v1/plans", json={"words": choice["request"]}).json()["plan"]["cuts"]


def test_words_that_are_not_understood_are_a_problem(client: TestClient) -> None:
    for words, code in (("add a hat", "words_not_understood"), ("contrast 500%", "invalid_parameter")):
        answer = client.post("/v1/plans", json={"words": words})
        assert (answer.status_code, answer.json()["code"]) == (422, code)
    assert client.post("/v1/plans", json={}).status_code == 422
    assert client.post("/v1/plans", json={"words": "x", "language": "xx"}).status_code == 422


def test_words_change_the_fields_of_a_cutout(client: TestClient, mug: bytes) -> None:
    fields = {"words": "grüner Hintergrund, Größe 100x100", "format": "png"}
    made = decode_image(client.post("/v1/cutouts", files={"image": mug}, data=fields).content)
    assert (made.size, made.getpixel((1, 1))) == ((100, 100), (0, 128, 0))
    problem = client.post("/v1/cutouts", files={"image": mug}, data={"words": "make it pop"}).json()
    assert problem["code"] == "ambiguous_words"
    assert (
        client.post("/v1/cutouts", files={"image": mug}, data={"words": "background /etc/passwd.png"}).status_code
        == 422
    )


def test_words_of_an_enhancement_do_only_what_they_say(client: TestClient, mug: bytes) -> None:
    by_words = client.post("/v1/enhancements", files={"image": mug}, data={"words": "black and white", "format": "png"})
    by_fields = client.post("/v1/enhancements", files={"image": mug}, data={"saturation": "-100", "format": "png"})
    assert by_words.status_code == 200, by_words.text
    assert by_words.content == by_fields.content
    cuts = client.post("/v1/enhancements", files={"image": mug}, data={"words": "white background"})
    assert (cuts.status_code, cuts.json()["detail"].startswith("this recipe cuts")) == (422, True)


def test_errors_of_a_run_are_in_the_language_of_the_words(client: TestClient, mug: bytes) -> None:
    problem = client.post("/v1/cutouts", files={"image": mug}, data={"words": "weiß, Rand 80 %"}).json()
    assert "die Ränder lassen vom Bild nichts übrig" in problem["detail"]
    assert "beide Seiten" in problem["remedy"]


def test_what_was_passed_over_is_told(client: TestClient) -> None:
    plan = client.post("/v1/plans", json={"words": "white background for our zorbulation"}).json()["plan"]
    assert plan["passed_over"] == ["for our zorbulation"]


def test_phrases_are_understood(client: TestClient) -> None:
    """Each by itself, in the language that was asked for; listed for both without one."""
    english, german = (
        client.get("/v1/plans/phrases", params={"language": code}).json()["phrases"] for code in ("en", "de")
    )
    assert {"white background", "soft shadow", "warmer", "for amazon"} <= {*english}
    assert {"hintergrund weiß", "schatten weich", "wärmer"} <= {*german}
    assert client.get("/v1/plans/phrases").json()["phrases"] == [*german, *english]
    for phrase in [*english[::40], *german[::40]]:
        assert client.post("/v1/plans", json={"words": phrase}).json()["plan"] is not None
    assert client.get("/v1/plans/phrases", params={"language": "xx"}).status_code == 422
