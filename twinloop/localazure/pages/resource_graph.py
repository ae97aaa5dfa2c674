"""The picture of a resource group: what rests on what, by concern, with grants folded by who holds them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from twinloop.localazure.core.authorization import ASSIGNMENTS
from twinloop.localazure.core.ids import RESOURCE_GROUP, ArmId
from twinloop.localazure.core.rendering import state_of
from twinloop.localazure.pages.concerns import called, concern
from twinloop.localazure.pages.wording import counted
from twinloop.pictures.layered import Node

if TYPE_CHECKING:
    from twinloop.localazure.core.twin import Twin

Doc = dict[str, Any]
LOCKS = "microsoft.authorization/locks"
_INNER = {
    "microsoft.storage/storageaccounts/blobservices",
    "microsoft.network/privateendpoints/privatednszonegroups",
}
"""Types that only stand between a resource and what it holds or is called, one each."""
_WATCH = "microsoft.insights/diagnosticsettings"  # one hangs on each resource that is watched
_ALIKE = {
    _WATCH,
    "microsoft.authorization/policyassignments",
    "microsoft.insights/metricalerts",
    "microsoft.network/privateendpoints",
}
"""Types that a platform has many of, one on each of other resources."""
_MANY = 4  # children of one kind that nothing else names; more become one box


@dataclass(frozen=True)
class Grants:
    """All role assignments of one principal in the group."""

    principal: str
    name: str
    docs: tuple[Doc, ...]


def graph(twin: Twin, docs: list[Doc], tombs: list[Doc]) -> tuple[list[Node], list[tuple[str, str]]]:
    """The boxes and arrows; drawing them takes a moment and needs nothing of the twin.

    Args:
        twin: the twin.
        docs: the resources that the viewer may read.
        tombs: tombstones that still hold their names.
    """
    shown = [doc for doc in docs if doc["type"].lower() not in {ASSIGNMENTS, LOCKS, *_INNER}]
    grants = by_principal(twin, (doc for doc in docs if doc["type"].lower() == ASSIGNMENTS))
    locked = {
        scope.key for doc in docs if doc["type"].lower() == LOCKS and (scope := ArmId(doc["id"]).parent)
    }
    principals = {str(doc["principalId"]): ArmId(doc["id"]).key for doc in shown if doc.get("principalId")}
    folded = list(_folded(shown))
    inside = {ArmId(doc["id"]).key for fold in folded for doc in fold}
    shown = [doc for doc in shown if ArmId(doc["id"]).key not in inside]
    nodes = [_node(twin, doc, locked) for doc in shown]
    nodes += [_fold(fold) for fold in folded]
    nodes += [_tomb(doc) for doc in tombs]
    known = {node.id for node in nodes}
    edges = list(_references(shown, known))
    edges += [(key, _fold_id(fold)) for fold in folded for key in sorted(_behind(fold) & known)]
    for grant in grants:
        node = Node(
            f"grants {grant.principal}",
            grant.name,
            _roles(twin, grant),
            "",
            f"#grants-{grant.principal}",
            "Access",
        )
        nodes.append(node)
        if grant.principal in principals:
            edges.append((principals[grant.principal], node.id))
        scopes = {scope.key for doc in grant.docs if (scope := ArmId(doc["id"]).parent)}
        edges += [(scope, node.id) for scope in sorted(scopes) if scope in known]
    return nodes, edges


def by_principal(twin: Twin, assignments: Iterable[Doc]) -> list[Grants]:
    """Role assignments by who holds them; who holds most comes first."""
    held: dict[str, list[Doc]] = {}
    for doc in assignments:
        held.setdefault(str(doc["body"]["properties"]["principalId"]).lower(), []).append(doc)
    found = [Grants(who, principal_name(twin, who), tuple(docs)) for who, docs in held.items()]
    return sorted(found, key=lambda grants: (-len(grants.docs), grants.name))


def principal_name(twin: Twin, principal_id: str) -> str:
    """A principal in words; its id where the tenant does not know it."""
    if principal_id in twin.seed.groups:
        return twin.seed.groups[principal_id]
    found = twin.directory.find(principal_id)
    return found.name if found else principal_id


def role_name(twin: Twin, assignment: Doc) -> str:
    """The role that an assignment gives."""
    guid = str(assignment["body"]["properties"]["roleDefinitionId"]).rpartition("/")[2].lower()
    role = twin.authorization.roles().get(guid)
    return role.name if role else guid


def state(twin: Twin, doc: Doc) -> str:
    """How a resource stands: what is being done to it, `Succeeded` or `Failed`."""
    return state_of(doc, twin)


def _node(twin: Twin, doc: Doc, locked: set[str]) -> Node:
    arm_id = ArmId(doc["id"])
    word, standing = called(doc["type"]), state(twin, doc)
    kind = "running" if standing != "Succeeded" else "locked" if arm_id.key in locked else ""
    sub = word + (f", {standing.lower()}" if kind == "running" else ", locked" if kind else "")
    href = f"#{anchor(arm_id)}"
    return Node(
        arm_id.key, doc["name"], sub, kind, href, concern(doc["type"]), title=f"{doc['name']}: {doc['type']}"
    )


def _folded(docs: list[Doc]) -> Iterator[list[Doc]]:
    """Children of one kind and one holder, or all of a kind that hangs on others, if they are many."""
    kinds: dict[tuple[str, str], list[Doc]] = {}
    for doc in docs:
        if doc["type"].lower() in _ALIKE:
            kinds.setdefault(("", doc["type"].lower()), []).append(doc)
            continue
        holder = _holder(ArmId(doc["id"]))
        if holder is not None and holder.type != RESOURCE_GROUP:
            kinds.setdefault((holder.key, doc["type"]), []).append(doc)
    yield from (found for (_, kind), found in kinds.items() if kind == _WATCH or len(found) > _MANY)


def _fold(docs: list[Doc]) -> Node:
    first = ArmId(docs[0]["id"])
    watching = first.type.lower() == _WATCH
    names = [
        holder.name if watching and (holder := ArmId(doc["id"]).parent) else str(doc["name"]) for doc in docs
    ]
    label = f"diagnostics of {len(docs)}" if watching else counted(len(docs), called(first.type))
    href = f"#{anchor(first)}"
    return Node(
        _fold_id(docs), label, ", ".join(names), "", href, concern(first.type), title="\n".join(names)
    )


def _behind(docs: list[Doc]) -> set[str]:
    """What folded resources rest on: their one holder, or what they name where each hangs on another one."""
    if docs[0]["type"].lower() in _ALIKE:
        return {ArmId(text).key for doc in docs for text in _ids(doc["body"])}
    return {holder.key for doc in docs if (holder := _holder(ArmId(doc["id"])))}


def _fold_id(docs: list[Doc]) -> str:
    return f"fold {ArmId(docs[0]['id']).key}"


def _holder(arm_id: ArmId) -> ArmId | None:
    """What a resource lives in or hangs on, past what only stands between."""
    above = arm_id.parent
    while above is not None and above.type.lower() in _INNER:
        above = above.parent
    return above


def anchor(arm_id: ArmId) -> str:
    """The place of a resource in the table below the picture."""
    import hashlib

    return "r" + hashlib.sha256(arm_id.key.encode()).hexdigest()[:12]


def _tomb(doc: Doc) -> Node:
    key = ArmId(doc["id"]).key
    return Node(
        f"tombstone {key}",
        doc["name"],
        f"{called(doc['type'])}, deleted",
        "tombstone",
        "#tombstones",
        concern(doc["type"]),
    )


def _roles(twin: Twin, grants: Grants) -> str:
    names = sorted({role_name(twin, doc) for doc in grants.docs})
    return names[0] if len(grants.docs) == 1 else counted(len(grants.docs), "grant")


def _references(docs: Iterable[Doc], known: set[str]) -> Iterator[tuple[str, str]]:
    """From a resource to those that live in it, extend it or name it."""
    for doc in docs:
        arm_id = ArmId(doc["id"])
        named = {ArmId(text).key for text in _ids(doc["body"])}
        if (holder := _holder(arm_id)) is not None:
            named.add(holder.key)
        for key in sorted(named & known - {arm_id.key}):
            # a parent may name its children (a network its subnets): they live in it all the same
            if not key.startswith(arm_id.key + "/"):
                yield key, arm_id.key


def _ids(value: object) -> Iterator[str]:
    """Every ARM id in a body, in keys too (identities are named by keys)."""
    if isinstance(value, str):
        if value.lower().startswith("/subscriptions/"):
            yield value
    elif isinstance(value, Mapping):
        for key, inner in value.items():
            yield from _ids(key)
            yield from _ids(inner)
    elif isinstance(value, list):
        for inner in value:
            yield from _ids(inner)
