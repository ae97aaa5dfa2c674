"""A review as one HTML file: needs no network, and runs nothing but its own filter."""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Iterator
from html import escape
from importlib import resources
from typing import TYPE_CHECKING

from twinloop.pictures import style
from twinloop.review.html_elements import badge, folded, resource, table, text, value
from twinloop.review.html_stack import stack_section
from twinloop.review.labels import OPS, SIGNS, counts, finding_told, is_known, is_live, money, side

if TYPE_CHECKING:
    from checks.cost import Estimate
    from checks.findings import Finding
    from twinloop.review.model import Review, Side, StackReview


def html(review: Review) -> str:
    """The whole page: findings on top, then one part per stack."""
    css = f"{_file('html_style.css')}\n{style.CSS}"
    script = _file("html_script.js")
    # The values of a review are written by whoever proposes the change: only these two texts may act.
    policy = (
        f"default-src 'none'; style-src '{_digest(css)}'; script-src '{_digest(script)}'; "
        "img-src data:; base-uri 'none'; form-action 'none'"
    )
    stacks = "".join(stack_section(stack, at) for at, stack in enumerate(review.stacks))
    return (
        '<!doctype html><html lang="en"><head><meta charset="utf-8">'
        f'<meta http-equiv="Content-Security-Policy" content="{policy}">'
        '<meta name="viewport" content="width=device-width, initial-scale=1">'
        '<meta name="color-scheme" content="light dark"><link rel="icon" href="data:,">'
        f"<title>Review: {text(side(review.head))}</title><style>{css}</style></head><body>"
        f"{_head(review)}<main>{_summary(review)}{_findings(review)}{stacks}</main>"
        f"<script>{script}</script></body></html>\n"
    )


def _file(name: str) -> str:
    return resources.files("twinloop.review").joinpath(name).read_text("utf-8")


def _digest(content: str) -> str:
    return f"sha256-{base64.b64encode(hashlib.sha256(content.encode()).digest()).decode()}"


def _head(review: Review) -> str:
    what = "Code against the live state" if is_live(review) else "Code against code"
    links = "".join(f'<a href="#s{at}">{text(one.stack)}</a>' for at, one in enumerate(review.stacks))
    total = sum((counts(stack.plan.changes) for stack in review.stacks), counts(()))
    buttons = "".join(
        f'<button type="button" class="badge {op}" data-kind="{op}" aria-pressed="true">'
        f"{SIGNS[op]} {total[op]} {op}</button>"
        for op in OPS
    )
    return (
        "<header><h1>What this change does</h1>"
        f"<p><b>{what}</b>: {_side(review.base)} → {_side(review.head)}</p>"
        f'<p class="soft">digest of the steps <code>{text(review.digest)}</code></p>'
        f'<nav aria-label="Stacks">{links}</nav></header>'
        f'<div class="filter" role="group" aria-label="Show">{buttons}'
        '<label>find <input type="search" id="find" placeholder="type or name" autocomplete="off"></label>'
        '<span id="found" class="soft" role="status"></span></div>'
    )


def _side(one: Side) -> str:
    facts = ", ".join(fact for fact in ("" if one.what == "live state" else one.at, one.environment) if fact)
    return text(side(one)) + (f' <span class="soft">{text(facts)}</span>' if facts else "")


def _summary(review: Review) -> str:
    head = ("stack", *OPS, "USD a month at rest", "at worst", "access", "exposure", "findings")
    return table(head, map(_row, enumerate(review.stacks)), numbers=(1, 2, 3, 4, 5, 6))


def _row(numbered: tuple[int, StackReview]) -> tuple[str, ...]:
    at, stack = numbered
    found = counts(stack.plan.changes)
    before, after = stack.cost_before, stack.cost_after
    gained = sum(one.gained for one in stack.access)
    opened = sum(one.opened for one in stack.exposure)
    severities = [finding.severity for finding in stack.findings]
    return (
        f'<a href="#s{at}">{text(stack.stack)}</a>',
        *((badge(op, str(found[op])) if found[op] else "") if is_known(stack) else "?" for op in OPS),
        *(_amount(before, after, worst=worst) if is_known(stack) else "?" for worst in (False, True)),
        _both(gained, len(stack.access), "gained", "lost"),
        _both(opened, len(stack.exposure), "opened", "closed"),
        " ".join(badge(kind, f"{severities.count(kind)} {kind}") for kind in dict.fromkeys(severities)),
    )


def _amount(before: Estimate, after: Estimate, *, worst: bool) -> str:
    old, new = (before.at_worst, after.at_worst) if worst else (before.at_rest, after.at_rest)
    unknown = f'<br><span class="soft">+ {len(after.unknown)} unknown</span>' if after.unknown else ""
    return (money(new) if money(old) == money(new) else f"{money(old)} → {money(new)}") + unknown


def _both(more: int, all_of_them: int, one: str, other: str) -> str:
    parts = [(more, one, "gained"), (all_of_them - more, other, "lost")]
    return " ".join(badge(kind, f"{count} {word}") for count, word, kind in parts if count)


def _findings(review: Review) -> str:
    grave = [*_of(review, "refuse"), *_of(review, "warn")]
    notes = list(_of(review, "note"))
    if not grave and not notes:
        return '<p class="soft">No findings.</p>'
    title = f'<h2>Findings <span class="soft">{len(grave) + len(notes)}</span></h2>'
    more = folded("Notes", "".join(notes), count=len(notes), is_open=not grave) if notes else ""
    return f'<section id="findings">{title}{"".join(grave)}{more}</section>'


def _of(review: Review, severity: str) -> Iterator[str]:
    for stack in review.stacks:
        for finding in stack.findings:
            if finding.severity == severity:
                yield _finding(stack, finding)


def _finding(stack: StackReview, finding: Finding) -> str:
    place = stack.places.get(finding.resource or finding.rule)
    about = f" {resource(finding.resource)}" if finding.resource else ""
    where = f"{value(f'{place.file}:{place.line}')} · " if place else ""
    copied = f"<pre>{escape(finding.copied)}</pre>" if finding.copied else ""
    source = f" · source: {text(finding.source)}" if finding.source else ""
    return (
        f'<article class="finding {finding.severity}">'
        f"<p>{badge(finding.severity)} <b>{text(stack.stack)}</b>{about}</p>"
        f"<p>{text(finding_told(finding))}</p>"
        f"<p><b>Do:</b> {text(finding.fix)}{':' if copied else ''}</p>{copied}"
        f'<p class="soft">{where}rule {value(finding.rule)}{source}</p></article>'
    )
