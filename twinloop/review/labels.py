"""How a review calls things on every page: resources, values, amounts and what was compared."""

from __future__ import annotations

import json
import re
import unicodedata
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Decimal
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from checks.access import AccessChange
    from checks.cost import Estimate, Item
    from checks.findings import Finding
    from checks.plan import Change, Resource
    from twinloop.review.model import Review, Side, StackReview

FRAMES = ("pulumi", "twinloop")  # whose types no cloud knows
OPS = ("create", "update", "replace", "delete")
SIGNS = {"create": "+", "update": "~", "replace": "±", "delete": "-", "same": " "}
LONGEST = 120  # characters of one value before its middle is left out
MOST = 20_000  # characters of one value that are compared at all
AROUND = 30  # characters that are shown on both sides of what differs
_URN = re.compile(r"urn:pulumi:[^;]+")  # names are joined with semicolons
COMMIT = 10  # digits of a commit that a reader needs
# Characters that a page would obey instead of showing: controls, writing direction, private use, line ends.
UNSEEN = {"Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"}


def short_type(token: str) -> str:
    """`storage:StorageAccount` of `azure-native:storage:StorageAccount`; of others the whole token."""
    *_, module, name = ["", *token.split(":")]
    return f"{module}:{name}" if module and token.startswith("azure-native:") else token


def name_of(urn: str) -> str:
    """The logical name at the end of a URN."""
    return urn.rsplit("::", 1)[-1]


def type_of(urn: str) -> str:
    """The type in a URN, without those of its parents."""
    parts = urn.split("::")
    return parts[2].rsplit("$", 1)[-1] if len(parts) > 3 else ""  # noqa: PLR2004 - urn:stack, project, types, name


def resource_label(urn: str) -> str:
    """`storage:StorageAccount lake`: what a person calls the resource of a URN."""
    kind = short_type(type_of(urn))
    return f"{kind} {name_of(urn)}" if kind else urn


def by_of(access: AccessChange) -> str:
    """Roles and the names of their assignments; whole URNs say no more."""
    return _URN.sub(lambda found: name_of(found[0]), access.by)


def seen(text: str) -> str:
    """The text with every character spelled out that a page would obey: line ends, writing directions."""
    if text.isascii() and text.isprintable():
        return text
    return "".join(_seen(one) for one in text)


def _seen(character: str) -> str:
    if character == "\n":
        return "\\n"
    if unicodedata.category(character) in UNSEEN:
        return f"\\u{{{ord(character):x}}}"
    return character


def shortened(text: str, longest: int = LONGEST) -> str:
    """The text, or both of its ends with the count of what lies between them."""
    if len(text) <= longest:
        return text
    kept = max(longest - 24, 8)
    head, tail = kept - kept // 3, kept // 3
    return f"{text[:head]} … {len(text) - head - tail} more … {text[-tail:]}"


def shown(value: Any, longest: int = LONGEST) -> str:
    """One value as a person reads it: text bare unless that could mislead, all else as JSON."""
    if isinstance(value, str) and _is_plain(value):
        return shortened(seen(value), longest)
    return shortened(seen(json.dumps(value, ensure_ascii=False, sort_keys=True, default=str)), longest)


def pair(before: Any, after: Any, longest: int = LONGEST) -> tuple[str, str]:
    """Two values as a person reads them; of long ones the part that differs, not their ends."""
    texts = [shown(value, MOST) for value in (before, after)]
    if max(map(len, texts)) <= longest:
        return texts[0], texts[1]
    start = _common(*texts)
    end = min(_common(*(text[::-1] for text in texts)), min(map(len, texts)) - start)
    if start + end < 2 * AROUND:
        return shortened(texts[0], longest), shortened(texts[1], longest)
    one, two = (_around(text, start, end, longest) for text in texts)
    return one, two


def _common(one: str, two: str) -> int:
    """How many characters both begin with."""
    pairs = zip(one, two, strict=False)
    return next((at for at, (a, b) in enumerate(pairs) if a != b), min(len(one), len(two)))


def _around(text: str, start: int, end: int, longest: int) -> str:
    """What lies between the first `start` and the last `end` characters, with a little of both."""
    first, last = max(start - AROUND, 0), min(len(text) - end + AROUND, len(text))
    middle = shortened(text[first:last], longest)
    return f"{'… ' if first else ''}{middle}{' …' if last < len(text) else ''}"


def sentence(text: str) -> str:
    """The text as a sentence between others: begun with a capital where it begins with a word, and ended."""
    first = text.partition(" ")[0]
    begun = text.capitalize()[:1] + text[1:] if first.isalpha() and first.islower() else text
    return begun if not begun or begun.endswith((".", "!", "?", ":")) else f"{begun}."


def _is_plain(text: str) -> bool:
    if not text or text != text.strip():
        return False
    try:
        json.loads(text)
    except ValueError:
        return True
    return False  # "3" and 3, "true" and true, "null" and nothing are not the same


def money(amount: Decimal) -> str:
    """`1,234.50`: US dollars to the cent."""
    return f"{amount.quantize(Decimal('0.01'), ROUND_HALF_UP):,}"


