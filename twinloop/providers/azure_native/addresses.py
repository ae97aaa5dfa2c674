"""Where a resource is: its ARM id from a program's inputs, and a program's inputs from its ARM id."""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import cache
from typing import Any

from checks.catalogue.resource_types import ResourceType

# These hold a whole id, slashes included.
_WHOLE_IDS = frozenset({"scope", "resourceUri"})


def arm_id(row: ResourceType, inputs: Mapping[str, Any], subscription: str | None) -> str | None:
    """The id that a resource has or will have; None while something of it is not known."""
    values = {"subscriptionId": subscription, **inputs}
    text = row.path
    for name in row.parameters:
        value = values.get(name)
        if not isinstance(value, str) or not value:
            return None
        text = text.replace("{" + name + "}", value.strip("/") if name in _WHOLE_IDS else value)
    return text


def parameters_of(row: ResourceType, text: str) -> dict[str, str] | None:
    """The inputs that an id holds, subscription included; None where it is not an id of this type."""
    match = _pattern(row.path).fullmatch(text.rstrip("/"))
    if match is None:
        return None
    found = match.groupdict()
    return {name: "/" + value if name in _WHOLE_IDS else value for name, value in found.items()}


def parent_of(row: ResourceType, text: str) -> str:
    """What writes are serialised by: the id without its last two segments, in lower case."""
    return text.rsplit("/", 2)[0].lower() if row.locked_by_parent else ""


def same_id(left: str | None, right: str | None) -> bool:
    """Whether two ids name the same thing; ARM compares them without case."""
    return left is not None and right is not None and left.strip("/").lower() == right.strip("/").lower()


@cache
def _pattern(template: str) -> re.Pattern[str]:
    text = re.escape(template)
    for name in re.findall(r"\\\{(\w+)\\\}", text):
        text = text.replace(rf"\{{{name}\}}", f"(?P<{name}>{'.+' if name in _WHOLE_IDS else '[^/]+'})")
    return re.compile(text, re.IGNORECASE)
