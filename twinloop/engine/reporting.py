"""What a run tells while it goes, and what is left of it at the end: steps, messages, failures."""

from __future__ import annotations

import re
import threading
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from typing import Final, Literal

from twinloop.engine.errors import EngineError, PolicyViolated, ResourceFailed
from twinloop.engine.hushing import hush
from twinloop.engine.model import (
    Diagnostic,
    Event,
    Op,
    PropertyChange,
    Step,
    StepDone,
    StepFailed,
    StepStarted,
    Violation,
)
from twinloop.engine.states import ResourceState
from twinloop.engine.values import Properties, masked

_QUIET: Final = frozenset({Op.SAME, Op.READ, Op.REFRESH})
_DEFAULT_PROVIDER: Final = re.compile(r"::pulumi:providers:[\w-]+::default(_\w+)?$")
Severity = Literal["debug", "info", "warning", "error"]


def describe(
    op: Op,
    state: ResourceState,
    *,
    old: Properties | None = None,
    new: Properties | None = None,
    changes: Iterable[PropertyChange] = (),
    replace_keys: Iterable[str] = (),
) -> Step:
    """A step for people: everything secret masked."""
    return Step(
        op=op,
        urn=state.urn,
        type=state.type,
        name=state.name,
        parent=state.parent,
        old=None if old is None else masked(old),
        new=None if new is None else masked(new),
        changes=tuple(changes),
        replace_keys=tuple(replace_keys),
        protect=state.protect,
        id=state.id,
    )


class Report:
    """Collects a run's events and passes them on, one at a time."""

    def __init__(self, on_event: Callable[[Event], None], secrets: Iterable[str] = ()) -> None:
        self._on_event = on_event
        self._hushed = hush(secrets)
        self._lock = threading.Lock()
        self._teller: int | None = None
        self.steps: list[Step] = []
        self.diagnostics: list[Diagnostic] = []
        self.failures: list[tuple[str, str]] = []
        self.left: list[str] = []
        self.violations: list[Violation] = []
        self.error: EngineError | None = None

    def emit(self, event: Event) -> None:
        """Pass an event on; a step that ended well counts."""
        event = self._hushed(event)
        with self._lock:
            if isinstance(event, StepDone):
                self.steps.append(event.step)
            elif isinstance(event, Diagnostic):
                self.diagnostics.append(event)
            self._teller = threading.get_ident()
            try:
                self._on_event(event)
            finally:
                self._teller = None

    @property
    def telling(self) -> bool:
        """Whether the thread that asks is handing an event on right now."""
        return self._teller == threading.get_ident()

    def started(self, step: Step) -> None:
        """A step begins."""
        self.emit(StepStarted(step))

    def done(self, step: Step, seconds: float = 0.0) -> None:
        """A step ended well."""
        self.emit(StepDone(step, seconds))

    def failed(self, step: Step, message: str) -> None:
        """A step failed."""
        with self._lock:
            self.failures.append((step.urn, self._hushed(message)))
        self.emit(StepFailed(step, message))
        self.say("error", message, step.urn)

    def say(self, severity: Severity, message: str, urn: str = "") -> None:
        """A message."""
        self.emit(Diagnostic(severity, urn, message))

    def violated(self, violation: Violation) -> None:
        """A policy pack said something against a resource."""
        violation = self._hushed(violation)
        with self._lock:
            self.violations.append(violation)
        pack = f"{violation.pack}@v{violation.version}"
        severity: Severity = "error" if violation.level == "mandatory" else "warning"
        message = f"[{violation.level}] {violation.policy} ({pack}): {violation.message}"
        self.say(severity, message, violation.urn)

    def refuse_violations(self) -> None:
        """End the run where a mandatory policy is violated."""
        if found := [
            f"{one.policy}: {one.urn or 'the stack'}" for one in self.violations if one.level == "mandatory"
        ]:
            self.refuse(PolicyViolated(found))

    def leave(self, urn: str) -> None:
        """Something does not begin, because the run is being stopped."""
        with self._lock:
            self.left.append(urn)

    def refuse(self, error: EngineError) -> None:
        """Remember the first error that ends the run."""
        with self._lock:
            first = self.error is None
            self.error = self.error or self._hushed(error)
        if first:
            self.say("error", str(error))

    @property
    def broken(self) -> bool:
        """Whether anything has failed."""
        return bool(self.failures) or self.error is not None

    def verdict(self) -> EngineError | None:
        """What the run ended with, if not well; a resource's failure says more than the program's echo."""
        if self.failures:
            return ResourceFailed(self.failures)
        return self.error

    def changes(self) -> list[str]:
        """What was, or would be, changed, one line each."""
        return [f"{step.op} {step.urn}" for step in self._told() if step.op not in _QUIET]

    def counts(self) -> dict[str, int]:
        """How often each operation was done."""
        return {str(op): count for op, count in Counter(step.op for step in self._told()).items()}

    def _told(self) -> Iterator[Step]:
        """Steps that count: not those of default providers, which follow the version of a package."""
        return (step for step in self.steps if not _DEFAULT_PROVIDER.search(step.urn))
