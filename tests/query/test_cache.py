"""The cache: bounded by number and by weight."""

import pyarrow as pa

from polso.query.cache import Cache, weigh


def test_what_was_asked_for_least_recently_goes_first() -> None:
    cache = Cache(entries=2)
    for key in ("a", "b", "a", "c"):
        cache.get(key, lambda key=key: (key, key.upper()))  # type: ignore[misc]
    assert 2 == len(cache)
    assert "A" == cache.get("a", lambda: ("a", "made anew"))
    assert "made anew" == cache.get("b", lambda: ("b", "made anew"))


def test_what_weighs_too_much_goes() -> None:
    cache = Cache(size=100_000)
    for key in range(30):
        cache.get(key, lambda key=key: (key, "x" * 10_000))  # type: ignore[misc]
    assert len(cache) < 10
    cache.get("whale", lambda: ("whale", "x" * 200_000))
    assert len(cache) > 1
    assert "anew" == cache.get("whale", lambda: ("whale", "anew"))


def test_a_value_weighs_what_its_parts_do() -> None:
    table = pa.table({"x": list(range(10_000))})
    assert 80_000 <= weigh(table) <= 100_000
    assert 9_000_000 <= weigh([["x" * 1000] * 9] * 1000) <= 12_000_000


def test_a_value_made_for_a_newer_version_is_kept_under_that() -> None:
    cache = Cache()
    assert 1 == cache.get("old", lambda: ("new", 1))
    assert 1 == cache.get("new", lambda: ("new", 2))
    assert 3 == cache.get("old", lambda: ("old", 3))
