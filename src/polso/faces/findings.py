"""What a check of the log found, for people: how many, what to do, and the first rows."""

# ruff: noqa: E501 - a sentence and its translation stand on one line, to be read side by side

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import TYPE_CHECKING, Final

from rich.console import RenderableType
from rich.text import Text

from polso.faces.grid import PALE, WARN, lines
from polso.faces.sentences import told
from polso.faces.words import Words

if TYPE_CHECKING:
    from polso.events.check import Finding, Sample

SHOWN: Final = 3
ITALIAN: Final = {
    "silence": "Silenzi: una fonte ha taciuto troppo a lungo; carica ciò che manca, o annota che il servizio era chiuso.",
    "stopped": "Fonti ferme: i numeri arrivano solo fino alla più vecchia di esse; carica i loro export più recenti.",
    "left_before_entered": "Visite finite prima di cominciare: durate negative, lasciate fuori; forse due macchine con orologi diversi.",
    "solved_before_opened": "Ticket risolti prima dell'apertura: quella soluzione non conta; vedi quale dei due istanti è sbagliato.",
    "replied_before_opened": "Ticket con risposta prima dell'apertura: forse l'apertura è l'istante dell'importazione.",
    "recorded_before_occurred": "Eventi registrati prima di accadere, {what}: regola l'orologio di quella macchina, o il fuso dei suoi file.",
    "talk_too_long": "Conversazioni troppo lunghe: manca probabilmente il riaggancio.",
    "work_too_long": "Lavorazioni singole troppo lunghe: un timer lasciato acceso, o minuti letti come ore.",
    "open_for_years": "Ticket ancora aperti dopo anni: chiudi quelli su cui nessuno lavora, o arretrato ed età dicono poco.",
    "left_without_entered": "Visite finite e mai cominciate: non contano; carica il file che ne contiene l'inizio.",
    "entered_without_left": "Visite cominciate e mai finite: sembrano durare per sempre; carica il file che ne contiene la fine.",
    "rated_without_survey": "Voti di sondaggi mai inviati: il tasso di risposta non li vede; carica gli invii di quel periodo.",
    "resumed_without_waiting": "Attese finite e mai cominciate: non si sottrae nulla; vedi se la fonte esporta tutti i cambi di stato.",
    "assigned_without_opened": "Assegnazioni di ticket mai aperti: carica il file con le aperture.",
    "actor_without_kind": "Eventi che nominano chi ha agito ma non di che tipo è: non contano per nessun operatore; indica actor_kind nella fonte.",
    "merged_into_nothing": "Ticket uniti a uno che non esiste: non contano e nessuno li rappresenta; carica i superstiti.",
    "opening_inferred": "Ticket senza apertura registrata: vale il primo evento; carica i file precedenti, o accettalo.",
    "superseded": "Contenuti che hanno perso contro un altro con lo stesso id: vale il più recente; vedi se gli id sono unici.",
    "in_the_future": "Eventi scartati perché nel futuro: regola l'orologio della fonte, o il formato della data.",
    "too_old": "Eventi scartati perché troppo vecchi: una data vuota si legge spesso come 1970; correggi la colonna.",
    "rejected": "Eventi scartati, {what}: correggi le righe o la fonte in polso.toml e ricarica il file.",
}  # fmt: skip


def shown(found: Sequence[Finding], words: Words, zone: str) -> RenderableType:
    """Findings in the order of the check, with their first rows in small print, instants in the project's zone."""
    return lines(*(text for finding in found for text in (_finding(finding, words, zone), Text(""))))


def sentence_of(finding: Finding, words: Words) -> str:
    """What a finding says, without its count, which stands before it."""
    # The count is the first number after a colon or the first words; what follows it is kept.
    english = re.sub(rf":? {finding.count}(?=[:;,])", "", finding.sentence, count=1)
    if words.language != "it":
        return english
    return ITALIAN.get(finding.kind, english).format(what=told("it", finding.what or ""))


def _finding(finding: Finding, words: Words, zone: str) -> Text:
    sentence = sentence_of(finding, words)
    rows = "\n".join(f"  {sample_of(sample, words, zone)}" for sample in finding.samples[:SHOWN])
    return Text.assemble(
        (words.count(finding.count), f"bold {WARN}"), f"  {sentence}", (f"\n{rows}" if rows else "", PALE)
    )


def sample_of(sample: Sample, words: Words, zone: str) -> str:
    """One row behind a finding: where it comes from, what it said, when."""
    # The earlier first, as a span is read; which of the two it is, the finding says.
    instants = [words.instant(at, zone) for at in sorted(at for at in sample.instants if at is not None)]
    parts = (sample.source, sample.ticket, sample.text, f" {'–'} ".join(dict.fromkeys(instants)))
    return " · ".join(part for part in parts if part)
