"""Do the counts add up? Every line sets a whole beside its parts, each counted on its own.

Rule kept here: no part is worked out from the others, so a line that does not hold is found and said aloud.
(Whether the rows of the files are all accounted for is another question: `polso load` and `polso doctor`.)
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from typing import Final

from polso.errors import PrivacyError
from polso.events.kinds import OUTCOMES
from polso.facts import FACTS
from polso.kpis.catalogue import Catalogue
from polso.kpis.definition import Condition, Definition, Words, flat
from polso.kpis.wording import LEFT_OUT
from polso.query.flow import CAME, START, WENT
from polso.query.privacy import BLIND, OPEN, WHO, conditions_of
from polso.query.question import EVERYONE, Question, Scope
from polso.query.run import concrete, run
from polso.query.store import Store

WORKERS: Final = frozenset(name for fact in FACTS.values() for who in WHO for name in fact.named(who))
ADDITIVE: Final = ("count", "sum", "stock")
_MOVES: Final = {
    "opened": Words(en="opened", it="ricevuti"),
    "reopened": Words(en="reopened", it="riaperti"),
    "restored": Words(en="restored", it="ripristinati"),
    "moved_in": Words(en="moved in", it="entrati da altri"),
    "solved": Words(en="solved", it="risolti"),
    "closed": Words(en="closed unsolved", it="chiusi senza soluzione"),
    "merged": Words(en="merged", it="uniti"),
    "removed": Words(en="removed", it="rimossi"),
    "moved_out": Words(en="moved out", it="usciti verso altri"),
}
# What is the same over a ticket's whole life.
_LASTING: Final = ("client", "channel")
_OUTCOMES: Final = {
    "answered": Words(en="answered", it="con risposta"),
    "abandoned": Words(en="abandoned", it="abbandonate"),
    "overflowed": Words(en="overflowed", it="traboccate"),
    "timed_out": Words(en="timed out", it="scadute"),
    "transferred": Words(en="transferred", it="trasferite"),
    "callback": Words(en="callback booked", it="richiamata prenotata"),
    "voicemail": Words(en="voicemail", it="segreteria"),
    "passed": Words(en="passed on", it="passate oltre"),
    "served": Words(en="served", it="servite"),
    "contained": Words(en="contained", it="contenute"),
    "handed_off": Words(en="handed off", it="passate a persone"),
    "refused": Words(en="refused", it="rifiutate"),
    "failed": Words(en="failed", it="fallite"),
}


@dataclass(frozen=True)
class Term:
    """One number of a line: what it counts, its sign, and the KPI and filter whose rows it is (none for a plain move)."""

    words: Words
    n: int
    sign: int = 1
    kpi: str | None = None
    where: tuple[Condition, ...] = ()


@dataclass(frozen=True)
class Line:
    """A whole and the parts that must make it."""

    name: str
    words: Words
    whole: Term
    parts: tuple[Term, ...]

    @property
    def difference(self) -> int:
        """What the parts are short of the whole; 0 where the line holds."""
        return self.whole.n - sum(part.sign * part.n for part in self.parts)

    @property
    def holds(self) -> bool:
        """Whether the parts make the whole."""
        return self.difference == 0


def _names_workers(d: Definition) -> bool:
    return any(
        condition.column in WORKERS and condition.op not in BLIND
        for _, conditions, _ in conditions_of(d)
        for condition in flat(conditions)
    )


class Counter:
    """Counts of one period and one scope."""

    def __init__(self, store: Store, known: Catalogue, question: Question, scope: Scope) -> None:
        self.store, self.known, self.asked = store, known, question
        self.privacy, self.scope = scope.privacy, replace(scope, privacy=OPEN)

    def can_tell(self, definition: Definition) -> bool:
        """Whether the definition's fact has every column of the question's filters, and its sum is of all people and teams."""
        if self.privacy.state != "open" and _names_workers(definition):
            return False
        known = self.store.fact(definition.fact).columns
        return all(condition.column in known for condition in self.asked.where)

    def count(self, definition: Definition, *where: Condition) -> int:
        """How many rows a counting definition has, with some conditions more."""
        question = replace(self.asked, definitions=(definition,), where=(*self.asked.where, *where))
        (cell,) = run(self.store, question, scope=self.scope)
        return int(cell.value or 0)

    def term(self, words: Words, kpi: str, *where: Condition, sign: int = 1) -> Term:
        """A term that is the count of a KPI under some conditions more."""
        name, _, variant = kpi.partition(":")
        entry = self.known[name]
        found = self.count(concrete(entry.variants.get(variant, entry.default)), *where)
        return Term(words, found, sign, kpi, where)

    def sums(self, definitions: Sequence[Definition], *by: str) -> dict[str, int]:
        """The sum of every KPI's cells: counts, or the integers that a sum is made of."""
        question = replace(self.asked, definitions=tuple(definitions), by=by)
        found = dict.fromkeys((d.name for d in definitions), 0)
        for cell in run(self.store, question, scope=self.scope):
            found[cell.kpi] += int(cell.parts.get("total", cell.value or 0))
        return found


