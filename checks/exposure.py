"""What becomes reachable, public or keyed, and what is closed again: exposures before and after."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from checks.findings import Finding, Severity
from checks.plan import Resource


@dataclass(frozen=True, kw_only=True)
class ExposureChange:
    """One door that a change opens or closes."""

    resource: str
    """The URN."""
    opened: bool
    what: str
    """In words: `answers the public internet`, `anonymous blob reads`, `shared keys`."""
    by: str
    """Property path and value: `publicNetworkAccess: Enabled`."""
    stack: str = ""
    severity: Severity = "warn"
    """How grave it is where it opens."""
    why: str = ""
    fix: str = ""
    source: str = ""


def exposure_changes(before: Iterable[Resource], after: Iterable[Resource]) -> tuple[ExposureChange, ...]:
    """Compare what is open before and after."""
    return ()


def findings(changes: Iterable[ExposureChange]) -> tuple[Finding, ...]:
    """A finding per door that opens."""
    return ()
