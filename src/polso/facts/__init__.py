"""Facts: tables folded from events, one module each; all per-row meaning is decided here."""

from __future__ import annotations

from polso.facts.backlog import BACKLOG
from polso.facts.fact import Fact
from polso.facts.messages import MESSAGES
from polso.facts.replies import REPLIES
from polso.facts.solves import SOLVES
from polso.facts.tickets import TICKETS
from polso.facts.transfers import TRANSFERS
from polso.facts.waits import WAITS

# In the order of folding: tickets sums what waits found.
FACTS: dict[str, Fact] = {
    fact.name: fact for fact in (WAITS, TICKETS, REPLIES, MESSAGES, TRANSFERS, SOLVES, BACKLOG)
}
