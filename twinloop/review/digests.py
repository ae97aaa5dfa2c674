"""One number for all that a change does: equal digests mean equal steps."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable

from checks.plan import StackPlan


def digest(plans: Iterable[StackPlan]) -> str:
    """SHA-256 over canonical JSON: per stack, per resource that changes, what and by which differences.

    Values that only a cloud can say stand in it as words, so that two reviews of the same change agree.
    """
    steps = [
        {
            "stack": plan.stack,
            "op": change.op,
            "urn": change.resource.urn,
            "was": change.before.urn if change.before else "",
            "differences": sorted(
                [one.path, _canonical(one.before), _canonical(one.after), one.replaces]
                for one in change.differences
            ),
            "inputs": _canonical(change.resource.inputs) if change.op == "create" else "",
        }
        for plan in plans
        for change in plan.changes
        if change.op != "same"
    ]
    ordered = sorted(steps, key=lambda step: (step["stack"], step["urn"], step["op"]))
    return hashlib.sha256(_canonical(ordered).encode()).hexdigest()


def _canonical(value: object) -> str:
    return json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=True, default=str)
