"""The embedded Pulumi engine: runs a program, plans, applies, and writes Pulumi's own state file."""

from typing import TYPE_CHECKING, Any

from twinloop.engine.errors import (
    Cancelled,
    ChangesNotExpected,
    EngineError,
    LockHolder,
    NotSupported,
    PassphraseWrong,
    PolicyPackFailed,
    PolicyViolated,
    ProgramFailed,
    ProtectedResource,
    ResourceFailed,
    StackLocked,
    StackMissing,
    StateCorrupted,
    StateDiverged,
    TargetsLeaveOut,
    UnknownProvider,
    UnknownTarget,
)
from twinloop.engine.model import (
    Diagnostic,
    Event,
    Finished,
    Limits,
    Op,
    Operation,
    Options,
    Outcome,
    Program,
    PropertyChange,
    ProviderHost,
    Stack,
    Step,
    StepDone,
    StepFailed,
    StepStarted,
    Violation,
)

if TYPE_CHECKING:
    from twinloop.engine.runs import run, stack_outputs

__all__ = [
    "Cancelled",
    "ChangesNotExpected",
    "Diagnostic",
    "EngineError",
    "Event",
    "Finished",
    "Limits",
    "LockHolder",
    "NotSupported",
    "Op",
    "Operation",
    "Options",
    "Outcome",
    "PassphraseWrong",
    "PolicyPackFailed",
    "PolicyViolated",
    "Program",
    "ProgramFailed",
    "PropertyChange",
    "ProtectedResource",
    "ProviderHost",
    "ResourceFailed",
    "Stack",
    "StackLocked",
    "StackMissing",
    "StateCorrupted",
    "StateDiverged",
    "Step",
    "StepDone",
    "StepFailed",
    "StepStarted",
    "TargetsLeaveOut",
    "UnknownProvider",
    "UnknownTarget",
    "Violation",
    "run",
    "stack_outputs",
]


def __getattr__(name: str) -> Any:
    # What runs needs Pulumi's SDK, whose import takes a quarter of a second; words and errors do without.
    if name in {"run", "stack_outputs"}:
        from twinloop.engine import runs

        return getattr(runs, name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
