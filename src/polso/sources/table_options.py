"""What a [[source]] of kind `table` may say: the file's dialect, and which columns make which events.

Rule kept here: a misspelt key, an unknown word or two readings of one field is an error before any file is
opened.
"""

from __future__ import annotations

from datetime import date, datetime
from typing import Annotated, Any, Literal

from pydantic import BeforeValidator, model_validator
from pydantic import Field as Key

from polso.config import Zone
from polso.errors import UnknownName
from polso.events import kinds
from polso.sources.source import Options

FORMATS = ("csv", "tsv", "json", "jsonl", "parquet", "xlsx")
# In these fields a bare string is the word itself; in all others it is the name of a column.
WORDS = {
    "kind": tuple(kinds.KINDS), "stage": kinds.STAGES, "direction": kinds.DIRECTIONS,
    "actor_kind": kinds.ACTOR_KINDS,
    "attribute": (), "currency": (),
}  # fmt: skip


def _many(value: object) -> object:
    return (value,) if isinstance(value, str) else value


def _texts(value: object) -> object:
    return [str(v) for v in value] if isinstance(value, (list, tuple)) else value


def _constant(value: object) -> object:
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, (datetime, date)):
        return value.isoformat()
    return str(value) if isinstance(value, (int, float)) else value


def _field(value: object) -> object:
    return {"column": value} if isinstance(value, str) else value


def _number(value: object) -> object:
    return {"value": value} if isinstance(value, (int, float)) else _field(value)


def _numbers(value: object) -> object:
    return value if isinstance(value, (list, tuple)) else [value]


Texts = Annotated[tuple[str, ...], BeforeValidator(_texts)]
Char = Annotated[str, Key(min_length=1, max_length=1)]


class Condition(Options):
    """What must hold of one column; several keys must all hold."""

    column: str
    among: Texts | None = Key(default=None, alias="in")
    not_among: Texts | None = Key(default=None, alias="not_in")
    equal: str | int | float | None = Key(default=None, alias="=")
    unequal: str | int | float | None = Key(default=None, alias="!=")
    above: float | None = Key(default=None, alias=">")
    at_least: float | None = Key(default=None, alias=">=")
    below: float | None = Key(default=None, alias="<")
    at_most: float | None = Key(default=None, alias="<=")
    null: bool | None = None

    @model_validator(mode="after")
    def _says_something(self) -> Condition:
        if len(self.model_fields_set) < 2:
            raise ValueError(
                f"the condition on '{self.column}' says nothing: use in, not_in, =, !=, >, >=, <, <= or null"
            )
        return self


class Thread(Options):
    """The two columns that chain answers to what they answer."""

    id: str
    parent: str


class Field(Options):
    """Where the text of one event column comes from."""

    column: str | None = None
    columns: tuple[str, ...] = ()
    join: str = " "
    template: str | None = None
    value: Annotated[str | None, BeforeValidator(_constant)] = None
    thread: Thread | None = None
    map: dict[str, Annotated[str, BeforeValidator(_constant)]] = Key(default={})
    default: str | None = None
    null: Texts = ()
    integer: bool = False

    @model_validator(mode="after")
    def _one_origin(self) -> Field:
        given = [
            n
            for n in ("column", "columns", "template", "value", "thread")
            if getattr(self, n) not in (None, ())
        ]
        if len(given) != 1:
            raise ValueError(
                f"give exactly one of column, columns, template, value or thread (here:"
                f" {', '.join(given) or 'none'})"
            )
        if self.default is not None and not self.map:
            raise ValueError("`default` is what the values not in `map` become; give `map` too")
        return self

    @property
    def said(self) -> str:
        """The field as a person would name it."""
        if self.column is not None:
            return f"column '{self.column}'"
        if self.columns:
            return "columns " + " + ".join(f"'{c}'" for c in self.columns)
        return f"template '{self.template}'" if self.template else "value"


class NumberField(Field):
    """A number, and how it is written."""

    unit: Literal["s", "ms", "min", "h", "hms"] = "s"
    decimal: Literal[".", ","] | None = None
    thousands: Char | None = None


Number = Annotated[NumberField, BeforeValidator(_number)]


