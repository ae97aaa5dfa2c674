"""The addresses of the pages: who looks is settled here, what is shown elsewhere."""

from __future__ import annotations

import asyncio
import hmac
from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING

from twinloop.localazure.core.errors import ArmError, InvalidRequest
from twinloop.localazure.core.ids import ArmId
from twinloop.localazure.core.reply import FileReply, Reply
from twinloop.localazure.core.request import Request
from twinloop.localazure.core.router import Router
from twinloop.localazure.core.twin import Twin

if TYPE_CHECKING:
    from twinloop.localazure.pages.job_facts import Facts
    from twinloop.localazure.pages.session import Viewer

router = Router("pages")
_JOB = "/studio/runs/{runId}"
Answer = Reply | FileReply
Show = Callable[["Viewer", Request], Awaitable[Answer]]


class _No(Exception):
    """A page that says no, found while another was being made."""

    def __init__(self, reply: Reply) -> None:
        super().__init__()
        self.reply = reply


def _on(template: str, method: str = "GET") -> Callable[[Show], Show]:
    """Declare a page: its maker is called with who looks, and not at all for who may look at nothing."""

    def declare(show: Show) -> Show:
        async def handler(request: Request, twin: Twin) -> Answer:
            try:
                return await show(_viewer(request, twin), request)
            except _No as no:
                return no.reply

        router.on(method, template, auth="own")(handler)
        return show

    return declare


@router.on("POST", "/_twin/studio", auth="own")
def make_link(request: Request, twin: Twin) -> Reply:
    """An address that opens the pages as a persona: `{"persona": NAME, "to": "/studio/..."}`."""
    from twinloop.localazure.pages.session import HOME, link, local_target

    given = request.headers.get("authorization", "").removeprefix("Bearer ").strip()
    if not hmac.compare_digest(given.encode(), twin.admin_key.encode()):
        message = f"{request.path}: give 'Authorization: Bearer <content of {twin.home / 'twin.key'}>'"
        raise ArmError(401, "AdminKeyRequired", message)
    body = request.json()
    persona = twin.seed.personas.get(str(body.get("persona")))
    if persona is None:
        known = ", ".join(sorted(twin.seed.personas))
        raise InvalidRequest("UnknownPersona", f"persona: given {body.get('persona')!r}; known: {known}")
    to = local_target(str(body.get("to") or HOME))
    return Reply(200, {"url": link(twin, persona.object_id, to), "persona": persona.name})


@router.on("GET", "/studio/open", auth="none")
def open_link(request: Request, twin: Twin) -> Reply:
    """A signed link: the session begins, and the address bar forgets the key."""
    from twinloop.localazure.pages.session import local_target, opened

    viewer = opened(request, twin)
    return _begin(viewer, local_target(request.query.get("to", ""))) if viewer else _expired()


@router.on("GET", "/studio/static/{name}", auth="none")
def get_static(request: Request, _twin: Twin) -> Reply:
    """The stylesheet, the script, the mark."""
    from twinloop.localazure.pages.frame import static

    return static(request.params["name"]) or Reply(404, "no such file")


@router.on("GET", _JOB, auth="own")
async def get_job(request: Request, twin: Twin) -> Answer:
    """A job's page; a link's key in the address begins a session first."""
    from twinloop.localazure.pages import job_page
    from twinloop.localazure.pages.addresses import run_page
    from twinloop.localazure.pages.session import opened

    try:
        if request.query.get("key"):
            viewer = opened(request, twin)
            return _begin(viewer, run_page(_facts(viewer, request).job)) if viewer else _expired()
        facts = _facts(_viewer(request, twin), request)
    except _No as no:
        return no.reply
    metrics = await asyncio.to_thread(job_page.measured, facts)
    return job_page.render(facts, metrics, request.query.get("log", ""))


