"""The official CLI's event log as the engine's steps and outcome: one shape, whichever engine ran."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, Any, Literal

from twinloop.engine import paths
from twinloop.engine.model import (
    Diagnostic,
    Op,
    Operation,
    Outcome,
    PropertyChange,
    Step,
    Violation,
)
from twinloop.engine.values import SIGNATURE, UNKNOWN_TEXTS

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path

_STACK = "pulumi:pulumi:Stack"
_LEVELS: dict[str, Literal["advisory", "mandatory"]] = {"advisory": "advisory", "mandatory": "mandatory"}
_COLOURS = re.compile(r"<\{%[^%]*%\}>")
_SEVERITIES: dict[str, Literal["info", "warning", "error"]] = {
    "info": "info",
    "info#err": "info",
    "warning": "warning",
    "error": "error",
}


def read_log(file: Path, operation: Operation, *, ok: bool) -> Outcome:
    """Read an event log of one run.

    Args:
        file: JSON lines, as `--event-log` writes them.
        operation: what ran; the preview that precedes an update is left out of its steps.
        ok: whether the CLI ended well.
    """
    steps: dict[tuple[str, str], Step] = {}
    outputs: Mapping[str, Any] = {}
    diagnostics: list[Diagnostic] = []
    violations: dict[tuple[str, str, str], Violation] = {}
    counts: dict[str, int] = {}
    seconds = 0.0
    for event in _events(file):
        if (said := event.get("diagnosticEvent")) and not said.get("ephemeral"):
            diagnostics += _diagnostic(said)
        if (policy := event.get("policyEvent")) and policy.get("enforcementLevel") in _LEVELS:
            violated = _violation(policy)
            violations[violated.policy, violated.urn, violated.message] = violated
        if summary := event.get("summaryEvent"):
            counts = {key: int(value) for key, value in (summary.get("resourceChanges") or {}).items()}
            seconds = float(summary.get("durationSeconds", 0))
        happened = event.get("resourcePreEvent") or event.get("resOutputsEvent")
        if not happened or bool(happened.get("planning")) != (operation == Operation.PREVIEW):
            continue
        step, found = _step(happened["metadata"])
        steps[step.urn, step.op] = step
        if step.type == _STACK and found:
            outputs = found
    return Outcome(
        operation,
        ok,
        tuple(steps.values()),
        outputs,
        tuple(diagnostics),
        counts,
        seconds,
        violations=tuple(violations.values()),
    )


def _events(file: Path) -> Iterator[dict[str, Any]]:
    if not file.exists():
        return
    with file.open(encoding="utf-8") as lines:
        for line in lines:
            yield json.loads(line)


def _diagnostic(said: Mapping[str, Any]) -> list[Diagnostic]:
    severity = _SEVERITIES.get(said.get("severity", ""))
    if severity is None:
        return []
    return [Diagnostic(severity, said.get("urn", ""), said.get("message", "").strip())]


def _violation(said: Mapping[str, Any]) -> Violation:
    return Violation(
        said.get("policyPackName", ""),
        said.get("policyPackVersion", ""),
        said.get("policyName", ""),
        _LEVELS[said["enforcementLevel"]],
        said.get("resourceUrn", ""),
        _COLOURS.sub("", said.get("message", "")).strip(),
    )


def _step(metadata: Mapping[str, Any]) -> tuple[Step, Mapping[str, Any]]:
    old, new = metadata.get("old") or {}, metadata.get("new") or {}
    before, after = readable(old.get("inputs") or {}), readable(new.get("inputs") or {})
    urn = metadata["urn"]
    step = Step(
        op=Op(metadata["op"]) if metadata["op"] in set(Op) else Op.READ,
        urn=urn,
        type=metadata["type"],
        name=urn.rsplit("::", 1)[-1],
        parent=(new or old).get("parent", ""),
        old=before or None,
        new=after or None,
        changes=tuple(_changes(metadata.get("detailedDiff") or {}, before, after)),
        replace_keys=tuple(metadata.get("keys") or ()),
        protect=bool((new or old).get("protect")),
        id=(new or old).get("id", ""),
    )
    return step, readable(new.get("outputs") or {})


def _changes(detailed: Mapping[str, Any], before: Any, after: Any) -> Iterator[PropertyChange]:
    for path, entry in detailed.items():
        at = paths.parse(path)
        yield PropertyChange(path, entry.get("diffKind", "update"), _at(before, at), _at(after, at))


def _at(value: Any, path: paths.Path) -> Any:
    found = paths.get(value, path)
    return None if found is paths.MISSING else found


def readable(value: Any) -> Any:
    """Secrets and unknown values as people read them."""
    if isinstance(value, dict):
        if SIGNATURE in value:
            return "[secret]" if "ciphertext" in value or "plaintext" in value else value
        return {key: readable(inner) for key, inner in value.items()}
    if isinstance(value, list):
        return [readable(inner) for inner in value]
    return "[unknown]" if isinstance(value, str) and value in UNKNOWN_TEXTS else value
