"""Waivers: who lets a rule be broken for one resource, why, and until when."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date


@dataclass(frozen=True, kw_only=True)
class Waiver:
    """One waiver, as `twinloop:waivers` of a stack's settings has it."""

    rule: str
    resource: str
    """The URN."""
    who: str
    why: str
    until: date
    """The last day that it holds."""
