"""Every page of the documents is reached from their index, no link is dead, no path of the house is old."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
DOCS = ROOT / "docs"
PAGES = sorted(DOCS.rglob("*.md"))
LINK = re.compile(r"(?<!!)\[[^\]]*\]\((?P<to>[^)\s]+)\)")
FENCED = re.compile(r"^ *```.*?^ *```", re.MULTILINE | re.DOTALL)
PATH = re.compile(r"`(?P<path>(?:tests|twinloop|checks|infra|setup|docs)/[\w./-]*)`")


def links(page: Path) -> list[str]:
    """Where a page leads: no addresses of the web, none of the blocks of commands."""
    text = FENCED.sub("", page.read_text(encoding="utf-8"))
    return [found["to"] for found in LINK.finditer(text) if "://" not in found["to"]]


def target(page: Path, link: str) -> Path:
    return (page.parent / link.partition("#")[0]).resolve() if link.partition("#")[0] else page


def anchors(page: Path) -> set[str]:
    """The headings of a page as GitHub names them."""
    text = FENCED.sub("", page.read_text(encoding="utf-8"))
    headings = re.findall(r"^#+ +(.+)$", text, re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", one.lower()).strip().replace(" ", "-") for one in headings}


def test_every_page_can_be_reached_from_the_index():
    seen: set[Path] = set()
    waiting = [DOCS / "README.md"]
    while waiting:
        page = waiting.pop()
        if page in seen:
            continue
        seen.add(page)
        waiting += [to for link in links(page) if (to := target(page, link)).suffix == ".md" and to.exists()]
    assert set(PAGES) - seen == set()


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_every_link_of_a_page_leads_somewhere(page):
    for link in links(page):
        to = target(page, link)
        assert to.exists(), link
        anchor = link.partition("#")[2]
        assert not anchor or to.suffix != ".md" or anchor in anchors(to), link


def test_every_path_that_the_house_names_exists():
    named = [found["path"] for found in PATH.finditer((DOCS / "contributor/house.md").read_text())]
    assert len(named) > 20
    assert [path for path in named if not (ROOT / path).exists()] == []


def test_the_index_names_each_page_with_a_reader():
    index = (DOCS / "README.md").read_text(encoding="utf-8")
    readers = [one for one in PAGES if "decisions" not in one.parts and one.name != "README.md"]
    assert [one.name for one in readers if f"({one.relative_to(DOCS)})" not in index] == []
