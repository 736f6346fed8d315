"""Facts: tables folded from events, one module each; all per-row meaning is decided here."""

from __future__ import annotations

from polso.facts.articles import ARTICLES
from polso.facts.backlog import BACKLOG
from polso.facts.bots import BOTS
from polso.facts.contacts import CONTACTS
from polso.facts.costs import COSTS
from polso.facts.fact import Fact
from polso.facts.messages import MESSAGES
from polso.facts.orders import ORDERS
from polso.facts.ratings import RATINGS
from polso.facts.replies import REPLIES
from polso.facts.searches import SEARCHES
from polso.facts.sla import SLA
from polso.facts.solves import SOLVES
from polso.facts.stages import STAGES
from polso.facts.states import STATES
from polso.facts.surveys import SURVEYS
from polso.facts.threads import THREADS
from polso.facts.tickets import TICKETS
from polso.facts.transfers import TRANSFERS
from polso.facts.visits import VISITS
from polso.facts.waits import WAITS
from polso.facts.work import WORK

# In the order of folding: tickets counts what waits and contacts found, and many read tickets.
FACTS: dict[str, Fact] = {
    fact.name: fact
    for fact in (
        WAITS, STAGES, WORK, CONTACTS, TICKETS, STATES, COSTS, REPLIES, MESSAGES, TRANSFERS, SOLVES, BACKLOG,
        RATINGS, SURVEYS, ORDERS, VISITS, SEARCHES, ARTICLES, THREADS, BOTS, SLA,
    )
}  # fmt: skip
