"""Megapixels per minute and caller."""

from fastapi.testclient import TestClient

from mattebox.server.rate_limiter import RateLimiter


def test_megapixels_per_minute() -> None:
    limiter = RateLimiter()
    assert limiter.consume("a", 400_000_000, 500, now=0.0)[0]
    allowed, headers = limiter.consume("a", 101_000_000, 500, now=1.0)
    assert not allowed
    assert headers["X-RateLimit-Remaining"] == str(500 - 400)
    assert 0 < int(headers["Retry-After"]) <= 60
    assert limiter.consume("b", 101_000_000, 500, now=1.0)[0]
    assert limiter.consume("a", 101_000_000, 500, now=60.5)[0]


def test_nothing_is_refused_unless_enforced() -> None:
    limiter = RateLimiter()
    assert all(limiter.consume("local", 400_000_000, 500, is_enforced=False, now=0.0)[0] for _ in range(9))


def test_a_picture_refused_for_its_size_is_not_counted(client: TestClient) -> None:
    from tests.server.test_removebg import large_png_header

    answers = [client.post("/v1/cutouts", files={"image": large_png_header()}) for _ in range(2)]
    assert [(a.status_code, a.json()["code"]) for a in answers] == [(413, "image_too_large")] * 2
    left = [int(answer.headers["x-ratelimit-remaining"]) for answer in answers]
    assert left[0] <= left[1]  # a new minute may have begun
