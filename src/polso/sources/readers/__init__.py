"""Readers: one file format each, every file becoming one scratch table of clean text.

Rule kept here: the rows of the scratch table and the rejected rows together are the rows of the file.
"""

from __future__ import annotations

from polso.sources.readers.raw import RAW as RAW
from polso.sources.readers.raw import Dialect as Dialect
from polso.sources.readers.raw import Raw as Raw
from polso.sources.readers.raw import literal as literal
from polso.sources.readers.registry import format_of as format_of
from polso.sources.readers.registry import read as read
