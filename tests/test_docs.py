"""The pages say what is there: both READMEs show the same commands, links between files lead somewhere."""

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
PAGES = sorted([*ROOT.glob("*.md"), *ROOT.glob("docs/**/*.md")])


def commands(page: Path) -> list[str]:
    return re.findall(r"^\$ (.+?)\s*(?:#.*)?$", page.read_text("utf-8"), flags=re.MULTILINE)


def test_both_languages_show_the_same_commands() -> None:
    italian = [line.replace("~/export/", "~/exports/") for line in commands(ROOT / "README.it.md")]
    assert commands(ROOT / "README.md") == italian


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_links_between_files_lead_somewhere(page: Path) -> None:
    links = re.findall(r"\]\((?!\w+:|#)([^)#]+)", page.read_text("utf-8"))
    assert [] == [link for link in links if not (page.parent / link).exists()]


def test_the_lock_names_no_address() -> None:
    locks = [path.read_text("utf-8") for path in (ROOT / "requirements").glob("*.txt")]
    assert [] == [line for lock in locks for line in lock.splitlines() if re.match(r"--(?!hash)|.*://", line)]
