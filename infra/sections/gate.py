"""How strictly a plan of a stack is judged by the policy pack: the section `gate` of the settings."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Annotated, Literal

from infra.sections.shapes import Section, example
from infra.stackfile.refusals import Problem

if TYPE_CHECKING:
    from infra.settings import Settings


class Gate(Section):
    """Whether what the pack in `policies/` finds stops a plan; left out, what the stack is for decides."""

    enforcement: Annotated[Literal["mandatory", "advisory"], example("mandatory")]


def gate_rules(settings: Settings, stack: str) -> Iterator[Problem]:
    """No setting weakens what production and the shared stack are held to."""
    strict = settings.kind == "shared" or settings.protect or settings.environment.startswith("prod")
    if settings.gate is not None and settings.gate.enforcement == "advisory" and strict:
        reason = (
            "kind: shared" if settings.kind == "shared" else "protect: true, or an environment called prod"
        )
        yield Problem(
            key="twinloop:gate.enforcement",
            given=f"advisory, in a stack with {reason}",
            allowed="mandatory, or no twinloop:gate at all: production is always held to its policies",
            next_step=f"pulumi config rm twinloop:gate --stack {stack}",
        )
