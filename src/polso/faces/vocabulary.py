"""What Polso itself calls things in the data (channels, stages, outcomes, who acted), in the words of people.

Rule kept here: only words of Polso's own are here; a value that a company chose is shown as it was chosen. Programs,
filters and files keep the words as they are stored.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

Vocabulary = Mapping[str, tuple[str, str]]

# Stored word -> English, Italian; a word that is not here is the same for people.
_ACTORS: Final[Vocabulary] = {
    "customer": ("customer", "cliente"), "agent": ("agent", "operatore"), "bot": ("bot", "bot"),
    "system": ("system", "sistema"), "peer": ("another customer", "un altro cliente"),
    "third_party": ("third party", "terzi"), "author": ("who asked", "chi ha chiesto"),
}  # fmt: skip
_CHANNELS: Final[Vocabulary] = {
    "phone": ("phone", "telefono"), "self_service": ("self-service", "self-service"), "store": ("store", "negozio"),
    "sms": ("SMS", "SMS"),
}  # fmt: skip
_STAGES: Final[Vocabulary] = {
    "welcome": ("welcome", "benvenuto"), "ivr": ("IVR", "IVR"), "bot": ("bot", "bot"), "queue": ("queue", "coda"),
    "ring": ("ringing", "squillo"), "talk": ("talk", "conversazione"), "hold": ("hold", "attesa in linea"),
    "wrap": ("wrap-up", "lavoro di chiusura"),
}  # fmt: skip
_OUTCOMES: Final[Vocabulary] = {
    "passed": ("passed on", "passata oltre"), "served": ("served", "servita"), "answered": ("answered", "con risposta"),
    "abandoned": ("abandoned", "abbandonata"), "overflowed": ("overflowed", "traboccata"),
    "timed_out": ("timed out", "scaduta"), "transferred": ("transferred", "trasferita"),
    "callback": ("callback booked", "richiamata prenotata"), "voicemail": ("voicemail", "segreteria"),
    "refused": ("refused", "rifiutata"), "failed": ("failed", "fallita"),
    "contained": ("finished by the bot", "conclusa dal bot"), "handed_off": ("handed off to people", "passata a persone"),
    "silent": ("ended in silence", "finita in silenzio"), "ended": ("ended with the ticket", "finita con il ticket"),
    "open": ("still open", "ancora in corso"), "met": ("met", "rispettato"), "missed": ("missed", "mancato"),
    "pending": ("not known yet", "non ancora noto"), "withdrawn": ("withdrawn", "ritirato"),
    "reversed": ("met before it started", "rispettato prima di iniziare"),
}  # fmt: skip
_DIRECTIONS: Final[Vocabulary] = {
    "inbound": ("inbound", "in entrata"), "outbound": ("outbound", "in uscita"), "callback": ("callback", "richiamata"),
    "internal": ("internal", "interna"),
}  # fmt: skip
_STATES: Final[Vocabulary] = {
    "available": ("available", "disponibile"), "handling": ("handling", "al lavoro"), "break": ("break", "pausa"),
    "training": ("training", "formazione"), "meeting": ("meeting", "riunione"), "other_work": ("other work", "altro lavoro"),
    "offline": ("offline", "scollegato"), "paid": ("paid", "retribuito"),
}  # fmt: skip
_WAITS: Final[Vocabulary] = {
    "customer": ("the customer", "il cliente"), "third_party": ("a third party", "terzi"),
    "internal": ("colleagues", "colleghi"), "scheduled": ("an appointment", "un appuntamento"),
}  # fmt: skip
_REMOVALS: Final[Vocabulary] = {
    "spam": ("spam", "spam"), "test": ("test", "prova"), "duplicate": ("duplicate", "duplicato"),
}  # fmt: skip
_LINKS: Final[Vocabulary] = {
    "follow_up": ("follow-up", "seguito"), "split": ("split off", "separato"), "child": ("child", "figlio"),
    "call": ("call", "chiamata"), "callback": ("callback", "richiamata"), "thread": ("thread", "discussione"),
}  # fmt: skip
_PRIORITIES: Final[Vocabulary] = {
    "low": ("low", "bassa"), "normal": ("normal", "normale"), "high": ("high", "alta"), "urgent": ("urgent", "urgente"),
}  # fmt: skip
_SCALES: Final[Vocabulary] = {
    "csat5": ("CSAT 1–5", "CSAT 1–5"), "csat7": ("CSAT 1–7", "CSAT 1–7"), "nps": ("NPS 0–10", "NPS 0–10"),
    "ces7": ("CES 1–7", "CES 1–7"), "thumbs": ("thumbs", "pollice"), "fcr": ("solved?", "risolto?"),
}  # fmt: skip
_CLASSES: Final[Vocabulary] = {
    "promoter": ("promoter", "promotore"), "passive": ("passive", "passivo"), "detractor": ("detractor", "detrattore"),
}  # fmt: skip
_LEFT_OUT: Final[Vocabulary] = {
    "merged": ("merged", "unito"), "removed": ("removed", "rimosso"), "internal": ("an agent's own", "interno"),
}  # fmt: skip
_BEGINNINGS: Final[Vocabulary] = {
    "opened": ("opened", "ricevuto"), "reopened": ("reopened", "riaperto"), "restored": ("restored", "ripristinato"),
    "moved_in": ("moved in", "arrivato da altri"), "solved": ("solved", "risolto"),
    "closed": ("closed unsolved", "chiuso senza soluzione"),
    "merged": ("merged", "unito"), "removed": ("removed", "rimosso"), "moved_out": ("moved out", "passato ad altri"),
}  # fmt: skip
_ITEMS: Final[Vocabulary] = {
    "hourly_rate": ("hourly rate", "costo orario"), "channel_fee": ("channel fee", "canone del canale"),
    "fixed": ("fixed", "fisso"),
}  # fmt: skip
_MEDIA: Final[Vocabulary] = {
    "session": ("call or chat", "chiamata o chat"), "turn": ("messages", "messaggi"),
}  # fmt: skip
_BASES: Final[Vocabulary] = {
    "states": ("recorded states", "stati registrati"),
    "stages": ("talks, holds and wrap-ups", "conversazioni, attese e chiusure"), "schedule": ("paid time", "tempo retribuito"),
}  # fmt: skip
# What happened, of one ticket.
_KINDS: Final[Vocabulary] = {
    "opened": ("opened", "aperto"), "message": ("message", "messaggio"), "note": ("note", "nota"),
    "assigned": ("assigned", "assegnato"), "unassigned": ("unassigned", "tolto all'assegnatario"),
    "transferred": ("transferred", "trasferito"), "escalated": ("escalated", "passato di livello"),
    "waiting": ("waiting", "in attesa"), "resumed": ("resumed", "ripreso"), "solved": ("solved", "risolto"),
    "reopened": ("reopened", "riaperto"), "closed": ("closed", "chiuso"), "merged": ("merged", "unito a un altro"),
    "removed": ("removed", "rimosso"), "restored": ("restored", "ripristinato"), "linked": ("linked", "collegato"),
    "identified": ("identified", "identificato"), "set": ("set", "impostato"), "entered": ("entered", "entrato in"),
    "left": ("left", "uscito da"), "work": ("work", "lavorazione"), "scheduled": ("paid time", "tempo retribuito"),
    "state": ("state", "stato"), "survey_sent": ("survey sent", "sondaggio inviato"), "rated": ("rated", "valutato"),
    "visited": ("visit", "visita"), "searched": ("search", "ricerca"), "article_viewed": ("article read", "articolo letto"),
    "article_voted": ("article judged", "articolo giudicato"), "accepted": ("answer accepted", "risposta accettata"),
    "ordered": ("order", "ordine"), "refunded": ("refund", "rimborso"), "cost": ("cost", "costo"),
}  # fmt: skip
_NOTES: Final[Vocabulary] = {"public": ("public", "pubblica"), "private": ("private", "privata")}
# Which words stand in which column.
COLUMNS: Final[Mapping[str, Vocabulary]] = {
    "channel": _CHANNELS, "touchpoint": _CHANNELS, "stage": _STAGES, "abandoned_in": _STAGES, "outcome": _OUTCOMES,
    "outcome_pausing": _OUTCOMES, "bot_outcome": _OUTCOMES, "direction": _DIRECTIONS, "state": _STATES, "waiting_for": _WAITS,
    "removed_as": _REMOVALS, "link": _LINKS, "priority": _PRIORITIES, "opening_priority": _PRIORITIES, "scale": _SCALES,
    "nps_class": _CLASSES, "left_out": _LEFT_OUT, "began_as": _BEGINNINGS, "ended_as": _BEGINNINGS, "item": _ITEMS,
    "medium": _MEDIA, "basis": _BASES, "kind": _KINDS, "note": _NOTES,
    **dict.fromkeys(
        ("actor_kind", "opened_by", "sender_kind", "answers", "accepted_answer_by", "first_answer_by"), _ACTORS
    ),
}  # fmt: skip


def said(language: str, column: str, value: object) -> str | None:
    """A stored word of a column in the words of people; None where it is none of Polso's own."""
    known = COLUMNS.get(column, {}).get(value) if isinstance(value, str) else None
    return None if known is None else known[1 if language == "it" else 0]
