"""Online endpoints: where each is asked, its deployments with traffic and state, and what they said last."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from twinloop.localazure.core.ids import ArmId
from twinloop.localazure.core.resources import kind_of
from twinloop.localazure.pages.addresses import asset_page, short_id
from twinloop.localazure.pages.frame import section
from twinloop.localazure.pages.markup import Child, Markup, el, facts, join, link, table
from twinloop.localazure.pages.reach import WORKSPACE
from twinloop.localazure.pages.resource_graph import state
from twinloop.localazure.serving.deployment import DEPLOYMENTS
from twinloop.localazure.serving.running import running
from twinloop.localazure.serving.scoring import ONLINE, address
from twinloop.localazure.serving.staging import SERVER
from twinloop.localazure.serving.traffic import shares_of

if TYPE_CHECKING:
    from twinloop.localazure.pages.session import Viewer

Doc = dict[str, Any]
_LINES = 40  # of a log
_HEADER = ("deployment", "state", "traffic", "mirrored", "instances", "model", "environment")


def endpoints(viewer: Viewer) -> Markup:
    """All online endpoints that the viewer may read, each with its deployments."""
    mine = [
        doc for _, doc in viewer.twin.store.list(kind_of(ONLINE)) if viewer.may(f"{ONLINE}/read", doc["id"])
    ]
    if not mine:
        hint = join("There is no endpoint that you may read. Make one: ", el("code", "twinloop up -s dev"))
        return el("p", hint, class_="empty")
    return join([_endpoint(viewer, doc) for doc in sorted(mine, key=lambda one: str(one["name"]))])


def _endpoint(viewer: Viewer, doc: Doc) -> Markup:
    arm_id, properties = ArmId(doc["id"]), doc["body"]["properties"]
    deployments = [
        one
        for _, one in viewer.twin.store.list(kind_of(DEPLOYMENTS), f"{arm_id.key}/deployments/")
        if viewer.may(f"{DEPLOYMENTS}/read", one["id"])
    ]
    home = arm_id.parent
    told = [
        ("Asked at", el("code", f"{address(viewer.twin, doc)}/score")),
        ("Way in", properties["authMode"]),
        ("Workspace", home.name if home else ""),
        ("What it is for", properties.get("description")),
    ]
    rows = [_row(doc, one, viewer) for one in deployments]
    none = el("p", "It has no deployment yet, so that it answers nobody.", class_="empty")
    return section(
        doc["name"],
        facts(told),
        table(_HEADER, rows) if rows else none,
        [_log(viewer, one) for one in deployments],
        id_=doc["name"],
    )


def _row(endpoint: Doc, doc: Doc, viewer: Viewer) -> tuple[Child, ...]:
    properties, name = doc["body"]["properties"], doc["name"]
    mirrored = (endpoint["body"]["properties"].get("mirrorTraffic") or {}).get(name)
    return (
        el("b", name, title=doc["id"]),
        state(viewer.twin, doc),
        f"{shares_of(endpoint).get(name, 0)} %",
        f"{mirrored} %" if mirrored else "",
        str(doc["body"]["sku"]["capacity"]),
        _asset(viewer, "models", str(properties.get("model") or "")),
        _asset(viewer, "environments", str(properties.get("environmentId") or "")),
    )


def _asset(viewer: Viewer, collection: str, arm_id: str) -> Markup | str:
    """A link to the page of an asset of a workspace; its name where there is no such page."""
    if not arm_id:
        return ""
    owner = ArmId("/".join(("", *ArmId(arm_id).segments[:-4])))
    known = owner.type == WORKSPACE and viewer.may(f"{WORKSPACE}/{collection}/versions/read", owner)
    return link(short_id(arm_id), asset_page(collection, arm_id) if known else "")


def _log(viewer: Viewer, doc: Doc) -> Markup | None:
    """Why it failed, and the end of its log, for those who may read logs."""
    arm_id = ArmId(doc["id"])
    if not viewer.may(f"{DEPLOYMENTS}/getLogs/action", arm_id):
        return None
    made = running(viewer.twin)
    failed, said = made.record(arm_id.key)["failed"], made.logs(arm_id, SERVER, _LINES)
    return el(
        "details",
        el("summary", f"What {doc['name']} said last"),
        el("p", failed) if failed else None,
        el("pre", said or "nothing"),
        open=bool(failed),
    )