def balance(store: Store, known: Catalogue, question: Question, scope: Scope = EVERYONE) -> tuple[Line, ...]:
    """Every line of a period: queues, abandonment, tickets, backlog, solves, and each dimension of each additive KPI.

    Under a filter, only the lines of facts that know what it filters by. Only sums over all people and teams are told,
    so privacy has nothing to hide in them, unless they are filtered by; KPIs whose own conditions name somebody have no line.
    """
    if scope.privacy.state != "open" and {c.column for c in question.where} & WORKERS:
        raise PrivacyError("a balance is not drawn of single people or teams; leave that filter out")
    counter = Counter(store, known, question, scope)
    made = {
        "calls_offered": _offered,
        "stage_abandonment": _abandoned,
        "ticket_volume": _tickets,
        "backlog": _backlog,
    }
    lines = [line(counter) for kpi, line in made.items() if counter.can_tell(known[kpi].default)]
    found = (*lines, *_spells(counter), *_dimensions(counter))
    # Where no fact knows the filter, say so as any question would.
    return found or (_tickets(counter),)


def _offered(counter: Counter) -> Line:
    """Offered = answered + abandoned + overflowed + timed out + ... + still waiting + ended without a word how."""
    whole = counter.term(Words(en="offered to a queue", it="offerte alla coda"), "calls_offered")
    parts = [
        counter.term(
            _OUTCOMES.get(word, Words(en=word, it=word)),
            "calls_offered",
            Condition(column="outcome", value=word),
        )
        for word in OUTCOMES
    ]
    unsaid = Condition(column="outcome", op="null")
    waiting, gone = (Condition(column="is_inside", value=inside) for inside in (True, False))
    lasts = Words(en="still waiting", it="ancora in attesa")
    silent = Words(en="left, nobody said how", it="uscite, non si sa come")
    parts.append(counter.term(lasts, "calls_offered", unsaid, waiting))
    parts.append(counter.term(silent, "calls_offered", unsaid, gone))
    words = Words(en="Offered calls by outcome", it="Chiamate offerte per esito")
    return Line("offered", words, whole, tuple(part for part in parts if part.n))


def _abandoned(counter: Counter) -> Line:
    """Visits abandoned = abandoned in the welcome, the IVR, the queue and on hold."""
    stages = counter.known["stage_abandonment"].default
    gone = stages.model_copy(update={"kind": "count", "where": (*stages.where, *stages.part), "part": ()})
    everywhere = Words(en="abandoned in any stage", it="abbandonate in qualunque fase")
    parts = []
    for stage, it in (
        ("welcome", "il benvenuto"),
        ("ivr", "l'IVR"),
        ("queue", "la coda"),
        ("hold", "l'attesa in linea"),
    ):
        n = counter.count(gone, Condition(column="stage", value=stage))
        parts.append(Term(Words(en=f"in {stage}", it=f"durante {it}"), n))
    words = Words(en="Abandoned calls by stage", it="Chiamate abbandonate per fase")
    return Line("abandoned", words, Term(everywhere, counter.count(gone)), tuple(parts))


