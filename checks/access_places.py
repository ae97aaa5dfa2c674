"""Which resource a word means in a question: `registry`, `curated`, `vault of prod`, a name or an ARM id."""

from __future__ import annotations

from collections.abc import Iterable

from checks.estate import (
    CONTAINER,
    DATASTORE,
    KUBERNETES,
    ONLINE_ENDPOINT,
    OUTBOUND_RULE,
    REGISTRY,
    STORAGE,
    WORKSPACE,
    Estate,
    key,
)
from checks.nearest import UnknownWord
from checks.plan import Resource

# What a kind of place is called, and the type behind it.
KINDS = {
    "registry": REGISTRY,
    "images": "azure-native:containerregistry:Registry",
    "storage": STORAGE,
    "lake": STORAGE,
    "container": CONTAINER,
    "vault": "azure-native:keyvault:Vault",
    "workspace": WORKSPACE,
    "logs": "azure-native:operationalinsights:Workspace",
    "insights": "azure-native:applicationinsights:Component",
    "group": "azure-native:resources:ResourceGroup",
    "network": "azure-native:network:VirtualNetwork",
    "kubernetes": KUBERNETES,
    "endpoint": ONLINE_ENDPOINT,
}
_PARTS = frozenset((DATASTORE, OUTBOUND_RULE))  # called like what they stand for, which is what is meant
_ALSO = {
    "acr": "images",
    "image registry": "images",
    "images registry": "images",
    "model registry": "registry",
    "data lake": "lake",
    "key vault": "vault",
    "log workspace": "logs",
    "application insights": "insights",
    "resource group": "group",
    "aks": "kubernetes",
    "cluster of kubernetes": "kubernetes",
}


class UnknownPlace(UnknownWord):
    """No resource is called so, or several are."""


def place(word: str, estate: Estate, stacks: Iterable[str]) -> tuple[str, Resource]:
    """The one resource that a word means, and its kind.

    Args:
        word: a kind, a container's name, a resource's name or ARM id.
        estate: where to look.
        stacks: where to look first; the others come after.

    Raises:
        UnknownPlace: nothing is called so in any stack, or several are in the first stack that has any.
    """
    wanted = word.strip().lower()
    kind = _ALSO.get(wanted, wanted)
    order = [*dict.fromkeys(stacks), *dict.fromkeys(one.stack for one in estate.resources)]
    for stack in order:
        mine = [one for one in estate.resources if one.stack == stack and one.id and one.type not in _PARTS]
        found = [one for one in mine if _is_kind(one, kind, estate)]
        found = found or [
            one for one in mine if wanted in (key(one.id), _name(one).lower(), one.name.lower())
        ]
        if len(found) > 1:
            names = ", ".join(sorted(_name(one) for one in found))
            raise UnknownPlace(f"'{word}' is several resources of {stack}: {names}; name one of them")
        if found:
            return _kind(found[0], kind, estate), found[0]
    named = sorted({_name(one).rpartition("/")[2] for one in estate.of(CONTAINER)})
    raise UnknownPlace(
        f"'{word}' is no resource here: {', '.join(KINDS)}, a container ({', '.join(named)}), "
        "a resource's name or its ARM id",
        given=word,
        known=(*KINDS, *_ALSO, *named),
    )


def _is_kind(one: Resource, kind: str, estate: Estate) -> bool:
    if one.type != KINDS.get(kind):
        return False
    return kind not in ("storage", "lake") or _is_lake(one, estate) == (kind == "lake")


def _kind(one: Resource, kind: str, estate: Estate) -> str:
    if kind in KINDS:
        return kind
    if one.type == STORAGE:
        return "lake" if _is_lake(one, estate) else "storage"
    return next((word for word, token in KINDS.items() if token == one.type), "")


def _is_lake(account: Resource, estate: Estate) -> bool:
    """Whether an account is no workspace's own."""
    return all(place.parts.get("storage") != key(account.id) for place in estate.workplaces)


def _name(one: Resource) -> str:
    return one.id.rpartition("/")[2] or one.name
