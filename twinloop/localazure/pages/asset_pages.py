"""Models, data assets and environments: lists of them, and one with its versions and where they came from."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from twinloop.localazure.jobs.records import jobs
from twinloop.localazure.pages.addresses import asset_page, run_page
from twinloop.localazure.pages.frame import page, refusal, section
from twinloop.localazure.pages.job_data import readable
from twinloop.localazure.pages.job_graphs import makers
from twinloop.localazure.pages.markup import Child, Markup, el, facts, join, link, table
from twinloop.localazure.pages.reach import WORKSPACE, workspaces
from twinloop.localazure.pages.states import badge
from twinloop.localazure.pages.wording import moment
from twinloop.localazure.services.machinelearning.asset_store import Assets, assets

if TYPE_CHECKING:
    from twinloop.localazure.core.ids import ArmId
    from twinloop.localazure.core.reply import Reply
    from twinloop.localazure.jobs.records import Job
    from twinloop.localazure.pages.session import Viewer

Doc = dict[str, Any]
TITLES = {"models": "Models", "data": "Data", "environments": "Environments"}
_MAKE = {
    "models": "twinloop submit pipelines/classical/training.yml --stream",
    "data": "az ml data create --name NAME --path FILE",
    "environments": "az ml environment create -f FILE",
}
_SCORES = ("test_roc_auc", "test_accuracy")


def asset_list(viewer: Viewer, collection: str) -> Markup:
    """Everything of a kind that has a name, over all workspaces of the viewer; the newest first."""
    found: list[tuple[str, tuple[Child, ...]]] = []
    for home in readable_homes(viewer, collection):
        store = assets(viewer.twin, home, collection)
        for container in store.containers():
            latest = store.latest(container["name"])
            if latest is not None and not latest["properties"].get("isAnonymous"):
                at = str((latest.get("systemData") or {}).get("createdAt", ""))
                found.append((at, _row(viewer, home, store, latest, collection)))
    if not found:
        hint = join("There is nothing here yet. Make one: ", el("code", _MAKE[collection]))
        return el("p", hint, class_="empty")
    rows = [row for _, row in sorted(found, key=lambda pair: pair[0], reverse=True)]
    return table(("name", "newest", "what", "from", "made", "workspace"), rows)


def readable_homes(viewer: Viewer, collection: str) -> list[ArmId]:
    """The workspaces whose assets of this kind the viewer may read."""
    action = f"{WORKSPACE}/{collection}/versions/read"
    return [home for home in workspaces(viewer) if viewer.may(action, home)]


def show(viewer: Viewer, collection: str, home: ArmId, name: str) -> Reply:
    """One asset with all its versions."""
    store = assets(viewer.twin, home, collection)
    versions = store.versions(name) if home in readable_homes(viewer, collection) else []
    if not versions:
        title = TITLES[collection].lower()
        why = f"{home.name} has no '{name}' among its {title}, or {viewer.name} may not read them."
        return refusal(404, "No such asset", why, "twinloop studio", viewer=viewer)
    parts = [_version(viewer, home, collection, doc) for doc in reversed(versions)]
    return page(
        versions[-1]["name"],
        el(
            "p", link(TITLES[collection], f"/studio/{collection}"), f" / {home.name} / {name}", class_="trail"
        ),
        el("h1", versions[-1]["name"]),
        parts,
        viewer=viewer,
        here=f"/studio/{collection}",
    )


def _row(viewer: Viewer, home: ArmId, store: Assets, doc: Doc, collection: str) -> tuple[Child, ...]:
    arm_id = store.id(doc["name"], doc["version"]).text
    system = doc.get("systemData") or {}
    return (
        link(doc["name"], asset_page(collection, arm_id)),
        doc["version"],
        _what(doc),
        _made_by(viewer, home, doc),
        join(moment(str(system.get("createdAt", ""))), el("small", f" by {system.get('createdBy', '')}")),
        home.name,
    )


def _what(doc: Doc) -> Child:
    properties = doc["properties"]
    tags = properties.get("tags") or {}
    scores = ", ".join(f"{key.removeprefix('test_')} {tags[key]}" for key in _SCORES if key in tags)
    return (
        scores or properties.get("modelType") or properties.get("dataType") or properties.get("image") or ""
    )


def maker_of(viewer: Viewer, home: ArmId, doc: Doc) -> Job | None:
    """The job that a version says it came from: the pipeline rather than its step."""
    found = [job for name in sorted(makers(doc)) if (job := jobs(viewer.twin).get(home.text, name))]
    return min(found, key=lambda job: job.kind == "Step", default=None)


def _made_by(viewer: Viewer, home: ArmId, doc: Doc) -> Child:
    job = maker_of(viewer, home, doc)
    return link(job.display_name or job.name, run_page(job)) if job else ""


def _version(viewer: Viewer, home: ArmId, collection: str, doc: Doc) -> Markup:
    properties, system = doc["properties"], doc.get("systemData") or {}
    job = maker_of(viewer, home, doc)
    uri = str(properties.get("modelUri") or properties.get("dataUri") or "")
    tags = sorted((properties.get("tags") or {}).items())
    return section(
        f"Version {doc['version']}",
        el("p", properties["description"]) if properties.get("description") else None,
        facts(
            [
                ("Kind", properties.get("modelType") or properties.get("dataType")),
                (
                    "From job",
                    join(link(job.display_name or job.name, run_page(job)), " ", badge(job)) if job else None,
                ),
                ("Submitted by", str(job.principal["name"]) if job else None),
                ("Lies at", readable(uri)),
                ("Image", properties.get("image")),
                ("Made", moment(str(system.get("createdAt", "")))),
                ("By", system.get("createdBy")),
            ],
            rows=True,
        ),
        table(("tag", "value"), tags) if tags else None,
        el("pre", properties["condaFile"]) if properties.get("condaFile") else None,
        _inputs_of(viewer, job) if collection == "models" and job else None,
        id_=f"v{doc['version']}",
    )


def _inputs_of(viewer: Viewer, job: Job) -> Markup | None:
    """The rest of the line of descent, as a picture on the job's page tells it too."""
    from twinloop.localazure.pages.job_facts import gather
    from twinloop.localazure.pages.job_graphs import lineage

    told = gather(viewer, job.workspace, job.name)
    return lineage(told, at_home=False) if told else None