def side(one: Side) -> str:
    """`live state of X read at T`, or a commit with the name it was asked for by."""
    if one.what == "live state":
        return f"the live state of {one.name}, read {one.at}"
    head, _, commit = one.name.rpartition(" ")  # a commit, or `working tree on` one
    name = f"{head} {commit[:COMMIT]}".lstrip()
    asked = f" ({one.ref})" if one.ref and not one.name.startswith(one.ref) else ""
    return f"{name}{asked}"


def is_live(review: Review) -> bool:
    """Whether one side is what really exists, not code."""
    return "live state" in {review.base.what, review.head.what}


def counts(changes: Iterable[Change]) -> Counter[str]:
    """How many resources are created, updated, replaced, deleted and left the same."""
    return Counter(change.op for change in changes if in_cloud(change.resource))


def in_cloud(resource: Resource) -> bool:
    """Whether a cloud knows it: a stack, a provider and a component of the program are frames only."""
    framed = resource.type.partition(":")[0] in FRAMES
    return not framed and bool(resource.id or resource.inputs)  # a component has neither, whoever wrote it


def is_known(review: StackReview) -> bool:
    """Whether it is known at all what changes: a program that fails says nothing."""
    from twinloop.review.assembling import NOT_EVALUATED

    return not any(finding.rule in NOT_EVALUATED for finding in review.findings)


def real_changes(review: StackReview) -> list[Change]:
    """What changes in the cloud."""
    return [change for change in review.plan.changes if change.op != "same" and in_cloud(change.resource)]


def finding_told(finding: Finding) -> str:
    """What is so and why it matters, as sentences; after a resource's name the first begins as it is."""
    what = finding.what if finding.resource else sentence(finding.what)
    end = "" if what.endswith((".", "!", "?", ":")) else "."
    return f"{what}{end} {sentence(finding.why)}"


def dated(item: Item) -> str:
    """When a price was read: ` of 2026-11-01`, or that nobody knows."""
    if item.as_of in {"", "unknown"}:
        return " of an unknown date"
    return f" of {item.as_of}"


@dataclass(frozen=True, kw_only=True)
class CostChange:
    """One line of the bill, before and after."""

    stack: str
    before: Item | None
    after: Item | None

    @property
    def item(self) -> Item:
        """The line as it will be, or as it was where it goes."""
        found = self.after or self.before
        if found is None:
            raise ValueError("a change of cost needs an item before or after it")
        return found

    @property
    def what(self) -> str:
        """What is charged; both ways where that itself is what changes."""
        words = dict.fromkeys(one.what for one in (self.before, self.after) if one)
        return " → ".join(words)


def cost_changes(stack: str, before: Estimate, after: Estimate) -> list[CostChange]:
    """The lines that differ, the dearest growth at worst first, unknown ones before all others."""
    old, new = _by_line(before), _by_line(after)
    found = [
        CostChange(stack=stack, before=old.get(key), after=new.get(key))
        for key in {**old, **new}
        if not _same_price(old.get(key), new.get(key))
    ]
    found = _without_moved(found)
    return sorted(found, key=lambda one: (not one.item.is_unknown, -_growth(one), one.item.resource))


def _without_moved(changes: list[CostChange]) -> list[CostChange]:
    """The changes but those lines that only stand at another name now, word for word and cent for cent."""
    gone = Counter(_facts(one.before) for one in changes if one.before and not one.after)
    come = Counter(_facts(one.after) for one in changes if one.after and not one.before)
    moved = [gone & come, gone & come]
    kept = []
    for one in changes:
        if one.before and one.after:
            kept.append(one)
            continue
        side = moved[0] if one.before else moved[1]
        if side[_facts(one.item)] > 0:
            side[_facts(one.item)] -= 1
        else:
            kept.append(one)
    return kept


def _facts(item: Item) -> tuple[object, ...]:
    return (
        type_of(item.resource), item.what, item.at_rest, item.at_worst, item.unit_price, item.by_use,
        item.ceiling, item.basis,
    )  # fmt: skip


def _by_line(estimate: Estimate) -> dict[tuple[str, int], Item]:
    """A resource's lines by their order: its words hold figures, so they cannot be the key."""
    seen_of: Counter[str] = Counter()
    lines = {}
    for item in estimate.items:
        lines[item.resource, seen_of[item.resource]] = item
        seen_of[item.resource] += 1
    return lines


def _same_price(before: Item | None, after: Item | None) -> bool:
    if before is None or after is None:
        return False
    facts = [
        (one.what, one.at_rest, one.at_worst, one.unit_price, one.by_use, one.ceiling)
        for one in (before, after)
    ]
    return facts[0] == facts[1]


def _growth(change: CostChange) -> Decimal:
    return _worst(change.after) - _worst(change.before)


def _worst(item: Item | None) -> Decimal:
    return (item.at_worst or item.at_rest or Decimal(0)) if item else Decimal(0)


def priced(item: Item) -> str:
    """`0.00 to 120.00 USD a month`, or why there is no sum."""
    if item.by_use:
        price = "" if item.unit_price is None else f" {item.unit_price.normalize():f} USD per {item.unit}"
        return f"by use{price}"
    if item.at_rest is None and item.at_worst is None:
        return "unknown"
    most = "at most " if item.ceiling else ""
    rest = "unknown" if item.at_rest is None else money(item.at_rest)
    worst = "unknown" if item.at_worst is None else money(item.at_worst)
    return f"{most}{rest} USD a month" if rest == worst else f"{most}{rest} to {worst} USD a month"
