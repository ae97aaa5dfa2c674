"""The first page, and the lists of jobs and computes."""

from __future__ import annotations

from itertools import islice
from typing import TYPE_CHECKING

from twinloop.localazure.core.ids import ArmId
from twinloop.localazure.core.resources import children_of, require
from twinloop.localazure.jobs import states
from twinloop.localazure.jobs.records import jobs
from twinloop.localazure.jobs.runner import runner
from twinloop.localazure.pages.addresses import experiment_page, group_page, run_page
from twinloop.localazure.pages.asset_pages import asset_list
from twinloop.localazure.pages.frame import page, section
from twinloop.localazure.pages.group_page import group_list
from twinloop.localazure.pages.job_facts import JOBS_READ
from twinloop.localazure.pages.markup import Child, Markup, el, join, link, table
from twinloop.localazure.pages.reach import WORKSPACE, workspaces
from twinloop.localazure.pages.states import badge
from twinloop.localazure.pages.wording import between, moment, span

if TYPE_CHECKING:
    from collections.abc import Mapping

    from twinloop.localazure.core.reply import Reply
    from twinloop.localazure.jobs.records import Job
    from twinloop.localazure.pages.session import Viewer

_FIRST, _MOST, _LOOKED_THROUGH = 10, 100, 2000
_ACTIVE = "active"
_STATES = (_ACTIVE, states.COMPLETED, states.FAILED, states.CANCELED)


def overview(viewer: Viewer) -> Reply:
    """A little of everything."""
    more = link("all jobs", "/studio/jobs")
    return page(
        "Overview",
        el("h1", "The local Azure"),
        section("Jobs", _jobs(viewer, {}, _FIRST), el("p", more), id_="jobs"),
        section("Models", asset_list(viewer, "models"), id_="models"),
        section("Computes", computes(viewer), id_="computes"),
        section("Resources", group_list(viewer), id_="groups"),
        section("MLflow", _mlflow(viewer), id_="mlflow"),
        el("p", link("What this local Azure emulates", "/studio/emulates"), ", operation by operation."),
        viewer=viewer,
        here="/studio/",
    )


def job_list(viewer: Viewer, query: Mapping[str, str]) -> Reply:
    """Jobs by state and experiment, the newest first."""
    return page(
        "Jobs",
        el("h1", "Jobs"),
        _filters(viewer, query),
        _jobs(viewer, query, _MOST),
        viewer=viewer,
        here="/studio/jobs",
    )


def _all_jobs(viewer: Viewer) -> list[Job]:
    keeper = jobs(viewer.twin)
    homes = [home for home in workspaces(viewer) if viewer.may(JOBS_READ, home)]
    found = [
        job for home in homes for job in islice(keeper.newest(home.text), _LOOKED_THROUGH) if not job.hidden
    ]
    return sorted(found, key=lambda job: job.created, reverse=True)


def _fits(job: Job, query: Mapping[str, str]) -> bool:
    state, experiment = query.get("state", ""), query.get("experiment", "")
    in_state = not state or (job.status == state or (state == _ACTIVE and not job.ended_already))
    return in_state and (not experiment or job.experiment == experiment)


def _filters(viewer: Viewer, query: Mapping[str, str]) -> Markup:
    """A form that works without any script."""
    names = sorted({job.experiment for job in _all_jobs(viewer)})
    return el(
        "form",
        _choice("state", "state", _STATES, query.get("state", "")),
        _choice("experiment", "experiment", names, query.get("experiment", "")),
        el("button", "Show", type="submit"),
        method="get",
        action="/studio/jobs",
        class_="filters",
    )


def _choice(name: str, title: str, values: tuple[str, ...] | list[str], chosen: str) -> Markup:
    options = [el("option", "all", value="")]
    options += [el("option", value, value=value, selected=value == chosen) for value in values]
    return el("label", f"{title} ", el("select", options, name=name))


def _jobs(viewer: Viewer, query: Mapping[str, str], most: int) -> Markup:
    now = viewer.twin.clock.now()
    found = [job for job in _all_jobs(viewer) if _fits(job, query)]
    rows: list[tuple[Child, ...]] = []
    for job in found[:most]:
        ran = between(job.started, job.ended or now)
        steps = len(job.children)
        rows.append(
            (
                join(link(job.display_name or job.name, run_page(job)), el("br"), el("small", job.name)),
                badge(job),
                link(job.experiment, experiment_page(job.experiment)),
                str(steps or ""),
                span(ran) if ran is not None else "",
                str(job.principal["name"]),
                moment(job.created),
            )
        )
    if not rows:
        first = "No job is like that." if any(query.values()) else "There are no jobs yet. Submit one: "
        code = (
            None
            if any(query.values())
            else el("code", "twinloop submit pipelines/classical/training.yml --stream")
        )
        return el("p", first, code, class_="empty")
    busy = any(not job.ended_already for job in found[:most])
    shown = table(("job", "state", "experiment", "steps", "ran", "submitted by", "created"), rows)
    return el("div", shown, id="job-list", data_again="3" if busy else None)


def computes(viewer: Viewer) -> Markup:
    """Clusters with their nodes and queues."""
    found = [(home, one) for home in workspaces(viewer) for one in children_of(viewer.twin, home, "computes")]
    rows = [_compute(viewer, *pair) for pair in found if viewer.may(f"{WORKSPACE}/computes/read", pair[1])]
    header = ("cluster", "nodes", "running", "idle", "queue", "runs now", "workspace")
    return (
        table(header, rows) if rows else el("p", "There are no clusters that you may read.", class_="empty")
    )


def _compute(viewer: Viewer, home: ArmId, arm_id: ArmId) -> tuple[Child, ...]:
    inner = (require(viewer.twin, arm_id)["body"].get("properties") or {}).get("properties") or {}
    clusters = runner(viewer.twin).executor.clusters
    counts = clusters.counts(arm_id.text)
    scale = inner.get("scaleSettings") or {}
    running = [job for name in dict.fromkeys(clusters.runs(arm_id.text)) if (job := _run(viewer, home, name))]
    return (
        join(
            el("b", arm_id.name),
            el("br"),
            el("small", f"{inner.get('vmSize', '')}, {inner.get('vmPriority', 'Dedicated')}"),
        ),
        f"{scale.get('minNodeCount', 0)} to {scale.get('maxNodeCount', '?')}",
        str(counts["running"]),
        str(counts["idle"]),
        str(counts["runs"]),
        [join(link(job.display_name or job.name, run_page(job)), " ") for job in running],
        home.name,
    )


def _run(viewer: Viewer, home: ArmId, name: str) -> Job | None:
    return jobs(viewer.twin).get(home.text, name) if viewer.may(JOBS_READ, home) else None


def _mlflow(viewer: Viewer) -> Markup:
    rows = [
        (
            link(home.name, f"/studio/mlflow?wsid={home.text}"),
            link(home.group, group_page(home.group_id)) if home.group_id else "",
        )
        for home in workspaces(viewer)
    ]
    if not rows:
        return el("p", "There is no workspace that you may read.", class_="empty")
    return table(("MLflow's own pages for the workspace", "in the group"), rows)
