"""Where a change comes from: one rule for every screen, given splits with a known story."""

import pytest

from polso.faces.web.cause import Part, counted, makers, movers, parts, value_link, where
from polso.faces.web.moves import Move
from polso.faces.web.screens.volumes import SCREEN
from polso.kpis.catalogue import find, shipped
from polso.query.result import Cell
from web.known import answer, cell, page, read

CSAT = find(shipped(), "csat")


def part(value: str | None, before: float, now: float) -> Part:
    return counted("channel", value, before, now)


def blamed(*splits: list[Part]) -> tuple[float, list[object]]:
    """Who makes a count's change, which the first split makes up in full."""
    before, change = sum(p.before for p in splits[0]), sum(p.change for p in splits[0])
    share, some = makers(splits, before, change, count=True)
    return share, [one.value for one in some]


def slice_(channel: str | None, before: tuple[float, int], now: tuple[float, int], **more: object) -> Cell:
    """CSAT of a channel, then and now, each with its answers; its interval is as wide as one of so many."""
    half = (0.24 / now[1]) ** 0.5 * 2
    ends = {"low": now[0] - half, "high": now[0] + half}
    return cell(
        "csat", *now, keys={"channel": channel}, previous=before[0], previous_n=before[1], **ends, **more
    )


def told(*slices: Cell, language: str = "en", missing: float = 0) -> str:
    """What is said of a whole that is made of these slices."""
    now = sum((c.value or 0) * c.n for c in slices) / sum(c.n for c in slices)
    before = sum((c.previous or 0) * (c.previous_n or 0) for c in slices) / sum(
        c.previous_n or 0 for c in slices
    )
    whole = cell("csat", now + missing, previous=before, low=now, high=now)
    made = page(SCREEN, {"channels": answer(*slices, by=("channel",))}, language)
    return read(where(made, Move("bad", whole, CSAT), ["channels"]))


def test_two_values_are_named_where_one_is_not_most_of_a_count() -> None:
    split = [part("email", 80, 55), part("chat", 39, 25), part("phone", 146, 127), part("web", 20, 10)]
    assert blamed(split) == (39 / 68, ["email", "chat"])


def test_the_split_that_says_it_in_fewest_words_is_taken() -> None:
    channels = [part("email", 50, 70), part("chat", 50, 70), part("phone", 400, 400)]
    types = [counted("issue_type", "outage", 10, 50), counted("issue_type", "billing", 490, 490)]
    assert blamed(channels, types)[1] == ["outage"]


@pytest.mark.parametrize(
    "split",
    [
        [part("email", 10, 13), part("chat", 10, 10)],  # a few
        [part(None, 10, 50), part("chat", 100, 100)],  # nobody knows whose
        [part("email", 700, 560), part("chat", 300, 240)],  # only large
        [part("email", 500, 400)],  # one is the whole
    ],
)
def test_nobody_is_blamed_for_little_for_nothing_known_or_for_being_large(split: list[Part]) -> None:
    assert blamed(split) == (0.0, [])


def test_parts_that_do_not_make_the_whole_blame_nobody() -> None:
    split = [part("email", 500, 400), part("chat", 300, 300)]
    assert makers([split], 800, -100, count=True)[1]
    assert makers([split], 900, -100, count=True) == (0.0, ())
    assert makers([split], 800, -200, count=True) == (0.0, ())


def test_what_was_not_there_before_came_from_nothing() -> None:
    whole = cell("ticket_volume", 17, previous=5)
    viber = cell("ticket_volume", 12, keys={"channel": "viber"})
    made = parts(whole, find(shipped(), "ticket_volume"), [viber])
    assert made == [Part("channel", "viber", 0, 12, 0)]


def test_the_parts_of_a_share_make_its_change() -> None:
    slices = [slice_("phone", (0.9, 100), (0.7, 150)), slice_("email", (0.8, 300), (0.75, 100))]
    made = parts(cell("csat", 0.72, previous=0.825), CSAT, slices)
    assert sum(p.before for p in made) == pytest.approx(0.825)
    assert sum(p.change for p in made) == pytest.approx(0.72 - 0.825)


