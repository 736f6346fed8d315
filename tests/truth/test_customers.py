"""KPIs over surveys, orders, visits and self-service are what the simulator knows."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest

from truth.acme import Acme

pytestmark = pytest.mark.xdist_group("acme")


def test_answers_by_scale(acme: Acme) -> None:
    truth = {scale: counts["answered"] for scale, counts in acme.truth.surveys.items()}
    assert truth == acme.counts("rating_volume", "scale")


@pytest.mark.parametrize(
    ("scale", "kpi"),
    [("csat5", "csat"), ("csat7", "csat:csat7"), ("thumbs", "csat:thumbs"), ("ces7", "ces:easy_share")],
)
def test_positive_answers(acme: Acme, scale: str, kpi: str) -> None:
    truth, cell = acme.truth.surveys[scale], acme.one(kpi)
    assert (truth["answered"], truth["positive"]) == (cell.n, cell.parts["part"])


@pytest.mark.parametrize(("scale", "kpi"), [("csat5", "csat:mean_score"), ("ces7", "ces")])
def test_mean_scores(acme: Acme, scale: str, kpi: str) -> None:
    truth, cell = acme.truth.surveys[scale], acme.one(kpi)
    assert (truth["answered"], truth["score_sum"]) == (cell.n, cell.parts["total"])


def test_nps(acme: Acme) -> None:
    truth, cell = acme.truth.surveys["nps"], acme.one("nps")
    assert (truth["answered"], truth["promoters"], truth["detractors"]) == (
        cell.n,
        cell.parts["part"],
        cell.parts["against"],
    )
    assert truth["promoters"] == acme.one("nps:promoters").parts["part"]
    assert truth["detractors"] == acme.one("nps:detractors").parts["part"]


def test_surveys_sent_and_answered(acme: Acme) -> None:
    """A survey that also asks whether it was solved at once is one survey: `fcr` answers answer no survey of their own."""
    sent = {scale: counts["sent"] for scale, counts in acme.truth.surveys.items() if counts["sent"]}
    assert sent == acme.counts("survey_response_rate:by_now", "scale")
    answered = {scale: counts["answered"] for scale, counts in acme.truth.surveys.items() if scale != "fcr"}
    assert answered == acme.parts("survey_response_rate:by_now", "scale")


def test_declared_first_contact_resolution(acme: Acme) -> None:
    truth, cell = acme.truth.surveys["fcr"], acme.one("first_contact_resolution:declared")
    assert (truth["answered"], truth["positive"]) == (cell.n, cell.parts["part"])


def test_orders_and_refunds(acme: Acme) -> None:
    truth = acme.truth.shop
    assert truth["orders"] == acme.one("order_volume").n == acme.one("revenue").n
    assert truth["order_cents"] == acme.one("revenue").parts["total"]
    rows = acme.care.rows("order_volume", limit=None)
    assert truth["refund_cents"] == sum(rows["refunded_minor"].to_pylist())
    assert truth["refunds"] == sum(at is not None for at in rows["refunded_at"].to_pylist())


def test_retention_of_all_orders(acme: Acme) -> None:
    """The truth counts every order; the default leaves out the wholly refunded, so it is asked without that."""
    truth, cell = acme.truth.retention, acme.one("all_orders_retention")
    assert (truth["cohort"], truth["returned"]) == (cell.n, cell.parts["part"])
    kept = acme.one("retention_rate")
    assert kept.n <= truth["cohort"]
    assert kept.parts["part"] <= truth["returned"]


def test_churn_is_what_retention_leaves(acme: Acme) -> None:
    kept, gone = acme.one("retention_rate"), acme.one("churn_rate")
    assert (kept.n, kept.n - kept.parts["part"]) == (gone.n, gone.parts["part"])


@pytest.mark.parametrize("pair", [("after_ticket", "without_ticket")])
def test_retention_splits_into_its_groups(acme: Acme, pair: tuple[str, str]) -> None:
    whole, parts = acme.one("retention_rate"), [acme.one(f"retention_rate:{name}") for name in pair]
    assert (whole.n, whole.parts["part"]) == (sum(p.n for p in parts), sum(p.parts["part"] for p in parts))


def test_conversion(acme: Acme) -> None:
    """A shop's footfall is visits too; with the web alone the truth's own figures come out."""
    truth = acme.truth.shop
    web = acme.one("conversion_rate", where={"channel": "web"})
    assert (truth["web_visits"], truth["web_visits_with_order"]) == (web.n, web.parts["part"])
    assert truth["store_visits"] == acme.one("conversion_rate", where={"channel": "store"}).n
    everywhere = acme.one("visit_volume").n
    assert truth["web_visits"] + truth["store_visits"] + acme.truth.self_service["sessions"] == everywhere


def test_self_service(acme: Acme) -> None:
    truth = acme.truth.self_service
    linked, score = acme.one("linked_visit_share"), acme.one("self_service_score")
    assert (truth["sessions"], truth["linked_sessions"]) == (linked.n, linked.parts["part"])
    assert truth["sessions"] == score.parts["top"]
    customers = {t["customer_id"] for t in acme.tickets if t["customer_id"] and not t["excluded"]}
    assert len(customers) == score.parts["bottom"]


def with_ticket(acme: Acme, *, excluded: bool) -> int:
    """Sessions of known customers, old enough, with a ticket of theirs within a day."""
    opened: dict[str, list[datetime]] = {}
    for ticket in acme.tickets:
        if ticket["customer_id"] and (excluded or not ticket["excluded"]):
            opened.setdefault(ticket["customer_id"], []).append(ticket["opened_at"])
    sessions = acme.care.rows("deflection_rate", limit=None).to_pylist()
    day = timedelta(days=1)
    return sum(
        any(s["visited_at"] <= at <= s["visited_at"] + day for at in opened.get(s["person"], ()))
        for s in sessions
    )


def test_deflection(acme: Acme) -> None:
    """The truth takes any ticket for a return, those later merged or removed too; Polso only tickets that count."""
    truth, cell = acme.truth.self_service, acme.one("deflection_rate")
    assert truth["linked_mature"] == cell.n
    assert truth["linked_with_ticket_24h"] == with_ticket(acme, excluded=True)
    assert with_ticket(acme, excluded=False) == cell.n - cell.parts["part"]


def test_searches_and_articles(acme: Acme) -> None:
    truth, empty, helpful = (
        acme.truth.self_service,
        acme.one("empty_search_share"),
        acme.one("article_helpful_share"),
    )
    assert (truth["searches"], truth["searches_without_result"]) == (empty.n, empty.parts["part"])
    assert (truth["article_votes"], truth["helpful_votes"]) == (helpful.n, helpful.parts["part"])
    assert truth["article_views"] == acme.one("article_views").n
