"""Waivers in the settings: a rule of the checks may be broken for one resource, for a reason and a time."""

from __future__ import annotations

from datetime import date
from typing import Annotated

from pydantic import AfterValidator, Field

from checks.waivers import WAIVABLE
from infra.shapes import Email, Section, example


def _waivable(value: str) -> str:
    if value not in WAIVABLE:
        raise ValueError(f"a rule that can be waived: {', '.join(WAIVABLE)}")
    return value


class Waiver(Section):
    """One waiver; `twinloop review` writes the lines to copy into its finding."""

    rule: Annotated[str, AfterValidator(_waivable), example("stateful-replace")]
    resource: Annotated[
        str,
        Field(pattern=r"^urn:pulumi:[^:]+::"),
        example("urn:pulumi:dev::twinloop::azure-native:storage:StorageAccount::lake-account"),
    ]
    who: Email
    why: Annotated[str, Field(min_length=10), example("the data was copied to the new account and compared")]
    until: Annotated[date, example("2026-12-31")]  # the last day that it holds