def test_who_makes_most_of_the_change_of_a_share_is_named_in_both_languages() -> None:
    # The whole fell by 12.5 points; phone alone is 10 of them, counted from where the whole stood.
    slices = (slice_("phone", (0.9, 500), (0.7, 500)), slice_("email", (0.8, 500), (0.75, 500)))
    assert told(*slices) == ", mostly phone"
    assert told(*slices, language="it") == ", soprattutto telefono"
    alone = (slice_("phone", (0.9, 500), (0.7, 500)), slice_("email", (0.9, 500), (0.9, 500)))
    assert told(*alone) == ", almost all of it phone"


def test_a_change_of_the_mix_belongs_to_whoever_grew() -> None:
    # Nobody's own share moved: more of the worst channel made the whole worse, at the cost of all others alike.
    phone, chat = slice_("phone", (0.9, 100), (0.9, 50)), slice_("chat", (0.8, 100), (0.8, 50))
    assert told(phone, chat, slice_("email", (0.4, 100), (0.4, 200))) == ", mostly email"
    # Between two, what one gained the other lost: neither explains it alone.
    assert told(slice_("phone", (0.9, 100), (0.9, 20)), slice_("email", (0.5, 100), (0.5, 180))) == ""


def test_what_came_from_everywhere_has_no_cause_however_large_one_is() -> None:
    assert told(*(slice_(one, (0.8, 1000), (0.7, 1000)) for one in ("phone", "email", "chat"))) == ""
    assert told(slice_("phone", (0.8, 9000), (0.7, 9000)), slice_("email", (0.8, 1000), (0.7, 1000))) == ""


def test_where_none_makes_most_it_is_who_moved_beyond_chance_and_further_than_the_whole() -> None:
    still = slice_("phone", (0.8, 1000), (0.8, 1000))
    two = [slice_(one, (0.8, 1000), (0.7, 1000)) for one in ("email", "chat")]
    assert told(still, slice_("web", (0.8, 1000), (0.68, 1000)), *two) == ", above all web"
    # What is said of parts that leave something out is only what each did itself.
    hidden = (still, slice_("web", (0.8, 1000), (0.5, 1000)))
    assert told(*hidden) == ", almost all of it web"
    assert told(*hidden, missing=0.05) == ", above all web"


def test_a_small_or_unknown_value_is_not_blamed() -> None:
    phone = slice_("phone", (0.8, 1000), (0.8, 1000))
    assert told(phone, slice_(None, (0.8, 1000), (0.1, 1000))) == ""
    assert told(phone, slice_("chat", (0.8, 9), (0.1, 9), warnings=("only 9 rows",))) == ""
    assert told(phone, slice_("chat", (0.8, 900), (0.1, 900), warnings=("hidden: few",))) == ""


def test_one_value_alone_says_nothing() -> None:
    assert told(slice_("phone", (0.9, 1000), (0.7, 1000))) == ""


def test_the_parts_of_a_median_do_not_make_it() -> None:
    def wait(value: float, before: float, n: int = 500, **keys: str) -> Cell:
        sure = {"low": value - 60, "high": value + 60, "stat": "median", "previous_n": n}
        return cell("first_response_time", value, n, keys=keys, previous=before, **sure)

    whole = wait(3000, 2400, 1000)
    split = answer(wait(4800, 3600, channel="email"), wait(1200, 1190, channel="chat"), by=("channel",))
    made, definition = page(SCREEN, {"channels": split}), split.definitions[0]
    assert read(where(made, Move("bad", whole, definition), ["channels"], " ({})")) == " (above all email)"
    # The hour of the day has no page of its own, and as far as the whole went everybody goes.
    alike = answer(wait(3000, 2400, channel="email"), wait(3000, 2400, channel="chat"), by=("channel",))
    assert movers(page(SCREEN, {"channels": alike}), ["channels"], whole, definition) == []
    assert len(movers(page(SCREEN, {"channels": alike}), ["channels"], whole, definition, 1)) == 2


def test_a_priority_is_named_as_one_and_leads_to_itself() -> None:
    said = value_link(page(SCREEN, {}, "it"), "priority", "high")
    assert said == '<a href="/volumes?where=priority%3Dhigh">priorità alta</a>'
    assert read(value_link(page(SCREEN, {}), "channel", "email")) == "email"
    assert value_link(page(SCREEN, {}, "it"), "hour_of_day", 10) == "verso le 10:00"
