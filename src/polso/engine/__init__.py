"""The only folder that imports ibis, DuckDB or Spark; everyone else takes those names from here."""

from __future__ import annotations

import ibis as ibis
from ibis import Table as Table
from ibis.expr.datatypes import unknown
from ibis.expr.types import BooleanValue as BooleanValue
from ibis.expr.types import IntegerValue as IntegerValue
from ibis.expr.types import StringValue as StringValue
from ibis.expr.types import TimestampValue as TimestampValue
from ibis.expr.types import Value as Value

from polso.engine.duckdb import NAMES as NAMES
from polso.engine.duckdb import PLACES as PLACES
from polso.engine.duckdb import DuckDB as DuckDB
from polso.engine.duckdb import EngineError as EngineError
from polso.engine.engine import Engine as Engine
from polso.engine.expressions import micros_between as micros_between
from polso.engine.expressions import micros_of as micros_of

UNKNOWN = unknown
