"""The artifact of a review, read as data that a stranger wrote: nothing is run, all is checked."""

from __future__ import annotations

import json
import re
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from shape import misfits

SCHEMA = Path(__file__).resolve().parents[1] / "twinloop/review/review.schema.json"
MARKER = "<!-- twinloop-review -->"
COMMENT, REPORT, ORIGIN = "comment.md", "review.json", "pull-request.json"
LARGEST = {COMMENT: 250_000, REPORT: 20_000_000, ORIGIN: 1_000}  # bytes
LONGEST = 60_000  # characters of a comment
COMMIT = re.compile(r"[0-9a-f]{40}")
_OBEYED = {"Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"}
_FIRST = re.compile(r"\*\*Code against (code|the live state)\*\*: ")


class NotTrusted(Exception):
    """The artifact is not what our own review writes; nothing was posted."""


@dataclass(frozen=True)
class Reviewed:
    """What the artifact says, once it is known to be well-formed."""

    number: int
    """The pull request it says to be of: still to be held against what GitHub says."""
    head: str
    comment: str


def read(folder: Path) -> Reviewed:
    """Check every file that is used.

    Raises:
        NotTrusted: with the first thing that is wrong.
    """
    origin = _json(_text(folder, ORIGIN), ORIGIN)
    if not isinstance(origin, dict) or origin.keys() != {"number", "head"}:
        raise NotTrusted(f"{ORIGIN} is not an object of number and head")
    number, head = origin["number"], origin["head"]
    if type(number) is not int or not 0 < number < 10**9:
        raise NotTrusted(f"{ORIGIN}: number is not that of a pull request")
    if not isinstance(head, str) or not COMMIT.fullmatch(head):
        raise NotTrusted(f"{ORIGIN}: head is not a commit")
    schema = json.loads(SCHEMA.read_text("utf-8"))
    wrong = misfits(_json(_text(folder, REPORT), REPORT), schema)
    if wrong:
        raise NotTrusted(f"{REPORT} does not fit its schema: {'; '.join(wrong[:3])}")
    return Reviewed(number, head, _comment(_text(folder, COMMENT)))


def _text(folder: Path, name: str) -> str:
    path = folder / name
    if path.is_symlink() or not path.is_file():
        raise NotTrusted(f"{name} is missing, or is no plain file")
    with path.open("rb") as file:
        content = file.read(LARGEST[name] + 1)
    if len(content) > LARGEST[name]:
        raise NotTrusted(f"{name} is larger than {LARGEST[name]} bytes")
    try:
        return content.decode("utf-8")
    except UnicodeDecodeError as error:
        raise NotTrusted(f"{name} is not UTF-8") from error


def _json(text: str, name: str) -> Any:
    try:
        return json.loads(text)
    except (ValueError, RecursionError) as error:
        raise NotTrusted(f"{name} is not JSON") from error


def _comment(text: str) -> str:
    """The comment, if it is one that our review could have written."""
    lines = text.split("\n")
    if len(lines) < 4 or not _FIRST.match(lines[0]) or lines[2] != MARKER:  # noqa: PLR2004 - as it is written
        raise NotTrusted(f"{COMMENT} does not begin as a review does, with what was compared and its marker")
    if len(text) > LONGEST:
        raise NotTrusted(f"{COMMENT} has {len(text)} characters; the most are {LONGEST}")
    for character in text:
        # the one that keeps a mention from being one is ours
        if character not in "\n\u200b" and unicodedata.category(character) in _OBEYED:
            raise NotTrusted(f"{COMMENT} has the control character U+{ord(character):04X}")
    acting = _acting(text)
    if acting:
        raise NotTrusted(f"{COMMENT} has what a review never writes: {acting!r}")
    return text


# What is left when code spans are taken out may not act: a stranger could have written the file by hand.
# In this order: a backslash takes a backtick its meaning, but only outside of a span.
_ESCAPED = r"\\[!-/:-@\[-`{-~]|`[^`\n]+`(?!`)"
_SPAN = re.compile(_ESCAPED + r"|<code>[A-Za-z0-9 ,;\-/%=&#\u0080-\U0010ffff]*</code>")
_FOLD = re.compile(
    r"<details><summary>((?:[^<>&@]|<code>[^<>\n]*</code>)*)</summary>"
)  # HTML: no Markdown in it
_KEPT = re.compile(r"&(?:amp|lt|gt);|</details>|" + re.escape(MARKER))
_ACTS = re.compile(
    r"<[^\n]{0,40}|@[A-Za-z0-9][^\n]{0,40}|\]\([^\n]{0,40}|\]\[|\]:|!\["
    r"|\bwww\.[^\n]{0,40}|[a-z]+://[^\n]{0,40}|#\d+|\bgh-\d+|&[^\n]{0,20}|`|~~~",
    re.IGNORECASE,
)


def _outside_of_fences(lines: list[str]) -> Iterator[str]:
    """The lines but those of blocks of code, as GitHub sees them: at the left margin, after an empty line.

    One that begins anywhere else, or does not end, is no such block: its backticks are found.
    """
    at = 0
    while at < len(lines):
        yield lines[at]
        at += 1
        if lines[at - 1] or lines[at : at + 1] != [_FENCE + "yaml"]:
            continue
        end = next((end for end in range(at + 1, len(lines)) if _FENCE in lines[end]), len(lines))
        if lines[end : end + 1] == [_FENCE]:
            at = end + 1


_FENCE = "```"


def _acting(text: str) -> str:
    """The first mention, link, reference or foreign markup outside of code; empty where there is none."""
    for line in _outside_of_fences(text.split("\n")):
        if _FOLD.fullmatch(line):
            continue
        # GitHub looks for mentions and references in what is shown, and a backslash is not
        plain = _SPAN.sub(
            lambda span: span[0][1] if span[0][1] in "@#:&<" and span[0][0] == "\\" else " ", line
        )
        found = _ACTS.search(_KEPT.sub(" ", plain))
        if found:
            return found[0]
    return ""
