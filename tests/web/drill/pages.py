"""Reading a page as a person would: its sentence, the cells of its tables, its text without tags."""

import re
from html import unescape


def text(html: str) -> str:
    """What is written, without tags."""
    return " ".join(unescape(re.sub("<[^>]+>", " ", html)).split())


def sentence(html: str) -> str:
    """The sentence at the top."""
    found = re.search(r'<p class="sentence">(.*?)</p>', html, re.S)
    assert found, "the page has no sentence"
    return text(found[1])


def tables(html: str) -> list[list[list[str]]]:
    """Every table: its rows, each a list of cells."""
    return [
        [[text(cell) for cell in re.findall(r"<t[dh][^>]*>(.*?)</t[dh]>", row, re.S)]
         for row in re.findall(r"<tr[^>]*>(.*?)</tr>", table, re.S)]
        for table in re.findall(r"<table>(.*?)</table>", html, re.S)
    ]  # fmt: skip


def links(html: str, start: str) -> list[str]:
    """Where the links of the page lead that begin so."""
    return [unescape(href) for href in re.findall(r'href="([^"]*)"', html) if href.startswith(start)]
