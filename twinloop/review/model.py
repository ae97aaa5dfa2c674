"""The words of a review: what was compared, and per stack what changes for the bill, access and reach."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    from checks.access import AccessChange
    from checks.cost import Estimate
    from checks.exposure import ExposureChange
    from checks.findings import Finding
    from checks.plan import StackPlan
    from checks.quota import QuotaUse


@dataclass(frozen=True, kw_only=True)
class Side:
    """One side of a comparison."""

    what: Literal["commit", "working tree", "live state"]
    name: str
    """The commit (40 hex digits), `working tree on <commit>`, or which cloud the live state is of."""
    ref: str = ""
    """As it was asked for: `main`, `HEAD~1`."""
    at: str = ""
    """ISO 8601 UTC: when the commit was made, or the live state was read."""
    environment: str = ""
    """The Python environment it was evaluated in: that of its own lock, or of this checkout."""


@dataclass(frozen=True, kw_only=True)
class Place:
    """Where in the checkout something is said."""

    file: str
    line: int


@dataclass(frozen=True, kw_only=True)
class StackReview:
    """What a change does to one stack."""

    stack: str
    environment: str
    plan: StackPlan
    cost_before: Estimate
    cost_after: Estimate
    access: tuple[AccessChange, ...] = ()
    exposure: tuple[ExposureChange, ...] = ()
    quota: tuple[QuotaUse, ...] = ()
    findings: tuple[Finding, ...] = ()
    places: Mapping[str, Place] = field(default_factory=dict)
    """By URN, or by finding's rule where it has no resource: the line that most likely says so."""
    notes: tuple[str, ...] = ()
    """What a reader must know: secrets that could not be read, a stack that is new or gone."""
    is_new: bool = False
    is_gone: bool = False


@dataclass(frozen=True, kw_only=True)
class Review:
    """What a change does."""

    base: Side
    head: Side
    stacks: tuple[StackReview, ...]
    digest: str
    """SHA-256 over the changes of all stacks: equal digests mean equal steps."""
