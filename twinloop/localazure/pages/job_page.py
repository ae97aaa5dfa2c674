"""The page of a job, and the parts of it that change while it runs."""

from __future__ import annotations

import sqlite3
from typing import TYPE_CHECKING, Any

from twinloop.localazure.core.ids import ArmId
from twinloop.localazure.jobs.asset_lookup import asset_properties
from twinloop.localazure.jobs.recipes import NOTE
from twinloop.localazure.jobs.steps import SERVERLESS
from twinloop.localazure.pages import job_data, job_graphs, job_logs, job_metrics
from twinloop.localazure.pages.addresses import asset_page, experiment_page, group_page, run_page, short_id
from twinloop.localazure.pages.frame import page, section
from twinloop.localazure.pages.markup import Child, Markup, el, facts, join, link, table
from twinloop.localazure.pages.states import REUSED_RUN, badge, is_reused
from twinloop.localazure.pages.wording import moment, span

if TYPE_CHECKING:
    from twinloop.localazure.core.reply import Reply
    from twinloop.localazure.pages.job_facts import Facts
    from twinloop.localazure.pages.job_metrics import Measured

Metrics = dict[str, "Measured"] | None


def measured(what: Facts) -> Metrics:
    """What the job and its steps logged; None if the store cannot be read now. Waits for the disk."""
    if not what.reads_runs:
        return {}
    try:
        return job_metrics.read(job_metrics.store_of(what), [run.name for run in what.tree])
    except sqlite3.Error:
        return None


def render(what: Facts, metrics: Metrics, wanted_log: str) -> Reply:
    """The whole page."""
    job = what.job
    log = job_logs.chosen(what, wanted_log)
    live = run_page(job, "live")
    parts = _changing(what, metrics) | {"lineage": _lineage(what)}
    body = [
        el("p", _trail(what), class_="trail"),
        el("h1", job.display_name or job.name),
        el("p", job.description, class_="lead") if job.description else None,
        *(_part(name, parts[name]) for name in ("summary", "steps")),
        section("Logs", job_logs.panel(what, log), id_="logs"),
        *(_part(name, parts[name]) for name in ("metrics", "outputs", "lineage")),
        _settled(what),
    ]
    return page(
        f"{job.display_name or job.name}: {job.status}",
        el("div", *body, id="job", data_live=None if job.ended_already else live),
        viewer=what.viewer,
        here="/studio/jobs",
    )


def news(
    what: Facts, metrics: Metrics, wanted_log: str, start: int | None, *, free: bool = False
) -> dict[str, Any]:
    """What a page that is open asks for again and again: the changing parts, and the log's growth.

    Args:
        what: the facts.
        metrics: what runs logged.
        wanted_log: the log that the page shows.
        start: the byte of it that the page has not seen.
        free: nobody chose it, so that another may be told once it has ended.
    """
    log = job_logs.chosen(what, wanted_log)
    piece = job_logs.piece(log, start if log.id == wanted_log else None) if log else None
    if free and log and piece and not piece.text and log.run.ended_already:
        log = job_logs.chosen(what, "") or log
        piece = piece if log.id == wanted_log else job_logs.piece(log, None)
    parts = _changing(what, metrics) | {"tabs": job_logs.tabs(what, log)}
    if what.job.ended_already:  # before, nothing came of it
        parts["lineage"] = _lineage(what)
    return {
        "title": f"{what.job.display_name or what.job.name}: {what.job.status} - Twinloop",
        "parts": parts,
        "log": {"id": log.id, "text": piece.text, "next": piece.next} if log and piece else None,
        "done": what.job.ended_already,
    }


def _changing(what: Facts, metrics: Metrics) -> dict[str, Markup]:
    job, steps = what.job, job_graphs.steps(what)
    done = job.ended_already
    return {
        "summary": join(_summary(what), _error(what)),
        "steps": section("Steps", steps, id_="steps-h", note=_step_note(what)) if steps else Markup(),
        "metrics": section("Metrics and parameters", _metrics(what, metrics), id_="metrics-h"),
        "outputs": section("Outputs", job_data.outputs(what), id_="outputs-h") if done else Markup(),
    }


def _lineage(what: Facts) -> Markup:
    graph = job_graphs.lineage(what)
    return section("Lineage", graph, id_="lineage-h", note="data, job, model") if graph else Markup()


def _part(name: str, html: Markup) -> Markup:
    return el("div", html, id=f"part-{name}", class_="part")


def _trail(what: Facts) -> Markup:
    home = ArmId(what.job.workspace)
    group = home.group_id
    steps: list[Child] = [link("Jobs", "/studio/jobs")]
    if group is not None:
        steps += [" / ", link(group.group, group_page(group)), " / ", home.name]
    if what.parent is not None:
        steps += [" / ", link(what.parent.display_name or what.parent.name, run_page(what.parent))]
    return join(*steps)


