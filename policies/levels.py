"""How strictly a stack is held to a rule: its settings decide, and none of them weakens production."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any, Literal, get_args

Purpose = Literal["production", "shared", "rehearsal", "development"]
Level = Literal["mandatory", "advisory"]

LENIENT: frozenset[Purpose] = frozenset({"development"})
NOT_IN_REHEARSAL: frozenset[Purpose] = frozenset({"development", "rehearsal"})
NOT_SHARED: frozenset[Purpose] = frozenset({"development", "shared"})
NOWHERE: frozenset[Purpose] = frozenset({"production", "shared", "rehearsal", "development"})

_PREFIX = "twinloop:"


def purpose(config: Mapping[str, str]) -> Purpose:
    """What a stack is for, by its settings.

    Production is what says so, or is protected. People develop where `access.peopleMay` lets them, and in no
    production. What says nothing at all is held to the rules of production.

    Args:
        config: settings by key with namespace (`twinloop:environment`); structured values as JSON text.
    """
    environment = str(config.get(f"{_PREFIX}environment", "")).lower()
    if not environment:
        return "production"
    if str(config.get(f"{_PREFIX}kind", "")).lower() == "shared":
        return "shared"
    protected = str(config.get(f"{_PREFIX}protect", "")).lower() == "true"
    if protected or environment.startswith("prod"):
        return "production"
    if _of(config, "access").get("peopleMay") == "develop":
        return "development"
    return "rehearsal"


def level(advisory_in: frozenset[Purpose], config: Mapping[str, str]) -> Level:
    """Whether a breach of a rule stops a plan of this stack.

    `twinloop:gate` may say `enforcement: mandatory` anywhere; `advisory` counts where models are neither
    served nor kept.

    Args:
        advisory_in: kinds of stack in which the rule itself only advises.
        config: the settings, as for `purpose`.
    """
    wished = str(_of(config, "gate").get("enforcement", "")).lower()
    what_for = purpose(config)
    if advisory_in == NOWHERE:
        return "advisory"
    if wished == "mandatory":
        return "mandatory"
    if wished == "advisory" and what_for in NOT_IN_REHEARSAL:
        return "advisory"
    return "advisory" if what_for in advisory_in else "mandatory"


def levels(advisory_in: frozenset[Purpose]) -> dict[str, Level]:
    """How a rule is held in each kind of stack whose settings wish for nothing else."""
    return {one: "advisory" if one in advisory_in else "mandatory" for one in get_args(Purpose)}


def _of(config: Mapping[str, str], section: str) -> Mapping[str, Any]:
    """A section of the settings, also where a path of it was set alone (`access.peopleMay`)."""
    value: Any = config.get(f"{_PREFIX}{section}") or {}
    if isinstance(value, str):
        try:
            value = json.loads(value)
        except ValueError:
            return {}
    return value if isinstance(value, Mapping) else {}
