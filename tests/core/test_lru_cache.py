"""The cache keeps the most recently used values and creates each once."""

from __future__ import annotations

from mattebox.core.lru_cache import LruCache


def test_the_least_recently_used_value_is_dropped() -> None:
    cache: LruCache[object] = LruCache(2)
    first, second = cache.get_or_create("a", object), cache.get_or_create("b", object)
    assert cache.get_or_create("a", object) is first
    cache.get_or_create("c", object)
    assert cache.get_or_create("a", object) is first
    assert cache.get_or_create("b", object) is not second


def test_clear_drops_all() -> None:
    cache: LruCache[object] = LruCache(2)
    value = cache.get_or_create("a", object)
    cache.clear()
    assert cache.get_or_create("a", object) is not value