@_on(f"{_JOB}/live")
async def get_news(viewer: Viewer, request: Request) -> Answer:
    """What changed on a job's page since the last look."""
    from twinloop.localazure.pages import job_page

    facts = _facts(viewer, request)
    metrics = await asyncio.to_thread(job_page.measured, facts)
    start, free = request.query.get("from", ""), bool(request.query.get("free"))
    seen = int(start) if start.isascii() and start.isdigit() else None
    told = job_page.news(facts, metrics, request.query.get("log", ""), seen, free=free)
    return Reply(200, told, {"cache-control": "no-store"})


@_on(f"{_JOB}/log")
async def get_whole_log(viewer: Viewer, request: Request) -> Answer:
    """A log from its first byte to its last, as a file."""
    from twinloop.localazure.pages.files import SAFE, attachment
    from twinloop.localazure.pages.frame import refusal
    from twinloop.localazure.pages.job_logs import chosen

    facts = _facts(viewer, request)
    log = chosen(facts, request.query.get("log", ""))
    if log is None:
        return refusal(404, "There is no such log", "The job has none of this name.", viewer=viewer)
    return FileReply(log.path, headers=SAFE | attachment(log.path.name))


async def _file(viewer: Viewer, request: Request) -> Answer:
    """What lies in an input, an output, or the code."""
    from twinloop.localazure.pages.files import SIDES, answer
    from twinloop.localazure.pages.frame import refusal

    facts, side = _facts(viewer, request), request.params["side"]
    if side not in SIDES:
        return refusal(
            404, "There is no such page", f"A job has {', '.join(SIDES)}; not '{side}'.", viewer=viewer
        )
    path = request.params.get("path", "")
    return answer(facts, side, request.params["name"], path, request.query.get("mode", ""))


_on(f"{_JOB}/{{side}}/{{name}}")(_file)
_on(f"{_JOB}/{{side}}/{{name}}/{{path:path}}")(_file)


@_on("/studio")
async def get_home(viewer: Viewer, _request: Request) -> Answer:
    """The first page."""
    from twinloop.localazure.pages.home_page import overview

    return overview(viewer)


@_on("/studio/jobs")
async def get_jobs(viewer: Viewer, request: Request) -> Answer:
    """The list of jobs."""
    from twinloop.localazure.pages.home_page import job_list

    return job_list(viewer, request.query)


@_on("/studio/computes")
async def get_computes(viewer: Viewer, _request: Request) -> Answer:
    """The list of clusters."""
    from twinloop.localazure.pages.frame import page
    from twinloop.localazure.pages.home_page import computes
    from twinloop.localazure.pages.markup import el

    return page("Computes", el("h1", "Computes"), computes(viewer), viewer=viewer, here="/studio/computes")


@_on("/studio/endpoints")
async def get_endpoints(viewer: Viewer, _request: Request) -> Answer:
    """Online endpoints and their deployments."""
    from twinloop.localazure.pages.endpoint_page import endpoints
    from twinloop.localazure.pages.frame import page
    from twinloop.localazure.pages.markup import el

    title, here = "Endpoints", "/studio/endpoints"
    return page(title, el("h1", title), endpoints(viewer), viewer=viewer, here=here)


@_on("/studio/groups")
async def get_groups(viewer: Viewer, _request: Request) -> Answer:
    """The list of resource groups."""
    from twinloop.localazure.pages.frame import page
    from twinloop.localazure.pages.group_page import group_list
    from twinloop.localazure.pages.markup import el

    return page("Resources", el("h1", "Resources"), group_list(viewer), viewer=viewer, here="/studio/groups")


@_on("/studio/groups/{subscription}/{name}")
async def get_group(viewer: Viewer, request: Request) -> Answer:
    """One resource group."""
    from twinloop.localazure.pages.group_page import show

    return await show(viewer, request.params["subscription"], request.params["name"])


@_on("/studio/emulates")
async def get_emulated(viewer: Viewer, _request: Request) -> Answer:
    """What is emulated."""
    from twinloop.localazure.pages.emulated import show

    return show(viewer)


