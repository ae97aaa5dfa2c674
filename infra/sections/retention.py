"""What must stay as it was written, and what a deletion leaves behind: sections of the settings."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from infra.sections.shapes import Section, example

Leave = Annotated[Literal["purge", "recover", "refuse"], example("refuse")]
# No API takes a workspace back: Azure does it on its pages, and the program takes it over by an import.
LeaveWorkspace = Annotated[Literal["purge", "refuse"], example("refuse")]


class Snapshots(Section):
    """A container of the lake for copies of training data: written once, kept for days, changed by nobody.

    The policy is made unlocked: its days can be changed, and it can be taken away with all that it keeps.
    Locking it is one-way and done by hand (docs/infra-engineer/guard-rails.md).
    """

    retention_days: Annotated[int, Field(ge=1, le=146_000), example(365)]


class Tombstones(Section):
    """What happens to what was deleted and still holds its name, when the stack is made again.

    `purge` ends it, for good; `recover` takes it back with what was in it; `refuse` stops before anything is
    touched.
    """

    workspace: LeaveWorkspace = "refuse"
    vault: Leave = "refuse"
    logs: Leave = "refuse"
