"""What a check says: which resource, which rule, why it matters and what to do about it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

Severity = Literal["refuse", "warn", "note"]
SEVERITIES: tuple[Severity, ...] = ("refuse", "warn", "note")  # the riskiest first


@dataclass(frozen=True, kw_only=True)
class Finding:
    """One finding of one check."""

    severity: Severity
    rule: str
    """A stable name in kebab-case, such as `one-way-property`."""
    stack: str
    resource: str
    """The URN; empty where the finding is about the whole stack."""
    what: str
    """One sentence: what is so, with the values given."""
    why: str
    """One sentence: the reason that it matters."""
    fix: str
    """What to write or type next."""
    copied: str = ""
    """Lines to copy as they stand into the stack file, under `config:`; empty where there are none."""
    source: str = ""
    """Where the rule comes from: a document, a service limit."""
