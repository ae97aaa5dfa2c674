"""Waivers in the settings: a rule of the checks may be broken for one resource, for a reason and a time."""

from __future__ import annotations

import re
from datetime import date
from typing import Annotated

from pydantic import AfterValidator, BeforeValidator, Field

from checks.waivers import WAIVABLE
from infra.sections.shapes import Email, Section, example


def _waivable(value: str) -> str:
    if value not in WAIVABLE:
        raise ValueError(f"a rule that can be waived: {', '.join(WAIVABLE)}")
    return value


def _day(value: object) -> object:
    """Pulumi reads a day without quotes as a time, and hands it on as Go writes one."""
    written = re.fullmatch(r"(\d{4}-\d\d-\d\d)[ T]00:00:00(?:Z| \+0000 UTC)", str(value))
    return written[1] if written else value


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
    until: Annotated[date, BeforeValidator(_day), example("2026-12-31")]  # the last day that it holds