def _tickets(counter: Counter) -> Line:
    """All tickets opened = those that count + merged + removed + agents' own."""
    every = counter.known["ticket_volume"].default.model_copy(update={"where": ()})
    whole = Term(Words(en="tickets opened", it="ticket ricevuti"), counter.count(every))
    parts = [counter.term(Words(en="that count", it="che contano"), "ticket_volume")]
    for why, words in LEFT_OUT.items():
        parts.append(Term(words, counter.count(every, Condition(column="left_out", value=why))))
    words = Words(en="Tickets opened, counted or left out", it="Ticket ricevuti, contati o esclusi")
    return Line("tickets", words, whole, tuple(parts))


def _backlog(counter: Counter) -> Line:
    """Backlog at the end = at the start + what came - what went; both ends are read on their own."""
    forward = counter.known["backlog_roll_forward"].default
    question = replace(counter.asked, definitions=(forward,))
    cells = run(counter.store, question, scope=counter.scope)
    moved = {cell.keys["band"]: int(cell.value or 0) for cell in cells}
    whole = counter.term(Words(en="backlog at the end", it="arretrato finale"), "backlog")
    start = Term(Words(en="backlog at the start", it="arretrato iniziale"), moved.get(START, 0))
    came = [Term(_MOVES[name], moved[name]) for name in CAME if moved.get(name)]
    went = [Term(_MOVES[name], moved[name], -1) for name in WENT if moved.get(name)]
    words = Words(en="How the backlog moved", it="Movimenti dell'arretrato")
    return Line("backlog", words, whole, (start, *came, *went))


def _spells(counter: Counter) -> Iterable[Line]:
    """Tickets opened and solves, each as many as the open stretches that began or ended so: two facts, folded apart.

    Only under filters that hold for a ticket's whole life: a team may change between a solve and what it ended.
    """
    if any(condition.column not in _LASTING for condition in counter.asked.where):
        return
    spell = counter.known["reopenings"].default
    for name, kpi, clock, column, words in (
        ("opened", "ticket_volume", "since", "began_as", Words(en="tickets opened", it="ticket ricevuti")),
        ("solved", "solve_volume", "until", "ended_as", Words(en="solves", it="risoluzioni")),
    ):
        every = counter.known[kpi].default.model_copy(update={"where": ()})
        moved = (Condition(column=column, value=name),)
        n = counter.count(spell.model_copy(update={"clock": clock, "where": moved}))
        title = Words(
            en=f"{words.en}, as tickets and as backlog", it=f"{words.it}, come ticket e come arretrato"
        )
        part = Term(Words(en=f"{name} in the backlog", it=f"{_MOVES[name].it} nell'arretrato"), n)
        yield Line(name, title, Term(words, counter.count(every)), (part,))


def _dimensions(counter: Counter) -> Iterable[Line]:
    """The parts of every dimension make the whole, for every KPI whose cells can be added up: one question a dimension."""
    every = (concrete(entry.default) for entry in counter.known.values())
    additive = [d for d in every if d.kind in ADDITIVE and counter.can_tell(d)]
    wholes = counter.sums(additive) if additive else {}
    names = dict.fromkeys(c.name for d in additive for c in FACTS[d.fact].columns if c.dimension)
    for name in names:
        split = [d for d in additive if any(c.name == name and c.dimension for c in FACTS[d.fact].columns)]
        parts = counter.sums(split, name)
        for d in split:
            words = Words(en=f"{d.title.en} by {name}", it=f"{d.title.it} per {name}")
            yield Line(
                f"{d.name} by {name}",
                words,
                Term(d.title, wholes[d.name], 1, d.name),
                (Term(words, parts[d.name], 1, d.name),),
            )
