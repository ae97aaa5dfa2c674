"""Which of the ten elements of the life cycle an environment covers, with what, and what is missing."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from checks.catalogue.elements import Part, elements, parts
from checks.findings import Finding
from checks.plan import Resource

_SOURCE = "https://learn.microsoft.com/azure/architecture/ai-ml/guide/machine-learning-operations-v2"


@dataclass(frozen=True, kw_only=True)
class Covered:
    """One element in one environment."""

    stack: str
    number: int
    name: str
    by: tuple[str, ...]
    """Parts that are there, with how many: `endpoints 2`."""
    missing: tuple[str, ...]
    """Parts that it cannot do without."""
    fix: str

    @property
    def whole(self) -> bool:
        """Whether nothing is missing."""
        return not self.missing


def coverage(
    stack: str,
    resources: Iterable[Resource],
    *,
    shared: Iterable[Resource] = (),
    evidence: Mapping[str, int] | None = None,
) -> tuple[Covered, ...]:
    """The elements of one environment, in their order.

    Args:
        stack: its name.
        resources: what it declares or takes.
        shared: resources of the stacks that it builds on.
        evidence: how many there are of what is no resource, by the words of the table: `pipelines`.
    """
    mine, theirs = tuple(resources), tuple(shared)
    counted = {part: _count(part, mine, theirs, evidence or {}) for part in parts()}
    return tuple(
        Covered(
            stack=stack,
            number=element.number,
            name=element.name,
            by=tuple(
                f"{part.need} {count}"
                for part, count in counted.items()
                if part.element == element.number and count
            ),
            missing=tuple(
                part.need
                for part, count in counted.items()
                if part.element == element.number and not count and not part.also
            ),
            fix=element.missing,
        )
        for element in elements().values()
    )


def findings(covered: Iterable[Covered]) -> tuple[Finding, ...]:
    """Elements that lack something."""
    return tuple(
        Finding(
            severity="note" if one.by else "warn",
            rule="element-not-covered",
            stack=one.stack,
            resource="",
            what=f"element {one.number}, {one.name}, lacks {', '.join(one.missing)}",
            why="a loop that lacks one step is closed by hand, or not at all",
            fix=one.fix,
            source=_SOURCE,
        )
        for one in covered
        if not one.whole
    )


def _count(
    part: Part, mine: tuple[Resource, ...], theirs: tuple[Resource, ...], evidence: Mapping[str, int]
) -> int:
    if part.evidence:
        return evidence.get(part.evidence, 0)
    return sum(part.fits(one.type, one.name) for one in (theirs if part.shared else mine))
