"""Content negotiation by the Accept header (RFC 9110): a picture, or JSON with the picture as base64."""

from __future__ import annotations

from starlette.requests import Request

JSON = "application/json"
BYTES = "application/octet-stream"


def prefers_json(request: Request) -> bool:
    """Whether the client prefers JSON to a picture. `application/json, */*`, as libraries send, prefers neither."""
    weights = _parse_accept(request)
    pictures = (q for name, q in weights.items() if name in ("*/*", BYTES) or name.startswith("image/"))
    return weights.get(JSON, 0.0) > max(pictures, default=0.0)


def choose_media_type(request: Request, media_type: str) -> str:
    """The media type of a picture in the response: its own, or plain bytes where the client asks for these alone."""
    return BYTES if set(_parse_accept(request)) == {BYTES} else media_type


def _parse_accept(request: Request) -> dict[str, float]:
    """The weight of each media range."""
    weights: dict[str, float] = {}
    for item in ",".join(request.headers.getlist("accept")).split(","):
        name, *parameters = (part.strip().lower() for part in item.split(";"))
        if name:
            weights[name] = next((_parse_weight(p[2:]) for p in parameters if p.startswith("q=")), 1.0)
    return weights


def _parse_weight(text: str) -> float:
    try:
        return float(text)
    except ValueError:
        return 0.0
