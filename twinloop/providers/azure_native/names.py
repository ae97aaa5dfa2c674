"""Physical names where the program gives none: from the logical name and the engine's seed."""

from __future__ import annotations

import hashlib
import re
import uuid

from checks.catalogue.resource_types import ResourceType

_GUID = "00000000-0000-4000-8000-000000000000"
_SUFFIX = 8


def is_singleton(row: ResourceType) -> bool:
    """Whether its parent has exactly one of it: the pattern is the name."""
    return re.fullmatch(r"\w+", row.name_pattern) is not None


def physical_name(row: ResourceType, logical: str, seed: bytes) -> str | None:
    """A name that fits the type's rule; None where none can be made.

    Args:
        row: the resource type.
        logical: the resource's name in the program.
        seed: the engine's random seed of this resource.
    """
    if not row.name_pattern:
        return logical
    if is_singleton(row):
        return row.name_pattern
    digest = hashlib.sha256(seed).hexdigest()
    fits = re.compile(row.name_pattern).fullmatch
    if fits(_GUID) and not fits("a"):
        return str(uuid.UUID(digest[:32], version=4))
    suffix = digest[:_SUFFIX]
    bare = re.sub(r"[^A-Za-z0-9]", "", logical)
    for stem in (logical, bare, bare.lower()):
        for length in range(min(len(stem), 80), 0, -1):
            if fits(name := stem[:length] + suffix):
                return name
    return None
