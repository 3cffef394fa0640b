"""A language model that the user names: what is sent, what its answer becomes, and which answers are refused."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from typing import Any, ClassVar

import pytest

from mattebox.errors import MatteboxError, UsageError
from mattebox.language.words_model import KEY_VARIABLE, plan_with_model
from mattebox.recipe.recipe import Recipe
from mattebox.recipe.steps import Background, Cut, Light

WHITE = {"steps": [{"step": "cut"}, {"step": "background", "paint": "white"}]}


class _Model(BaseHTTPRequestHandler):
    """A chat completion of a fixed text; the last request is kept."""

    answer: ClassVar[str] = ""
    status: ClassVar[int] = 200
    path_seen: ClassVar[str] = ""
    key_seen: ClassVar[str | None] = None
    body_seen: ClassVar[dict[str, Any]] = {}

    def do_POST(self) -> None:
        kind = type(self)
        kind.path_seen, kind.key_seen = self.path, self.headers.get("Authorization")
        kind.body_seen = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        content = json.dumps({"choices": [{"message": {"role": "assistant", "content": kind.answer}}]}).encode()
        self.send_response(kind.status)
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)

    def log_message(self, *_: Any) -> None:
        pass


@pytest.fixture
def model() -> Iterator[type[_Model]]:
    class Model(_Model):
        address: ClassVar[str]

    with HTTPServer(("127.0.0.1", 0), Model) as server:
        Model.address = f"http://127.0.0.1:{server.server_address[1]}/v1#small"
        thread = threading.Thread(target=server.serve_forever, daemon=True)
        thread.start()
        yield Model
        server.shutdown()
        thread.join()


def test_the_answer_is_a_recipe(model: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(KEY_VARIABLE, "secret")
    model.answer = json.dumps(WHITE)
    plan = plan_with_model("stick it on something plain and pale", model.address, Recipe((Light(exposure=1.0),)))
    assert plan.recipe == Recipe((Cut(), Background(paint="white")))
    assert (model.path_seen, model.key_seen) == ("/v1/chat/completions", "Bearer secret")
    sent = model.body_seen
    assert sent["model"] == "small"
    assert sent["response_format"]["json_schema"]["schema"]["$defs"]
    assert [message["role"] for message in sent["messages"]] == ["system", "user"]
    assert '"exposure":1.0' in sent["messages"][0]["content"]


@pytest.mark.parametrize(
    ("answer", "problem"),
    [
        ("Sure! I made it white.", "no recipe"),
        ('{"steps": [{"step": "explode"}]}', "no recipe"),
        ('{"steps": [{"step": "light", "contrast": 900}]}', "no recipe"),
        ('{"steps": []}', "nothing that can be done"),
        ('{"steps": [{"step": "cut"}, {"step": "background", "paint": "/etc/secret.png"}]}', "chose the file"),
        ('{"steps": [{"step": "cut", "by": "plate(empty.png)"}]}', "chose the file"),
    ],
)
def test_other_answers_are_refused(model: Any, answer: str, problem: str) -> None:
    model.answer = answer
    with pytest.raises(UsageError, match=problem):
        plan_with_model("white please", model.address)


def test_a_file_that_the_words_name_is_used(model: Any) -> None:
    model.answer = '{"steps": [{"step": "cut"}, {"step": "background", "paint": "beach.jpg"}]}'
    plan = plan_with_model("put it in front of beach.jpg", model.address)
    assert plan.recipe.find_step(Background) == Background(paint="beach.jpg")


def test_a_model_that_fails_or_is_not_there(model: Any) -> None:
    model.status = 500
    with pytest.raises(MatteboxError, match="answered 500"):
        plan_with_model("white", model.address)
    with pytest.raises(MatteboxError, match="cannot be reached"):
        plan_with_model("white", "http://127.0.0.1:9/v1")
    with pytest.raises(UsageError, match="no address"):
        plan_with_model("white", "file:///etc/passwd")
