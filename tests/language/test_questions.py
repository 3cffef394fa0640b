"""What leaves open what is wanted is asked about, and what contradicts itself is an error."""

from __future__ import annotations

import pytest

from mattebox.language.errors import AmbiguousWords, WordsNotUnderstood
from mattebox.language.plan import plan_request


@pytest.mark.parametrize(
    "request_text",
    ["white or light grey", "etsy or ebay", "kühler oder wärmer", "less", "weniger", "another background",
     "ein anderer Hintergrund", "besseres Format", "fit for printing at 10 x 15 cm"],
)  # fmt: skip
def test_open_requests_are_asked_about(request_text: str) -> None:
    with pytest.raises(AmbiguousWords) as caught:
        plan_request(request_text)
    assert len(caught.value.choices) > 1
    for choice in caught.value.choices:
        assert caught.value.resolve(request_text, choice)


@pytest.mark.parametrize(
    "request_text",
    ["white behind it, but keep the background", "transparent background, saved as jpg",
     "make it match our brand colour", "Hintergrund weiß, aber den alten Hintergrund so lassen",
     "als JPEG, Hintergrund transparent"],
)  # fmt: skip
def test_contradictions_are_errors(request_text: str) -> None:
    with pytest.raises(WordsNotUnderstood):
        plan_request(request_text)
