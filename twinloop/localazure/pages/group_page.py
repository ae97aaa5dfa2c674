"""The page of a resource group: its picture, its resources by concern, who may do what, locks, tombstones."""

from __future__ import annotations

import asyncio
from collections import defaultdict
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from twinloop.localazure.core.authorization import ASSIGNMENTS
from twinloop.localazure.core.ids import ArmId
from twinloop.localazure.core.resources import resource
from twinloop.localazure.pages.addresses import group_page
from twinloop.localazure.pages.concerns import called, concern
from twinloop.localazure.pages.frame import page, refusal, section
from twinloop.localazure.pages.markup import Child, Markup, el, facts, join, link, table, trusted
from twinloop.localazure.pages.reach import Doc, buried, groups, resources
from twinloop.localazure.pages.resource_graph import LOCKS, anchor, by_principal, graph, role_name, state
from twinloop.localazure.pages.wording import counted, moment
from twinloop.pictures.layered import draw

if TYPE_CHECKING:
    from twinloop.localazure.core.reply import Reply
    from twinloop.localazure.pages.session import Viewer


def group_list(viewer: Viewer) -> Markup:
    """All resource groups with how many resources each has."""
    rows = []
    for doc in groups(viewer):
        arm_id = ArmId(doc["id"])
        inside, dead = resources(viewer, arm_id), buried(viewer, arm_id)
        locks = sum(one["type"].lower() == LOCKS for one in inside)
        rows.append(
            (
                link(doc["name"], group_page(arm_id)),
                viewer.twin.seed.subscriptions.get(arm_id.subscription, arm_id.subscription),
                doc["body"].get("location", ""),
                str(len(inside)),
                str(locks or ""),
                str(len(dead) or ""),
            )
        )
    header = ("group", "subscription", "location", "resources", "locks", "tombstones")
    if rows:
        return table(header, rows)
    hint = join("There is no resource group that you may read. Make one: ", el("code", "twinloop up -s dev"))
    return el("p", hint, class_="empty")


async def show(viewer: Viewer, subscription: str, name: str) -> Reply:
    """The page of one group; drawn beside the requests, as a large picture takes a moment."""
    group = ArmId(f"/subscriptions/{subscription}/resourceGroups/{name}")
    doc = resource(viewer.twin, group)
    if doc is None or not viewer.may("Microsoft.Resources/subscriptions/resourceGroups/read", group):
        why = f"There is no resource group '{name}' here, or {viewer.name} has no role that reads it."
        return refusal(404, "No such resource group", why, "twinloop studio", viewer=viewer)
    docs, tombs = resources(viewer, group), buried(viewer, group)
    boxes, arrows = graph(viewer.twin, docs, tombs)
    svg = await asyncio.to_thread(draw, boxes, arrows, title=f"Resources of {group.group}")
    return page(
        name,
        el("p", link("Resources", "/studio/groups"), " / ", name, class_="trail"),
        el("h1", doc["name"], el("small", " ", counted(len(docs), "resource"))),
        _summary(viewer, doc),
        section("What rests on what", trusted(svg), id_="graph", note="arrows point to what needs the other"),
        _tombstones(tombs),
        _by_concern(viewer, docs),
        _access(viewer, docs),
        viewer=viewer,
        here="/studio/groups",
    )


def _summary(viewer: Viewer, doc: Doc) -> Markup:
    subscription = ArmId(doc["id"]).subscription
    tags = doc["body"].get("tags") or {}
    return facts(
        [
            ("Subscription", viewer.twin.seed.subscriptions.get(subscription, subscription)),
            ("Location", str(doc["body"].get("location", ""))),
            *((f"tag {key}", str(value)) for key, value in sorted(tags.items())),
        ]
    )


def _by_concern(viewer: Viewer, docs: list[Doc]) -> Markup:
    kinds: defaultdict[str, list[Doc]] = defaultdict(list)
    for doc in docs:
        if doc["type"].lower() != ASSIGNMENTS:
            kinds[concern(doc["type"])].append(doc)
    locks = [doc for doc in docs if doc["type"].lower() == LOCKS]
    parts = []
    for name in sorted(kinds):
        rows = [_row(viewer, doc, locks) for doc in kinds[name]]
        parts.append(
            section(name, table(("name", "what", "state", "where", "locked by", "changed"), rows), id_=name)
        )
    return join(parts)


def _row(viewer: Viewer, doc: Doc, locks: list[Doc]) -> tuple[Child, ...]:
    arm_id = ArmId(doc["id"])
    holding = [lock for lock in locks if (scope := ArmId(lock["id"]).parent) and arm_id.within(scope)]
    names = ", ".join(
        f"{lock['name']} ({lock['body']['properties']['level']})" for lock in holding if lock is not doc
    )
    by = str((doc.get("changedBy") or doc.get("createdBy") or {}).get("name", ""))
    at = doc.get("changedAt") or doc.get("createdAt") or ""
    return (
        el("b", doc["name"], id=anchor(arm_id), title=arm_id.text),
        called(doc["type"]),
        state(viewer.twin, doc),
        str(doc["body"].get("location", "")),
        names,
        join(moment(str(at)), el("small", f" by {by}") if by else None),
    )


def _access(viewer: Viewer, docs: list[Doc]) -> Markup | None:
    held = by_principal(viewer.twin, (doc for doc in docs if doc["type"].lower() == ASSIGNMENTS))
    rows = []
    for grants in held:
        lines = [
            el(
                "li",
                role_name(viewer.twin, doc),
                " on ",
                _scope(ArmId(doc["id"]), docs),
                el("small", _reason(doc)),
            )
            for doc in grants.docs
        ]
        name = el("b", grants.name, id=f"grants-{grants.principal}")
        rows.append((name, el("ul", lines, class_="plain")))
    return section("Access", table(("who", "may"), rows), id_="access") if rows else None


def _scope(assignment: ArmId, docs: list[Doc]) -> Markup:
    scope = assignment.parent
    if scope is None:
        return join("the tenant")
    known = any(doc["id"].lower() == scope.key for doc in docs)
    return link(scope.name, f"#{anchor(scope)}" if known else "")


def _reason(doc: Doc) -> str:
    text = doc["body"]["properties"].get("description") or ""
    return f"  {text}" if text else ""


def _tombstones(tombs: list[Doc]) -> Markup | None:
    if not tombs:
        return None
    rows = [(doc["name"], called(doc["type"]), _at(doc["deletedAt"]), _at(doc["purgeAt"])) for doc in tombs]
    hint = el(
        "p",
        "They hold their names until then. To end them: ",
        el("code", "twinloop twin purge"),
        class_="note",
    )
    return section(
        "Tombstones", table(("name", "what", "deleted", "goes by itself"), rows), hint, id_="tombstones"
    )


def _at(seconds: float) -> str:
    return moment(datetime.fromtimestamp(seconds, UTC).isoformat())
