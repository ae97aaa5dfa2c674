"""Pulumi's resource names: `urn:pulumi:<stack>::<project>::<parent types$type>::<name>`."""

from __future__ import annotations

STACK_TYPE = "pulumi:pulumi:Stack"
PROVIDER_PREFIX = "pulumi:providers:"
STACK_REFERENCE = "pulumi:pulumi:StackReference"


def build(stack: str, project: str, parent: str, type_: str, name: str) -> str:
    """The URN of a resource; a parent that is the stack, or none, adds no type."""
    chain = type_
    if parent:
        above = qualified_type(parent)
        if above != STACK_TYPE:
            chain = f"{above}${type_}"
    return f"urn:pulumi:{stack}::{project}::{chain}::{name}"


def parts(urn: str) -> tuple[str, str, str, str]:
    """(stack, project, qualified type, name).

    Raises:
        ValueError: the text is no URN.
    """
    pieces = urn.split("::", 3)
    if len(pieces) != 4 or not pieces[0].startswith("urn:pulumi:"):  # noqa: PLR2004
        raise ValueError(f"'{urn}' is not a URN: urn:pulumi:<stack>::<project>::<type>::<name>")
    return pieces[0].removeprefix("urn:pulumi:"), pieces[1], pieces[2], pieces[3]


def qualified_type(urn: str) -> str:
    """The types from the outermost parent to the resource, joined by `$`."""
    return parts(urn)[2]


def type_of(urn: str) -> str:
    """The resource's own type."""
    return qualified_type(urn).rsplit("$", 1)[-1]


def name_of(urn: str) -> str:
    """The resource's name."""
    return parts(urn)[3]


def package_of(type_: str) -> str:
    """The package that a type token belongs to."""
    return type_.split(":", 1)[0]


def is_provider(type_: str) -> bool:
    """Whether the type is a provider's."""
    return type_.startswith(PROVIDER_PREFIX)


def is_default_provider(urn: str) -> bool:
    """Whether the URN is a provider's that the engine made by itself."""
    return is_provider(type_of(urn)) and (name_of(urn) == "default" or name_of(urn).startswith("default_"))


def split_reference(reference: str) -> tuple[str, str]:
    """A provider reference `<urn>::<id>` as (urn, id)."""
    urn, _, provider_id = reference.rpartition("::")
    return urn, provider_id