async def _assets(viewer: Viewer, request: Request) -> Answer:
    """The list of a kind of asset."""
    from twinloop.localazure.pages.asset_pages import TITLES, asset_list
    from twinloop.localazure.pages.frame import page
    from twinloop.localazure.pages.markup import el

    kind = request.path.strip("/").partition("/")[2]
    return page(
        TITLES[kind], el("h1", TITLES[kind]), asset_list(viewer, kind), viewer=viewer, here=f"/studio/{kind}"
    )


async def _asset(viewer: Viewer, request: Request) -> Answer:
    """One asset."""
    from twinloop.localazure.pages.asset_pages import show

    kind = request.path.strip("/").split("/")[1]
    return show(viewer, kind, ArmId(request.query.get("wsid", "")), request.params["name"])


for _kind in ("models", "data", "environments"):
    _on(f"/studio/{_kind}")(_assets)
    _on(f"/studio/{_kind}/{{name}}")(_asset)


@_on("/studio/mlflow")
async def get_mlflow(viewer: Viewer, request: Request) -> Answer:
    """To MLflow's own pages for a workspace."""
    from twinloop.localazure.pages.mlflow_pages import entry

    return await entry(viewer, request.query.get("wsid", ""))


async def _mlflow(viewer: Viewer, request: Request) -> Answer:
    """MLflow's own pages, and what they ask for."""
    from twinloop.localazure.pages.mlflow_pages import answer

    return await answer(viewer, request)


for _method in ("GET", "POST", "PATCH", "DELETE"):
    _on("/studio/mlflow/{mark}", _method)(_mlflow)
    _on("/studio/mlflow/{mark}/{rest:path}", _method)(_mlflow)


@_on("/studio/{rest:path}")
async def get_unknown(viewer: Viewer, request: Request) -> Answer:
    """What is no page."""
    from twinloop.localazure.pages.frame import refusal

    why = f"'{request.path}' is no address of these pages."
    return refusal(404, "There is no such page", why, "twinloop studio", viewer=viewer)


def _viewer(request: Request, twin: Twin) -> Viewer:
    """Who looks.

    Raises:
        _No: nobody whom this twin let in, or somebody who may read nothing.
    """
    from twinloop.localazure.pages.frame import refusal
    from twinloop.localazure.pages.reach import groups, workspaces
    from twinloop.localazure.pages.session import returned

    viewer = returned(request, twin)
    if viewer is None:
        why = "These pages open by a link that this local Azure signed; this browser has opened none of late."
        raise _No(refusal(401, "Who are you?", why, "twinloop studio"))
    if not workspaces(viewer) and not groups(viewer):
        why = f"{viewer.name} has no role on any resource group or workspace of this local Azure."
        raise _No(
            refusal(
                403, "There is nothing here for you to read", why, "twinloop up -s dev", "twinloop studio"
            )
        )
    return viewer


def _facts(viewer: Viewer, request: Request) -> Facts:
    """The job in the address.

    Raises:
        _No: there is none, or the viewer may not know.
    """
    from twinloop.localazure.pages.frame import refusal
    from twinloop.localazure.pages.job_facts import gather

    name, workspace = request.params["runId"], request.query.get("wsid", "")
    facts = gather(viewer, workspace, name)
    if facts is None:
        home = ArmId(workspace).name or "no workspace"
        why = f"There is no job '{name}' in {home}, or {viewer.name} has no role that reads its jobs."
        raise _No(refusal(404, "No such job", why, "twinloop jobs list", viewer=viewer))
    return facts


def _begin(viewer: Viewer, to: str) -> Reply:
    """To the page, as somebody."""
    from twinloop.localazure.pages.session import cookie

    headers = {
        "location": to,
        "set-cookie": cookie(viewer),
        "cache-control": "no-store",
        "referrer-policy": "no-referrer",
    }
    return Reply(303, None, headers)


def _expired() -> Reply:
    from twinloop.localazure.pages.frame import refusal

    why = "It is not whole, or older than two days, or of somebody who is no longer here. Ask for a new one."
    return refusal(401, "This link opens nothing", why, "twinloop studio", "twinloop jobs show NAME --web")