class InstantField(Field):
    """An instant, and how it is written; formats are tried in order."""

    format: Annotated[tuple[str, ...], BeforeValidator(_many)] = ()
    zone: Zone | None = None
    plus_seconds: Annotated[tuple[Number, ...], BeforeValidator(_numbers)] = ()


def _word(name: str) -> Any:
    def read(value: object) -> object:
        if isinstance(value, str):
            value = {"value": value}
        known = WORDS[name]
        if known and isinstance(value, dict):
            words = [value.get("value"), value.get("default"), *dict(value.get("map") or {}).values()]
            for word in words:
                if isinstance(word, str) and word not in known:
                    raise ValueError(str(UnknownName(name, word, known)))
        return value

    return BeforeValidator(read)


Text = Annotated[Field, BeforeValidator(_field)]
Instant = Annotated[InstantField, BeforeValidator(_field)]


class Fields(Options):
    """The event columns a mapping may fill."""

    event_id: Text | None = None
    client: Text | None = None
    ticket_id: Text | None = None
    contact_id: Text | None = None
    visit_id: Text | None = None
    customer_id: Text | None = None
    occurred_at: Instant | None = None
    recorded_at: Instant | None = None
    seq: Number | None = None
    kind: Annotated[Field, _word("kind")] | None = None
    direction: Annotated[Field, _word("direction")] | None = None
    actor_kind: Annotated[Field, _word("actor_kind")] | None = None
    actor_id: Text | None = None
    subject_id: Text | None = None
    channel: Text | None = None
    team: Text | None = None
    stage: Annotated[Field, _word("stage")] | None = None
    attribute: Annotated[Field, _word("attribute")] | None = None
    value: Text | None = None
    amount: Number | None = None
    currency: Annotated[Field, _word("currency")] | None = None

    def given(self) -> dict[str, Field]:
        """The fields that are filled."""
        return {name: getattr(self, name) for name in Fields.model_fields if getattr(self, name) is not None}


class EventFields(Fields):
    """[[source.event]]: one kind of event, and the rows that give it."""

    when: tuple[Condition, ...] = ()


class TableOptions(Options):
    """The keys of a source of kind `table`."""

    format: Literal["csv", "tsv", "json", "jsonl", "parquet", "xlsx"] | None = None
    delimiter: str | None = Key(default=None, min_length=1, max_length=1)
    quote: str = Key(default='"', max_length=1)
    escape: str = Key(default='"', max_length=1)
    header: bool = True
    columns: tuple[str, ...] = ()
    skip_lines: int = Key(default=0, ge=0)
    encoding: str = "utf-8"
    sheet: str | int | None = None
    records: str | None = None
    null: Texts = ("",)
    decimal: Literal[".", ","] = "."
    thousands: Char | None = None
    zone: Zone | None = None
    duplicates: Literal["keep", "drop"] = "keep"
    skip: tuple[Condition, ...] = ()
    common: Fields = Fields()
    event: tuple[EventFields, ...]

    @model_validator(mode="after")
    def _complete(self) -> TableOptions:
        if not self.event:
            raise ValueError("no [[source.event]]: say which rows give which kind of event")
        for event, fields in zip(self.event, self.mappings, strict=True):
            name = event.kind.value if event.kind and event.kind.value else "event"
            for needed in ("kind", "occurred_at"):
                if needed not in fields:
                    raise ValueError(
                        f"{name}: no {needed}; give it in [[source.event]] or in [source.common]"
                    )
        free = [e for e in self.event if not e.when and e.event_id is None]
        if self.common.event_id and len(free) > 1:
            raise ValueError(
                "several events of one row would have the same event_id; give each its own, as in"
                ' event_id = { template = "{id}-opened" }'
            )
        marks = [m for m in (self.delimiter, self.quote, self.thousands) if m]
        if set(marks) & set("\r\n\0") or self.delimiter == self.quote or self.thousands == self.decimal:
            raise ValueError("delimiter, quote, decimal and thousands must differ and be no line end")
        if len(set(self.columns)) < len(self.columns):
            raise ValueError("`columns` names a column twice")
        return self

    @property
    def mappings(self) -> tuple[dict[str, Field], ...]:
        """Per event, its fields with those of `common` beneath."""
        return tuple({**self.common.given(), **event.given()} for event in self.event)
