"""What cannot be undone: one-way properties, and the loss of resources that hold what nothing else has."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date

from checks.findings import Finding
from checks.plan import Change
from checks.waivers import Waiver


def findings(
    changes: Iterable[Change], waivers: Iterable[Waiver] = (), *, today: date | None = None
) -> tuple[Finding, ...]:
    """What of the changes cannot be undone, and is not waived.

    Args:
        changes: of one stack.
        waivers: of the stack's settings, as they are with the change.
        today: against which waivers are held; the present day unless given.
    """
    return ()
