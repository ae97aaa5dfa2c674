"""What a cloud would add to a resource, on paper: placeholders that are the same whenever it is asked.

An id that only Azure makes (a principal, a client) is a GUID of the resource's own ARM id, so that two
revisions of a program agree on it, and a resource that is deleted and made anew gets another one.
"""

from __future__ import annotations

import uuid
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from checks.catalogue.schemas import Node, Schema
from twinloop.providers.values import UNKNOWN

_SPACE: Final = uuid.UUID("6f6a9e53-9b0c-5f6e-8d0a-2d1f5c7b9e11")  # of no meaning, but fixed
_DEEPEST: Final = 4  # shapes may hold themselves


def guid(*parts: str) -> str:
    """The GUID of a thing by its name; ARM ids are compared without case."""
    return str(uuid.uuid5(_SPACE, "|".join(parts).lower()))


@dataclass(frozen=True)
class Maker:
    """Fills in what one resource's schema calls read-only.

    Args:
        schema: of the resource's type.
        of: what its placeholders are of: the ARM id, and how often it was made before.
        tenant: known from the settings.
        made: every placeholder that was made is added here.
    """

    schema: Schema
    of: str
    tenant: str
    made: set[str] = field(default_factory=set)

    def filled(self, outputs: Mapping[str, Any], before: Mapping[str, Any] | None = None) -> dict[str, Any]:
        """Outputs with everything that the cloud adds.

        Args:
            outputs: what is known of them; unknown values are replaced.
            before: the outputs until now, whose values stay.
        """
        nodes = self.schema.body.nodes
        found = self._object(nodes, outputs, before or {}, "", 0)
        return {
            name: self._leaf("string", name, before or {}, name) if value is UNKNOWN else value
            for name, value in {**outputs, **found}.items()
            if value is not None
        }

    def _object(
        self,
        nodes: Mapping[str, Node],
        given: Mapping[str, Any],
        before: Mapping[str, Any],
        path: str,
        depth: int,
    ) -> dict[str, Any]:
        found = dict(given)
        for name, node in nodes.items():
            at = f"{path}.{name}" if path else name
            value = found.get(name, UNKNOWN if node.read_only else None)
            if value is UNKNOWN:
                made = self._made(node, name, before, at, depth)
                if made is None:
                    found.pop(name, None)
                else:
                    found[name] = made
            elif node.kind == "object" and isinstance(value, dict):
                shape = self.schema.shape_for(node, value, wire=False)
                inner = before.get(name)
                if shape is not None and depth < _DEEPEST:
                    old = inner if isinstance(inner, dict) else {}
                    found[name] = self._object(shape.nodes, value, old, at, depth + 1)
        return found

    def _made(self, node: Node, name: str, before: Mapping[str, Any], at: str, depth: int) -> Any:
        if name in before:
            return before[name]
        if node.kind == "object":
            shape = self.schema.shapes.get(node.shapes[0]) if len(node.shapes) == 1 else None
            if shape is None or depth >= _DEEPEST:
                return None
            made = {
                inner: self._made(below, inner, {}, f"{at}.{inner}", depth + 1)
                for inner, below in shape.nodes.items()
            }
            return {inner: value for inner, value in made.items() if value is not None}
        return self._leaf(node.kind, name, before, at)

    def _leaf(self, kind: str, name: str, before: Mapping[str, Any], at: str) -> Any:
        if name in before:
            return before[name]
        if kind != "string":
            return None  # nobody can say, and nobody asks: lists, maps, numbers that the service counts
        if name == "tenantId" and self.tenant:
            return self.tenant
        if name == "provisioningState":
            return "Succeeded"
        found = guid(self.of, at)
        self.made.add(found)
        return found
