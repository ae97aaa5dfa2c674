"""The words in which an operation is asked for and answered: the engine's, for rooms that may not know it."""

from twinloop.engine.model import (
    Diagnostic,
    Event,
    Operation,
    Options,
    Outcome,
    PropertyChange,
    Step,
    StepDone,
    StepFailed,
    StepStarted,
)

__all__ = [
    "Diagnostic",
    "Event",
    "Operation",
    "Options",
    "Outcome",
    "PropertyChange",
    "Step",
    "StepDone",
    "StepFailed",
    "StepStarted",
]
