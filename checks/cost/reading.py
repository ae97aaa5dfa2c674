"""Values of planned resources, read without guessing: what is missing or unknown is None."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal, InvalidOperation
from typing import Any

from checks.catalogue.resource_types import resource_types
from checks.plan import SECRET, UNKNOWN, Resource


def arm_type(resource: Resource) -> str:
    """ARM type in lower case: by the catalogue, else out of the id; empty where neither says."""
    if row := resource_types().get(resource.type):
        return row.arm_type.lower()
    _, found, tail = resource.id.lower().rpartition("/providers/")
    if not found:
        return ""
    provider, *rest = tail.split("/")
    return "/".join((provider, *rest[::2]))


def value(tree: object, path: str) -> Any:
    """What stands at a dotted path; None where it is missing, unknown or secret."""
    for part in path.split("."):
        if not isinstance(tree, Mapping):
            return None
        tree = tree.get(part)
    return None if tree in (UNKNOWN, SECRET) else tree


def is_open(tree: object, path: str) -> bool:
    """Whether something is given at a path that nobody knows before deployment."""
    *above, last = path.split(".")
    parent = value(tree, ".".join(above)) if above else tree
    if parent is None and above:
        return is_open(tree, ".".join(above))
    return isinstance(parent, Mapping) and parent.get(last) in (UNKNOWN, SECRET)


def text(tree: object, path: str) -> str:
    """The text at a path; empty where there is none."""
    found = value(tree, path)
    return found if isinstance(found, str) else ""


def number(tree: object, path: str) -> Decimal | None:
    """The number at a path, a whole one without its `.0`; None where there is none."""
    found = value(tree, path)
    if isinstance(found, bool) or not isinstance(found, int | float | str | Decimal):
        return None
    try:
        exact = Decimal(str(found))
    except InvalidOperation:
        return None
    if not exact.is_finite():
        return None
    return exact.quantize(Decimal(1)) if exact == exact.to_integral_value() else exact


def count(tree: object, path: str) -> Decimal | None:
    """How many, at a path: a number that is not below zero."""
    found = number(tree, path)
    return None if found is None or found < 0 else found


def region(resource: Resource) -> str:
    """The region as Azure writes it in code (`westeurope`); empty where the resource names none."""
    return text(resource.inputs, "location").replace(" ", "").lower()
