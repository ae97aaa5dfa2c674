"""Cores that a fresh subscription has in a region, before anybody asked for more."""

from __future__ import annotations

import tomllib
from dataclasses import dataclass
from functools import cache
from pathlib import Path

TABLE = Path(__file__).with_name("default_quotas.toml")


@dataclass(frozen=True, kw_only=True)
class DefaultQuota:
    """The least that a subscription has, in cores."""

    dedicated: int  # over all families, and at most in each
    low_priority: int
    gpu: int
    source: str


@cache
def default_quota() -> DefaultQuota:
    """The one row."""
    return DefaultQuota(**tomllib.loads(TABLE.read_text(encoding="utf-8")))
