"""The Blob service's operations as a table: what each address, verb and `comp` does, and what it demands."""

from __future__ import annotations

import asyncio
import inspect
import logging
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, replace
from urllib.parse import unquote

from twinloop.localazure.core.errors import ArmError
from twinloop.localazure.core.reply import FileReply, Reply
from twinloop.localazure.core.request import Request
from twinloop.localazure.core.twin import Twin
from twinloop.localazure.storage import access, containers, delegation, listing, reads, writes, xml
from twinloop.localazure.storage.access import Need, Unauthenticated, identify
from twinloop.localazure.storage.accounts import find_account
from twinloop.localazure.storage.call import Call, common_headers, refuse_unknown
from twinloop.localazure.storage.conditions import NotModified
from twinloop.localazure.storage.errors import NotEmulatedStorage, StorageError

log = logging.getLogger("twinloop.localazure.storage")
Answer = Reply | FileReply
Handler = Callable[[Call], Answer | Awaitable[Answer]]


@dataclass(frozen=True)
class Operation:
    """One operation of the data plane."""

    handler: Handler
    need: Need


# (verb, level, restype, comp); level: account, container or blob
OPERATIONS: dict[tuple[str, str, str, str], Operation] = {
    ("GET", "account", "", "list"): Operation(listing.list_containers, access.CONTAINER_LIST),
    ("POST", "account", "service", "userdelegationkey"): Operation(
        delegation.get_delegation_key, access.DELEGATE
    ),
    ("PUT", "container", "container", ""): Operation(containers.create_container, access.CONTAINER_WRITE),
    ("GET", "container", "container", ""): Operation(containers.get_container, access.CONTAINER_READ),
    ("HEAD", "container", "container", ""): Operation(containers.get_container, access.CONTAINER_READ),
    ("DELETE", "container", "container", ""): Operation(containers.delete_container, access.CONTAINER_DELETE),
    ("GET", "container", "container", "list"): Operation(listing.list_blobs, access.LIST),
    ("GET", "blob", "", ""): Operation(reads.get_blob, access.READ),
    ("HEAD", "blob", "", ""): Operation(reads.head_blob, access.READ),
    ("GET", "blob", "", "blocklist"): Operation(reads.get_block_list, access.READ),
    ("PUT", "blob", "", ""): Operation(writes.put_blob, access.WRITE),
    ("PUT", "blob", "", "block"): Operation(writes.put_block, access.WRITE),
    ("PUT", "blob", "", "blocklist"): Operation(writes.put_block_list, access.WRITE),
    ("PUT", "blob", "", "metadata"): Operation(writes.set_metadata, access.WRITE),
    ("PUT", "blob", "", "properties"): Operation(writes.set_properties, access.WRITE),
    ("DELETE", "blob", "", ""): Operation(writes.delete_blob, access.DELETE),
}


async def serve(request: Request, twin: Twin, path: str) -> Answer:
    """Answer a request to the Blob service.

    Args:
        request: the request; its route's `account` names the account.
        twin: the twin.
        path: what follows the account in the address, still percent-encoded: `container/blob`.
    """
    try:
        answer = await _answer(request, twin, path)
    except StorageError as error:
        answer = refusal(error, with_body=request.method != "HEAD")
    except ArmError as error:
        answer = refusal(
            StorageError(error.status, error.code, error.message), with_body=request.method != "HEAD"
        )
    return replace(answer, headers={**common_headers(request, twin), **answer.headers})


def refusal(error: StorageError, *, with_body: bool = True) -> Reply:
    """An error as the Blob service words it."""
    headers = {"x-ms-error-code": error.code}
    if isinstance(error, Unauthenticated):
        headers["www-authenticate"] = error.challenge
    if isinstance(error, NotModified) or not with_body:
        return Reply(error.status, None, headers)
    body = xml.error_body(error.code, error.message)
    return Reply(error.status, body, headers | {"content-type": xml.CONTENT_TYPE})


async def _answer(request: Request, twin: Twin, path: str) -> Answer:
    container, _, name = (unquote(part) for part in path.partition("/"))
    level = "blob" if name else "container" if container else "account"
    query = request.query
    operation = OPERATIONS.get((request.method, level, query.get("restype", ""), query.get("comp", "")))
    if operation is None:
        what = (
            f"{request.method} of a {level} with restype={query.get('restype', '')!r} "
            f"comp={query.get('comp', '')!r}"
        )
        log.warning("not emulated: %s", what)
        raise NotEmulatedStorage(what)
    account = find_account(twin, request.params["account"])
    call = Call(request, twin, account, container, name, identify(request, twin, account, container, name))
    refuse_unknown(request)
    call.demand(operation.need)
    return await run(operation.handler, call)


async def run(handler: Handler, call: Call) -> Answer:
    """Call a handler; a plain one off the event loop, for it waits for the disk."""
    if inspect.iscoroutinefunction(handler):
        answer: Answer = await handler(call)
        return answer
    result: Answer = await asyncio.to_thread(handler, call)  # type: ignore[arg-type]
    return result
