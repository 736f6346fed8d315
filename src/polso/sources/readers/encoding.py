"""Bytes to UTF-8: a file in another encoding is rewritten as a stream; a wrong encoding is an error, never
mojibake.

Rule kept here: text is decoded strictly, and an 8-bit encoding is not believed where the bytes say otherwise.
"""

from __future__ import annotations

import codecs
import re
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from charset_normalizer import from_bytes

from polso.errors import SourceError

BLOCK = 1 << 22
UTF8 = ("utf-8", "utf-8-sig", "ascii")
EIGHT_BIT = re.compile(r"^(iso8859|cp125|cp437|cp85|mac|latin|koi8)")
WESTERN = set("àáâãäåèéêëìíîïòóôõöùúûüçñßÀÁÂÄÈÉÊËÌÍÒÓÔÖÙÚÛÜÇÑ€‘’“”–—…°ªº«»·£§©®´¨¿¡øØæÆ\u00a0")
BOMS = ((codecs.BOM_UTF32_LE, "utf-32"), (codecs.BOM_UTF16_LE, "utf-16"), (codecs.BOM_UTF16_BE, "utf-16"))


@dataclass(frozen=True, slots=True)
class Survey:
    """What one pass over the bytes tells, enough to know whether the engine's reader can be trusted with
    them.
    """

    lines: int
    lone_cr: bool
    mixed_ends: bool
    nul: bool
    bom: bool
    size: int


@contextmanager
def as_utf8(path: Path, encoding: str) -> Iterator[Path]:
    """The file itself where it is UTF-8, else a rewritten copy that is gone afterwards; SourceError where it
    is neither.
    """
    name = _known(encoding, path)
    with path.open("rb") as file:
        head = file.read(4)
    for bom, found in BOMS:
        if head.startswith(bom) and not name.startswith(found.replace("-", "_")[:6].replace("_", "-")):
            raise SourceError(f'{path.name}: the file is {found}, not {encoding}; say encoding = "{found}"')
    if name in UTF8:
        yield path
        return
    with tempfile.TemporaryDirectory(prefix="polso-") as folder:
        copy = Path(folder) / path.name
        _rewrite(path, name, copy)
        yield copy


def _known(encoding: str, path: Path) -> str:
    try:
        "x".encode(encoding)  # LookupError where it is an encoding, but none of text
        return codecs.lookup(encoding).name
    except (LookupError, ValueError) as error:
        raise SourceError(
            f"{path.name}: no encoding '{encoding}'; known are utf-8, utf-16, cp1252, latin-1 and"
            f" Python's others"
        ) from error


def blocks(path: Path) -> Iterator[bytes]:
    """The file's bytes, a few megabytes at a time."""
    with path.open("rb") as file:
        while block := file.read(BLOCK):
            yield block


def _rewrite(path: Path, name: str, copy: Path) -> None:
    decoder = codecs.getincrementaldecoder(name)("strict")
    doubt = _Doubt(path, name) if EIGHT_BIT.match(name) else None
    with copy.open("wb") as out:
        try:
            for block in blocks(path):
                text = decoder.decode(block)
                if doubt:
                    doubt.see(block, text)
                out.write(text.encode("utf-8"))
            out.write(decoder.decode(b"", final=True).encode("utf-8"))
        except UnicodeError as error:
            raise SourceError(wrong(path, name)) from error
    if doubt:
        doubt.settle()


class _Doubt:
    """Whether bytes read in an 8-bit encoding, where every byte is some letter, are really something else."""

    def __init__(self, path: Path, name: str) -> None:
        self.path, self.name = path, name
        self.utf8: codecs.IncrementalDecoder | None = codecs.getincrementaldecoder("utf-8")("strict")
        self.beyond_ascii = self.controls = False

    def see(self, block: bytes, text: str) -> None:
        if block.isascii() and not (self.utf8 and self.utf8.getstate()[0]):
            return
        self.beyond_ascii = True
        self.controls = self.controls or any("\x80" <= c <= "\x9f" for c in set(text))
        if self.utf8:
            try:
                self.utf8.decode(block)
            except UnicodeDecodeError:
                self.utf8 = None

    def settle(self) -> None:
        if self.utf8 and self.beyond_ascii:
            raise SourceError(
                f'{self.path.name}: the file is not {self.name} but utf-8; say encoding = "utf-8"'
            )
        if self.controls and self.name == "iso8859-1":
            raise SourceError(
                f"{self.path.name}: some characters do not exist in {self.name}; it is most likely"
                f' encoding = "cp1252"'
            )


def survey(path: Path) -> Survey:
    """One pass over a UTF-8 file: its lines and its oddities; SourceError where it is no UTF-8."""
    decoder = codecs.getincrementaldecoder("utf-8")("strict")
    feeds = returns = pairs = size = 0
    nul = bom = False
    trailing = 0
    before = b""
    for block in blocks(path):
        if not size:
            bom = block.startswith(codecs.BOM_UTF8)
        size += len(block)
        if not block.isascii() or decoder.getstate()[0]:
            try:
                decoder.decode(block)
            except UnicodeDecodeError as error:
                raise SourceError(wrong(path, "utf-8")) from error
        feeds += block.count(b"\n")
        if block.find(b"\r") >= 0:
            returns += block.count(b"\r")
            pairs += block.count(b"\r\n")
        pairs += before == b"\r" and block[:1] == b"\n"
        nul = nul or b"\0" in block
        body = block.rstrip(b"\r\n")
        trailing = (0 if body else trailing) + block[len(body) :].count(b"\n")
        before = block[-1:]
    if decoder.getstate()[0]:
        raise SourceError(wrong(path, "utf-8"))
    # Lines up to the last one that is not blank.
    lines = feeds - trailing + (1 if size > 0 else 0)
    return Survey(lines, returns != pairs, 0 < pairs < feeds, nul, bom, size)


def wrong(path: Path, said: str) -> str:
    """The message for a file that is not in the encoding it should be in, naming the likely one."""
    sample = _sample(path)
    likely = guessed(sample)
    hint = f'it is most likely encoding = "{likely}"' if likely else "say its `encoding`"
    return f"{path.name}: the file is not {said}; {hint}"


def _sample(path: Path, size: int = 1 << 16) -> bytes:
    """The first stretch of the file in which there is more than ASCII."""
    for block in blocks(path):
        if not block.isascii():
            at = next(i for i, byte in enumerate(block) if byte > 127)
            start = max(0, at - size // 2)
            return block[start : start + size]
    return b""


def guessed(sample: bytes) -> str | None:
    """The most likely encoding of some bytes."""
    for bom, name in (*BOMS, (codecs.BOM_UTF8, "utf-8")):
        if sample.startswith(bom):
            return name
    try:
        sample.decode("utf-8")
        return "utf-8"
    except UnicodeDecodeError as error:
        if error.start > len(sample) - 4 and error.reason == "unexpected end of data":
            return "utf-8"
    try:
        if {c for c in sample.decode("cp1252") if c > "\x7f"} <= WESTERN:
            return "cp1252"
    except UnicodeDecodeError:
        pass
    best = from_bytes(sample).best()
    return best.encoding.replace("_", "-") if best else None
