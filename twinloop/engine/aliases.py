"""Other names under which a resource may stand in the state: its own aliases, and those it inherits."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from twinloop.engine import urns


@dataclass(frozen=True)
class Self:
    """Who asks: a resource of a stack."""

    stack: str
    project: str
    parent: str
    type: str
    name: str


def _spec_urn(spec: Any, me: Self, parent: str) -> str:
    name, type_ = spec.name or me.name, spec.type or me.type
    chosen = spec.WhichOneof("parent")
    if chosen == "parentUrn" and spec.parentUrn:  # empty, as the Python SDK writes it: the present parent
        parent = spec.parentUrn
    elif chosen == "noParent" and spec.noParent:
        parent = ""
    return urns.build(spec.stack or me.stack, spec.project or me.project, parent, type_, name)


def _inherited_name(name: str, parent_name: str, alias_name: str) -> str:
    # A child that is named after its parent was named after the parent's old name.
    return alias_name + name.removeprefix(parent_name) if name.startswith(parent_name) else name


def expand(aliases: Iterable[Any], me: Self, parent_aliases: Iterable[str]) -> list[str]:
    """Every URN that the resource may have had, without the present one."""
    specs = list(aliases)
    found: dict[str, None] = {}
    for alias in specs:
        if alias.WhichOneof("alias") == "urn":
            found[alias.urn] = None
        else:
            found[_spec_urn(alias.spec, me, me.parent)] = None
    for parent in parent_aliases:
        name = _inherited_name(me.name, urns.name_of(me.parent), urns.name_of(parent))
        found[urns.build(me.stack, me.project, parent, me.type, name)] = None
        for alias in specs:
            if alias.WhichOneof("alias") == "spec" and not (alias.spec.parentUrn or alias.spec.noParent):
                old = alias.spec.name and _inherited_name(
                    alias.spec.name, urns.name_of(me.parent), urns.name_of(parent)
                )
                chain = alias.spec.type or me.type
                found[
                    urns.build(
                        alias.spec.stack or me.stack,
                        alias.spec.project or me.project,
                        parent,
                        chain,
                        old or name,
                    )
                ] = None
    found.pop(urns.build(me.stack, me.project, me.parent, me.type, me.name), None)
    return list(found)
