"""Text in a comment that its author cannot use: no mention, link, markup or table that breaks."""

from __future__ import annotations

import re
from html import escape
from typing import Any

from twinloop.review.labels import LONGEST, seen, shortened, shown

ZERO_WIDTH = "\u200b"  # read by nobody, and no mention or link goes across it
_MARKUP = re.compile(r"([\\`*_{}\[\]()~|!^$:#])")
# within <code> as HTML, Markdown is still read: all that could be markup is written as its number
_ENTITY = re.compile(r"[^A-Za-z0-9 ,;\-/%=\u0080-\U0010ffff]")
# GitHub's own: @name, #12, GH-12; and what is made a link without any markup: www., a commit's digits
_FIRES = re.compile(r"(@|#|(?:\bgh|\bwww|\bhttps?|\bftp|\bmailto|\bxmpp)(?=[-.:]))", re.IGNORECASE)
_COMMIT = re.compile(r"\b([0-9a-f]{6})(?=[0-9a-f]{1,34}\b)", re.IGNORECASE)


def words(text: str, longest: int = 600) -> str:
    """A sentence that may hold anything: shown as it is written, and nothing in it does anything."""
    plain = _FIRES.sub(rf"\1{ZERO_WIDTH}", shortened(seen(text), longest))
    plain = _COMMIT.sub(rf"\1{ZERO_WIDTH}", plain)
    plain = _MARKUP.sub(r"\\\1", plain)
    # an ampersand would start an entity, and an angle bracket a tag
    return plain.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


def code(value: Any, longest: int = LONGEST) -> str:
    """One value in a code span, where GitHub neither mentions nor links; fits a table's cell."""
    return span(shown(value, longest))


def named(text: str, longest: int = LONGEST) -> str:
    """As `code`, of what is known to be text: a name of digits only is no number."""
    return span(shortened(seen(text), longest)) if text else span('""')


def span(text: str) -> str:
    """A text that `labels` made, as a code span."""
    if "`" in text or "|" in text or text != text.strip():
        text = text.replace("@", f"@{ZERO_WIDTH}")  # addresses become links even there
        return f"<code>{_ENTITY.sub(lambda found: f'&#{ord(found[0])};', text)}</code>"
    return f"`{text}`"


def fenced(text: str) -> list[str]:
    """Lines to copy as they stand, as a block of code; at the left margin, where nothing can open or end it.

    A text that could end it, or that a page would not show as it is, is left to the other pages.
    """
    if not text:
        return []
    if "```" in text or any(seen(line) != line for line in text.splitlines()):
        return ["", words("the lines to copy are in the report and in the JSON")]
    return ["", "```yaml", text.rstrip("\n"), "```", ""]


def html_code(value: Any, longest: int = LONGEST) -> str:
    """One value within HTML, where Markdown is not read."""
    return f"<code>{escape(shown(value, longest))}</code>"
