"""Surveys: who is asked, who answers, what they say.

Rule kept here: the last answer to a question of a survey counts; reminders carry the survey's own id.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np

from polso.demo import story as s
from polso.demo.hours import DAY, HOUR, MINUTE, NEVER, SECOND, Flags, Floats, Ints
from polso.demo.rows import Ids, Text, Words, micros
from polso.demo.story import arrivals
from polso.demo.tickets import customer_count, pick, pick_customers
from polso.demo.world import World
from polso.events.kinds import SCALES

CSAT5, CSAT7, NPS, CES7, THUMBS, FCR = range(6)
QUESTIONS: Final = ("soddisfazione", "soddisfazione", "raccomandazione", "facilita", "utile", "risolto")
POSITIVE_FROM: Final = np.array([4, 5, 9, 5, 1, 1])
_CHANNEL_SCALES: Final = np.array(
    [[.7, .3, 0, 0, 0], [.75, 0, 0, .25, 0], [.4, 0, 0, 0, .6], [.4, 0, 0, 0, .6], [.4, 0, 0, 0, .6],
     [.4, 0, 0, 0, .6], [.4, 0, 0, 0, .6], [1, 0, 0, 0, 0], [1, 0, 0, 0, 0], [.6, 0, 0, .4, 0],
     [.3, 0, 0, .7, 0], [0, 0, 0, 0, 1], [0, 0, 1, 0, 0]]
)  # fmt: skip
# For each scale: what a happy and an unhappy customer answers, with its likelihood.
_HAPPY: Final[tuple[dict[int, float], ...]] = (
    {5: 0.64, 4: 0.36}, {7: 0.5, 6: 0.35, 5: 0.15}, {10: 0.42, 9: 0.24, 8: 0.22, 7: 0.12},
    {7: 0.45, 6: 0.35, 5: 0.2}, {1: 1.0}, {1: 0.86, 0: 0.14},
)  # fmt: skip
_UNHAPPY: Final[tuple[dict[int, float], ...]] = (
    {3: 0.4, 2: 0.22, 1: 0.38}, {4: 0.4, 3: 0.2, 2: 0.15, 1: 0.25},
    {8: 0.03, 6: 0.35, 5: 0.25, 3: 0.2, 0: 0.17},
    {4: 0.4, 3: 0.25, 2: 0.2, 1: 0.15}, {0: 1.0}, {1: 0.25, 0: 0.75},
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Sent:
    """Surveys on their way, one row each; `who` is the ticket, or -1 for a relationship survey."""

    survey: Ints
    scale: Ints
    at: Ints
    happy: Flags
    who: Ints
    customer: Ints
    client: Ints

    def only(self, keep: Flags) -> Sent:
        """The kept rows."""
        return Sent(
            self.survey[keep], self.scale[keep], self.at[keep], self.happy[keep], self.who[keep],
            self.customer[keep], self.client[keep],
        )  # fmt: skip


def ask(world: World) -> None:
    """Send every survey, remind, and take the answers."""
    for sent, share in ((_after_tickets(world), 0.29), (_relationship(world), 0.24)):
        _tell_sent(world, sent, sent.at)
        answers = world.chance(share, len(sent.at))
        late = ~answers & world.chance(0.1, len(sent.at))
        _tell_sent(world, sent.only(late), sent.at[late] + 3 * DAY)
        for scale in range(len(SCALES)):
            _count_sent(world, sent, scale)
        _answers(world, sent.only(answers))


def _after_tickets(world: World) -> Sent:
    t, n = world.tickets, len(world.tickets)
    asked = (t.solved[:, 0] < NEVER) & (t.customer >= 0) & ~t.excluded & world.chance(0.5, n)
    who = np.flatnonzero(asked)
    scale = np.zeros(len(who), dtype=np.int64)
    for channel in range(13):
        here = t.channel[who] == channel
        scale[here] = pick(world.rng, _CHANNEL_SCALES[channel], int(here.sum()))
    at = t.solved[who, 0] + world.between(20 * MINUTE, 2 * HOUR, len(who))
    survey = world.numbers.take("S", len(who)).numbers
    happy = world.chance(_happiness(world, who), len(who))
    return Sent(survey, scale, at, happy, who, t.customer[who], t.client[who])


def _happiness(world: World, who: Ints) -> Floats:
    t = world.tickets
    trouble = world.story.in_trouble(t.issue[who], t.opened[who])
    p = 0.86 - 0.27 * trouble - 0.15 * (t.reopened[who, 0] < NEVER)
    p = p - 0.10 * ((t.reply[who] - t.opened[who] > DAY) & (t.reply[who] < NEVER))
    p = p - 0.10 * world.story.in_bad_week(t.opened[who]) + 0.03 * (t.channel[who] == s.STORE)
    happiness: Floats = p - 0.04 * (t.team[who] == s.TECNICO)
    return happiness


def _relationship(world: World) -> Sent:
    """NPS to customers of no particular ticket."""
    n = max(30, round(len(world.tickets) * 0.12))
    client = pick(world.rng, s.CLIENT_SHARE, n)
    customer = pick_customers(world.rng, client, customer_count(len(world.tickets)))
    at = arrivals(world.story, world.story.weights("office")).draw(world.rng, n)
    survey = world.numbers.take("S", n).numbers
    happy = world.chance(np.where(client == 0, 0.76, 0.82), n)
    return Sent(survey, np.full(n, NPS), at, happy, np.full(n, -1), customer, client)


def _tell(
    world: World, kind: str, sent: Sent, at: Ints, attribute: Words, score: Ints | None = None,
    question: Words | None = None,
) -> None:  # fmt: skip
    amount = None if score is None else micros(score)
    for ticketless in (True, False):
        here = (sent.who < 0) == ticketless
        if not here.any():
            continue
        texts: dict[str, Text] = world.about(sent.who[here])
        if ticketless:
            texts = {"source": "surveys", "client": Words(s.CLIENTS, sent.client[here]), "channel": "email"}
        texts |= {
            "customer_id": world.customer_ids(sent.customer[here]),
            "subject_id": Ids("S", sent.survey[here]),
            "attribute": Words(SCALES, attribute.codes[here]),
            "value": None if question is None else Words(QUESTIONS, question.codes[here]),
            "actor_kind": "system" if score is None else "customer",
            "actor_id": "surveys" if score is None else world.customer_ids(sent.customer[here]),
        }
        world.log.add(kind, at[here], texts, amount=None if amount is None else amount[here])


def _tell_sent(world: World, sent: Sent, at: Ints) -> None:
    _tell(world, "survey_sent", sent, at, Words(SCALES, sent.scale))


def _count_sent(world: World, sent: Sent, scale: int) -> None:
    here = (sent.scale == scale) & world.seen(sent.at)
    world.truth.count_in("surveys", SCALES[scale], {"sent": here})


def _answers(world: World, sent: Sent) -> None:
    at = sent.at + MINUTE + world.spread(5 * 3600.0, 1.2, len(sent.at))
    _answer(world, sent, at, sent.scale)
    asked_twice = np.isin(sent.scale, (CSAT5, CSAT7)) & (sent.who >= 0) & world.chance(0.3, len(at))
    also = sent.only(asked_twice)
    _answer(world, also, at[asked_twice] + 5 * SECOND, np.full(len(also.at), FCR))


def _answer(world: World, sent: Sent, at: Ints, scale: Ints) -> None:
    """One answer each; one in fifty changes their mind a day later."""
    score = _scores(world, scale, sent.happy)
    _tell(world, "rated", sent, at, Words(SCALES, scale), score, Words(QUESTIONS, scale))
    again = world.chance(0.02, len(at))
    changed = np.where(again, _scores(world, scale, ~sent.happy), score)
    some = sent.only(again)
    later = at[again] + DAY
    codes = scale[again]
    _tell(world, "rated", some, later, Words(SCALES, codes), changed[again], Words(QUESTIONS, codes))
    counted = np.where(again & world.seen(at + DAY), changed, score)
    seen = world.seen(at)
    for code in np.unique(scale).tolist():
        _count_answers(world, code, counted[seen & (scale == code)])


def _scores(world: World, scale: Ints, happy: Flags) -> Ints:
    score = np.zeros(len(scale), dtype=np.int64)
    for code in np.unique(scale).tolist():
        for mood, answers in ((True, _HAPPY[code]), (False, _UNHAPPY[code])):
            here = (scale == code) & (happy == mood)
            choice = pick(world.rng, tuple(answers.values()), int(here.sum()))
            score[here] = np.array(list(answers))[choice]
    return score


def _count_answers(world: World, scale: int, score: Ints) -> None:
    counts = {
        "answered": len(score),
        "positive": score >= POSITIVE_FROM[scale],
        "score_sum": int(score.sum()),
    }
    if scale == NPS:
        counts |= {"promoters": score >= 9, "passives": (score == 7) | (score == 8), "detractors": score <= 6}
    world.truth.count_in("surveys", SCALES[scale], counts)
