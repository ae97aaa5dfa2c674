"""What exists before anything is deployed: tenant, regions, quotas, groups, personas, first grants."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from checks.catalogue.roles import role_named
from twinloop.localazure.core.errors import InvalidRequest
from twinloop.localazure.core.principal import Principal, PrincipalKind

_KEYS = {"tenantId", "subscriptions", "locations", "quotas", "groups", "personas", "assignments"}


@dataclass(frozen=True)
class Persona:
    """A person or a service principal of the tenant."""

    name: str
    object_id: str
    kind: PrincipalKind
    groups: tuple[str, ...]


@dataclass(frozen=True)
class Seed:
    """The tenant as the stacks' settings describe it."""

    tenant: str
    subscriptions: dict[str, str] = field(default_factory=dict)  # id, lower case -> display name
    locations: tuple[str, ...] = ()
    quotas: dict[tuple[str, str, str], int] = field(
        default_factory=dict
    )  # subscription, location, family -> cores
    groups: dict[str, str] = field(default_factory=dict)  # object id -> name
    personas: dict[str, Persona] = field(default_factory=dict)  # by name
    assignments: tuple[tuple[str, str, str], ...] = ()  # principal id, role name, scope

    def persona_principal(self, name: str) -> Principal:
        """The principal of a persona."""
        persona = self.personas[name]
        return Principal(persona.object_id, persona.kind, persona.name, persona.groups, self.tenant)


def load(home: Path) -> Seed:
    """The seed of a home, or the smallest one that lets a developer begin.

    Raises:
        InvalidRequest: the file is not a seed.
    """
    file = home / "seed.json"
    if not file.exists():
        return parse({"tenantId": "00000000-0000-4000-8000-000000000000"})
    try:
        return parse(json.loads(file.read_text(encoding="utf-8")))
    except ValueError as error:
        raise InvalidRequest("InvalidSeed", f"{file}: not JSON: {error}") from error


def parse(doc: dict[str, Any]) -> Seed:
    """A seed from its JSON form.

    Raises:
        InvalidRequest: a key is unknown, missing or of the wrong form; names it.
    """
    if unknown := doc.keys() - _KEYS:
        raise InvalidRequest(
            "InvalidSeed", f"seed: unknown keys {sorted(unknown)}; known: {', '.join(sorted(_KEYS))}"
        )
    try:
        return Seed(
            tenant=doc["tenantId"].lower(),
            subscriptions={s["id"].lower(): s.get("name", s["id"]) for s in doc.get("subscriptions", ())},
            locations=tuple(doc.get("locations", ())),
            quotas={
                (q["subscriptionId"].lower(), _location(q["location"]), q["family"].lower()): int(q["limit"])
                for q in doc.get("quotas", ())
            },
            groups={g["objectId"].lower(): g["name"] for g in doc.get("groups", ())},
            personas={p["name"]: _persona(p) for p in doc.get("personas", ())},
            assignments=tuple(_assignment(a) for a in doc.get("assignments", ())),
        )
    except (KeyError, TypeError, AttributeError, ValueError) as error:
        raise InvalidRequest(
            "InvalidSeed", f"seed: {type(error).__name__} {error}: see `GET /_twin/seed` for the form"
        ) from error


def _persona(doc: dict[str, Any]) -> Persona:
    kind: PrincipalKind = doc.get("kind", "User")
    if kind not in {"User", "ServicePrincipal"}:
        raise ValueError(f"personas: {doc['name']}: kind {kind!r} is not one of User, ServicePrincipal")
    return Persona(
        doc["name"], doc["objectId"].lower(), kind, tuple(g.lower() for g in doc.get("groups", ()))
    )


def _assignment(doc: dict[str, Any]) -> tuple[str, str, str]:
    try:
        role_named(doc["role"])
    except LookupError as error:
        raise ValueError(f"assignments: {error}") from error
    return doc["principalId"].lower(), doc["role"], doc["scope"]


def _location(text: str) -> str:
    return text.replace(" ", "").lower()
