"""The page that a job's Studio link opens: state, steps, logs."""

from __future__ import annotations

from html import escape

from twinloop.localazure.core.reply import Reply
from twinloop.localazure.core.request import Request
from twinloop.localazure.core.router import Router
from twinloop.localazure.core.twin import Twin
from twinloop.localazure.jobs.records import Job, jobs
from twinloop.localazure.services.machinelearning.jobs_rendering import details, opens, studio_url

router = Router("machinelearning.pages")
_STYLE = (
    "body{font:15px system-ui;margin:2rem;max-width:60rem}td,th{text-align:left;padding:.2rem 1rem .2rem 0}"
    "pre{white-space:pre-wrap}"
)


@router.on("GET", "/studio/runs/{runId}", auth="none")
def get_page(request: Request, twin: Twin) -> Reply:
    """A job's page; the link's own key is the permission, as a browser has no token."""
    workspace, run = request.query.get("wsid", ""), request.params["runId"]
    job = jobs(twin).get(workspace, run) if workspace else None
    headers = {"content-type": "text/html; charset=utf-8", "cache-control": "no-store"}
    if job is None or not opens(twin, job, request.query.get("until", ""), request.query.get("key", "")):
        title = "<!doctype html><title>No such run</title>"
        return Reply(
            404, f"{title}<p>No such run, or the link is not whole or too old; ask for it anew.", headers
        )
    return Reply(200, _page(twin, job), headers)


def _page(twin: Twin, job: Job) -> str:
    children = jobs(twin).children(job)
    rows = "".join(
        f"<tr><td><a href='{escape(studio_url(twin, child))}'>{escape(child.display_name)}</a>"
        f"<td>{escape(child.status)}"
        f"<td>{'reused' if child.run_properties.get('azureml.isreused') else ''}"
        for child in children
    )
    logs = "".join(
        f"<li><a href='{escape(url)}'>{escape(name)}</a>"
        for name, url in details(twin, job)["logFiles"].items()
    )
    error = f"<h2>Error</h2><pre>{escape(job.error['message'])}</pre>" if job.error else ""
    outputs = "".join(
        f"<tr><td>{escape(name)}<td>{escape(kept['uri'])}" for name, kept in job.outputs.items()
    )
    return (
        f"<!doctype html><title>{escape(job.display_name)}: {escape(job.status)}</title>"
        f"<style>{_STYLE}</style>"
        f"<h1>{escape(job.display_name)}</h1><table><tr><th>Run<td>{escape(job.name)}<tr><th>State<td>{escape(job.status)}"
        f"<tr><th>Experiment<td>{escape(job.experiment)}"
        f"<tr><th>Submitted by<td>{escape(str(job.principal['name']))}"
        f"<tr><th>Created<td>{escape(job.created)}<tr><th>Ended<td>{escape(job.ended)}</table>{error}"
        + (f"<h2>Steps</h2><table>{rows}</table>" if rows else "")
        + (f"<h2>Outputs</h2><table>{outputs}</table>" if outputs else "")
        + f"<h2>Logs</h2><ul>{logs or '<li>none yet'}</ul>"
    )