def _summary(what: Facts) -> Markup:
    job = what.job
    waited, ran = what.waited(job), what.ran(job)
    earlier = job.run_properties.get(REUSED_RUN, "")
    reused: Child = None
    if is_reused(job) and earlier:
        from twinloop.localazure.jobs.records import jobs

        former = jobs(what.twin).get(job.workspace, earlier)
        reused = link(earlier, run_page(former)) if former else earlier
    return facts(
        [
            ("State", badge(job)),
            ("Answered by", reused),
            ("Waited", span(waited) if waited is not None and not reused else None),
            ("Ran" if job.ended_already else "Runs since", span(ran) if ran is not None else None),
            ("Submitted by", str(job.principal["name"])),
            ("Experiment", link(job.experiment, experiment_page(job.experiment))),
            ("Compute", _compute(what)),
            ("Name", el("code", job.name)),
            ("Created", moment(job.created)),
            ("Ended", moment(job.ended)),
        ]
    )


def _compute(what: Facts) -> Child:
    used = {run.what().compute for run in what.runs if run.step}
    names = sorted(SERVERLESS if one == SERVERLESS else ArmId(one).name for one in used)
    return link(", ".join(names), "/studio/computes") if names else None


def _error(what: Facts) -> Markup | None:
    failed = [run for run in what.tree if run.error]
    if not failed:
        return None
    # a pipeline's own error repeats that of its step
    own = [run for run in failed if run is not what.job] or failed
    texts = [el("pre", str((run.error or {}).get("message", ""))) for run in own]
    return el("section", el("h2", "Error"), texts, class_="error", role="alert")


def _step_note(what: Facts) -> str:
    reused = sum(is_reused(child) for child in what.children)
    done = sum(child.ended_already for child in what.children)
    return f"{done} of {len(what.children)} ended" + (f", {reused} reused" if reused else "")


def _metrics(what: Facts, metrics: Metrics) -> Markup:
    if not what.reads_runs:
        return el("p", f"{what.viewer.name} may not read what runs of this workspace log.", class_="empty")
    return job_metrics.panel(what, metrics)


def _settled(what: Facts) -> Markup:
    """What does not change any more once the job is accepted."""
    job, step = what.job, what.step
    return join(
        section("Inputs", job_data.inputs(what), id_="inputs-h"),
        section("Command", el("pre", step.command), _variables(what), id_="command-h") if step else None,
        section("Environment and code", _environment(what), id_="environment-h"),
        section("Tags and properties", _labels(what), id_="labels-h")
        if job.tags or job.run_properties
        else None,
    )


def _variables(what: Facts) -> Markup | None:
    """Names only: a value may be a secret."""
    names = sorted(what.step.variables) if what.step else []
    if not names:
        return None
    return el(
        "p", "Sets ", [join(el("code", name), " ") for name in names], el("small", "(values are not shown)")
    )


def _environment(what: Facts) -> Markup:
    if what.step is None:
        rows = [
            (
                link(run.display_name, run_page(run)),
                _environment_link(run.what().environment),
                _notes(what.notes(run)),
            )
            for run in what.children
        ]
        return table(("step", "environment", "what it ran in here"), rows)
    properties = asset_properties(what.twin, what.step.environment) or {}
    conda = str(properties.get("condaFile") or "")
    return join(
        facts(
            [
                ("Environment", _environment_link(what.step.environment)),
                ("Cloud image", el("code", str(properties["image"])) if properties.get("image") else None),
                ("Here", _notes(what.notes(what.job))),
                ("Code", job_data.code(what)),
                ("Identity", job_identity(what)),
                ("Nodes", str(what.step.instances) if what.step.instances > 1 else None),
                ("Time limit", span(what.step.timeout) if what.step.timeout else None),
            ],
            rows=True,
        ),
        el("details", el("summary", "conda file"), el("pre", conda)) if conda else None,
    )


def job_identity(what: Facts) -> str:
    """Whose rights its process has."""
    found = what.twin.directory.find(what.job.identity) if what.job.identity else None
    return found.name if found else ""


def _environment_link(arm_id: str) -> Child:
    return link(short_id(arm_id), asset_page("environments", arm_id)) if arm_id.startswith("/") else arm_id


def _notes(lines: list[str]) -> Markup | None:
    return el("ul", [el("li", line) for line in lines], class_="plain") if lines else None


def _labels(what: Facts) -> Markup:
    rows: list[tuple[Child, Child]] = [("tag " + key, value) for key, value in sorted(what.job.tags.items())]
    rows += [(key, el("code", short_id(value) if value.startswith("/") else value))
             for key, value in sorted(what.job.run_properties.items()) if key != NOTE]  # fmt: skip
    return table(("name", "value"), rows)
