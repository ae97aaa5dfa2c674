"""Where the data plane is reached: by the account's host name, or its bare name, as the first part of a path.

Azure ML's client builds `https://<accountName>.blob.<suffix>`; with an accountName of
`localhost:PORT/<account>` that becomes a path of this twin. The same paths are served on the plain-HTTP
port, which takes signatures only.
"""

from __future__ import annotations

import logging

from twinloop.localazure.core.errors import NotEmulated
from twinloop.localazure.core.reply import FileReply, Reply
from twinloop.localazure.core.request import Request
from twinloop.localazure.core.router import Router
from twinloop.localazure.core.twin import Twin
from twinloop.localazure.storage import dfs, service
from twinloop.localazure.storage.accounts import find_account
from twinloop.localazure.storage.blobs import blobs
from twinloop.localazure.storage.errors import AccountNotFound
from twinloop.localazure.storage.hooks import HOOKED

log = logging.getLogger("twinloop.localazure.storage")
router = Router("storage")
VERBS = ("GET", "HEAD", "PUT", "POST", "PATCH", "DELETE")


def _after_account(request: Request) -> str:
    return request.path.lstrip("/").partition("/")[2]


async def _blob(request: Request, twin: Twin) -> Reply | FileReply:
    return await service.serve(request, twin, _after_account(request))


async def _bare(request: Request, twin: Twin) -> Reply | FileReply:
    """By the account's bare name: a path that no account has is one that the twin does not know at all."""
    try:
        find_account(twin, request.params["account"])
    except AccountNotFound as unknown:
        raise NotEmulated(request.method, request.path) from unknown
    return await _blob(request, twin)


async def _dfs(request: Request, twin: Twin) -> Reply | FileReply:
    return await dfs.serve(request, twin, _after_account(request))


for _verb in VERBS:
    for _host, _handler in (("{account}.blob.{suffix}", _blob), ("{account}.dfs.{suffix}", _dfs)):
        for _tail in ("", "/{rest:path}"):
            router.on(_verb, f"/{_host}{_tail}", auth="own")(_handler)
    for _tail in ("{container}", "{container}/{rest:path}"):
        router.on(_verb, f"/{{account}}/{_tail}", auth="own")(_bare)


def install(twin: Twin) -> None:
    """Let the twin sweep away what a killed process left, each time it starts."""
    log.debug("blobs follow %s", ", ".join(HOOKED))
    twin.on_start(_sweep)


def _sweep(twin: Twin) -> None:
    blobs(twin).sweep()
