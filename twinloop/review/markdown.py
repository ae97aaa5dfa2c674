"""A review as one pull-request comment over all stacks, and what did not fit into it."""

from __future__ import annotations

from decimal import Decimal
from typing import TYPE_CHECKING

from twinloop.review.labels import COMMIT, OPS, SIGNS, counts, is_known, is_live, money
from twinloop.review.markdown_blocks import Block, joined, left_out, most_that_fit, size
from twinloop.review.markdown_sections import blocks
from twinloop.review.markdown_text import named

if TYPE_CHECKING:
    from checks.cost import Estimate
    from twinloop.review.model import Review, Side, StackReview

MARKER = "<!-- twinloop-review -->"  # by which a bot finds the comment that it wrote before
LIMIT = 60_000  # GitHub takes 65,536
LEAST = 20_000  # room for what is never left out: the first lines and the table
ROWS = 40  # stacks in the table at the top
_NOTE = 1_000  # room for the line that says what is left out


def markdown(review: Review, *, limit: int = LIMIT) -> tuple[str, str]:
    """One comment over all stacks, riskiest first, and the rest that did not fit into it.

    Args:
        review: what is shown.
        limit: the most characters of the comment.

    Returns:
        The comment, and Markdown of the blocks left out (empty where all fitted).
    """
    if limit < LEAST:
        raise ValueError(f"a comment needs room for {LEAST} characters; the limit given is {limit}")
    top = f"{_compared(review)}\n\n{MARKER}\n\n{_verdict(review)}"
    summary = [Block(section="Stacks", text=row) for row in _table(review)]
    found = blocks(review)
    whole = _assembled(top, summary, found, "")
    if size(whole) <= limit:
        return whole, ""
    room = limit - size(_assembled(top, summary, [], "")) - _NOTE
    kept = most_that_fit(found, room)
    rest = found[kept:]
    note = (
        f"**Left out here for its length**: {left_out(rest)}. "
        "It is in the summary of the job and in its artifact `review`."
    )
    return _assembled(top, summary, found[:kept], note), joined(rest) + "\n"


def _assembled(top: str, summary: list[Block], found: list[Block], note: str) -> str:
    parts = [top, "\n".join(block.text for block in summary), joined(found), note]
    return "\n\n".join(part for part in parts if part) + "\n"


def _compared(review: Review) -> str:
    """The first line: between which two things the difference is taken."""
    what = "Code against the live state" if is_live(review) else "Code against code"
    return f"**{what}**: {_side(review.base)} → {_side(review.head)}"


def _side(side: Side) -> str:
    at = f", {named(side.at, 40)}" if side.at else ""
    if side.what == "live state":
        return f"the live state of {named(side.name, 60)}{at}"
    name = named(side.name[:COMMIT] if side.what == "commit" else side.name, 60)
    asked = f"{named(side.ref, 60)}" if side.ref and not side.name.startswith(side.ref) else ""
    told = ", ".join(part for part in (asked, at.removeprefix(", ")) if part)
    return f"{name} ({told})" if told else name


def _verdict(review: Review) -> str:
    """One line: is there anything that stops it."""
    severities = [finding.severity for stack in review.stacks for finding in stack.findings]
    total = sum((counts(stack.plan.changes) for stack in review.stacks), counts(()))
    changed = sum(total[op] for op in OPS)
    refused = severities.count("refuse")
    say = f"🛑 {refused} refused. " if refused else ""
    unknown = sum(not is_known(stack) for stack in review.stacks)
    if unknown:
        stacks = _many(unknown, "stack", "stacks")
        say += f"{stacks} could not be evaluated: what changes there is not known. "
    known = len(review.stacks) - unknown
    if known or not unknown:
        many = f" in {known} stacks" if known != 1 else ""
        say += _many(changed, "resource changes", "resources change") if changed else "No resource changes"
        say += f"{many}. "
    of = "Digest of the steps that are known" if unknown else "Digest of the steps"
    return f"{say}{of}: {named(review.digest)}"


def _table(review: Review) -> list[str]:
    head = "| stack | " + " | ".join(_SIGN_NAMES[op] for op in OPS)
    head += " | USD a month at rest | at worst | access | exposure | findings |"
    ruler = "| --- " + "| ---: " * 6 + "| --- " * 3 + "|"
    rows = [_row(stack) for stack in review.stacks[:ROWS]]
    more = len(review.stacks) - len(rows)
    return [head, ruler, *rows, *([f"\n{more} more stacks are in the artifact `review`."] if more else [])]


_SIGN_NAMES = {op: f"{SIGNS[op]} {op}" for op in OPS}


def _row(stack: StackReview) -> str:
    found = counts(stack.plan.changes)
    severities = [finding.severity for finding in stack.findings]
    new = " (new)" if stack.is_new else " (gone)" if stack.is_gone else ""
    cells = [
        named(stack.stack, 40) + new,
        *((str(found[op]) if found[op] else "") if is_known(stack) else "?" for op in OPS),
        *(_amounts(*amounts, stack.cost_after) if is_known(stack) else "?" for amounts in _sums(stack)),
        _plus_minus(sum(one.gained for one in stack.access), len(stack.access), ("gained", "lost")),
        _plus_minus(sum(one.opened for one in stack.exposure), len(stack.exposure), ("opened", "closed")),
        ", ".join(
            _many(severities.count(kind), *names) for kind, names in _NAMES.items() if kind in severities
        ),
    ]
    return "| " + " | ".join(cells) + " |"


def _sums(stack: StackReview) -> list[tuple[Decimal, Decimal]]:
    before, after = stack.cost_before, stack.cost_after
    return [(before.at_rest, after.at_rest), (before.at_worst, after.at_worst)]


_NAMES = {"refuse": ("refused", "refused"), "warn": ("warning", "warnings"), "note": ("note", "notes")}


def _many(count: int, one: str, several: str) -> str:
    return f"{count} {one if count == 1 else several}"


def _amounts(before: Decimal, after: Decimal, estimate: Estimate) -> str:
    unknown = f" + {len(estimate.unknown)} unknown" if estimate.unknown else ""
    same = money(before) == money(after)
    return (money(after) if same else f"{money(before)} → {money(after)}") + unknown


def _plus_minus(more: int, both: int, words_for: tuple[str, str]) -> str:
    parts = [(more, words_for[0]), (both - more, words_for[1])]
    return ", ".join(f"{count} {word}" for count, word in parts if count)
