"""Finding a KPI by what people call it: its name, its title, an abbreviation, a vendor's word, in either language.

Rule kept here: every face finds by the same words; they stand in the catalogue.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass

from polso.kpis.definition import Definition, Entry


@dataclass(frozen=True)
class Hit:
    """A definition that was found, and whether it is called exactly so."""

    definition: Definition
    exact: bool


def search(catalogue: Mapping[str, Entry], wanted: str) -> list[Hit]:
    """KPIs and vendors' readings of them whose words hold all that were written; the likeliest first."""
    found = []
    for entry in catalogue.values():
        default = _rank(entry.default, wanted, entry.aliases)
        for d in entry.definitions:
            rank = default if d is entry.default else _rank(d, wanted)
            # A reading that says no more than its KPI does is not found beside it.
            if rank is not None and (d is entry.default or rank[0] < 2 or default is None):
                # What the KPI itself is called means the KPI, whichever vendor calls it so too.
                exact = rank[0] == 0 and (d is entry.default or default is None or default[0] > 0)
                found.append((rank, d, exact))
    found.sort(key=lambda one: (one[0], one[1].variant != "default", one[1].label))
    return [Hit(d, exact) for _, d, exact in found]


def called(catalogue: Mapping[str, Entry], wanted: str) -> list[str]:
    """The names of the KPIs that are called exactly so, else of those whose words hold all that were written."""
    hits = search(catalogue, wanted)
    exact = [hit for hit in hits if hit.exact]
    return list(dict.fromkeys(hit.definition.name for hit in exact or hits))


def _rank(d: Definition, wanted: str, aliases: tuple[str, ...] = ()) -> tuple[int, int] | None:
    """0: called exactly so; 1: its name or title holds every word; 2: its meaning or source does. None: not found."""
    text = wanted.casefold().strip()
    names = [d.label.casefold(), *(alias.casefold() for alias in aliases)]
    for title in (d.title.en.casefold(), d.title.it.casefold()):
        # Vendors' titles name the vendor behind their own word for it.
        names += [title, re.sub(r" \([^)]*\)$", "", title)]
    if d.variant == "default":
        names.append(d.name.replace("_", " ").casefold())
    if text in names:
        return 0, 0
    words = text.replace("_", " ").split()
    near = " ".join([*names, d.name.replace("_", " "), d.variant]).casefold()
    if all(word in near for word in words):
        return 1, 0 if any(name.startswith(text) for name in names) else 1
    far = " ".join([near, d.meaning.en, d.meaning.it, d.source, d.vendor or ""]).casefold()
    return (2, 0) if all(word in far for word in words) else None
