"""The Data Lake (Gen2) face of an account with a hierarchical namespace: what its file client needs.

Files are the blobs of `blobs.py`, directories rows without content. Appended bytes wait as blocks until a
flush names the length. POSIX access lists and renames are not emulated; rights are the roles alone.
"""

from __future__ import annotations

import asyncio
import base64
from dataclasses import replace
from urllib.parse import unquote

from twinloop.localazure.core.errors import ArmError
from twinloop.localazure.core.reply import FileReply, Reply
from twinloop.localazure.core.request import Request
from twinloop.localazure.core.twin import Twin
from twinloop.localazure.storage import access, appends, containers, listing, reads, service
from twinloop.localazure.storage.access import Unauthenticated, identify
from twinloop.localazure.storage.accounts import container_id, find_account
from twinloop.localazure.storage.call import Call, common_headers, refuse_unknown, state_headers
from twinloop.localazure.storage.conditions import for_write, http_date
from twinloop.localazure.storage.errors import (
    BlobNotFound,
    ContainerNotFound,
    InvalidHeader,
    NotEmulatedStorage,
    StorageError,
)
from twinloop.localazure.storage.service import Answer, Operation

_CODES = {BlobNotFound: "PathNotFound", ContainerNotFound: "FilesystemNotFound"}


def create_path(call: Call) -> Reply:
    """Create a directory or an empty file, with the directories above it."""
    kind = call.request.query.get("resource")
    condition = for_write(call.request.headers)
    if kind == "directory":
        info = call.blobs.put_directory(*call.place, precondition=condition)
    elif kind == "file":
        info = call.blobs.put_bytes(*call.place, b"", metadata=_properties(call), precondition=condition)
        appends.forget(call)
    else:
        raise InvalidHeader("resource", kind, "file, directory", code="InvalidQueryParameterValue")
    return Reply(201, None, state_headers(info) | {"content-length": "0"})


async def update_path(call: Call) -> Reply:
    """Append or flush."""
    action = call.request.query.get("action", "")
    if action == "append":
        return await appends.append(call)
    if action == "flush":
        return await asyncio.to_thread(appends.flush, call)
    raise NotEmulatedStorage(f"PATCH with action={action!r} of a Data Lake path")


def delete_path(call: Call) -> Reply:
    """Delete a file, or a directory and, if asked for, what is in it."""
    info = call.find()
    below = call.blobs.list(call.account.name, call.container, f"{call.name}/") if info.is_directory else []
    if below and call.request.query.get("recursive", "").lower() != "true":
        raise StorageError(
            409, "DirectoryNotEmpty", f"The directory '{call.name}' is not empty; pass recursive=true."
        )
    for blob in [*reversed(below), info]:
        call.blobs.delete(call.account.name, call.container, blob.name)
    return Reply(200, None)


def list_paths(call: Call) -> Reply:
    """List Paths: files and directories below a directory, in pages."""
    container_id(call.twin, call.account.name, call.container)
    query = call.request.query
    folder = query.get("directory", "").strip("/")
    if folder and call.blobs.get(call.account.name, call.container, folder) is None:
        raise BlobNotFound(call.container, folder)
    prefix = f"{folder}/" if folder else ""
    infos = call.blobs.list(call.account.name, call.container, prefix)
    if query.get("recursive", "").lower() != "true":
        infos = [info for info in infos if "/" not in info.name[len(prefix) :]]
    limit, start = (
        int(query.get("maxResults", str(listing.MAX_RESULTS))),
        unquote(query.get("continuation", "")),
    )
    page = [info for info in infos if info.name >= start][: limit + 1]
    paths = [
        {
            "name": info.name,
            "contentLength": str(info.size),
            "etag": info.etag.strip('"'),
            "lastModified": http_date(info.modified),
            **({"isDirectory": "true"} if info.is_directory else {}),
        }
        for info in page[:limit]
    ]
    more = {"x-ms-continuation": page[limit].name} if len(page) > limit else {}
    return Reply(200, {"paths": paths}, more)


# (verb, level, resource): see the table of the Blob service
OPERATIONS: dict[tuple[str, str, str], Operation] = {
    ("PUT", "container", "filesystem"): Operation(containers.create_container, access.CONTAINER_WRITE),
    ("HEAD", "container", "filesystem"): Operation(containers.get_container, access.CONTAINER_READ),
    ("DELETE", "container", "filesystem"): Operation(containers.delete_container, access.CONTAINER_DELETE),
    ("GET", "container", "filesystem"): Operation(list_paths, access.LIST),
    ("PUT", "blob", "directory"): Operation(create_path, access.WRITE),
    ("PUT", "blob", "file"): Operation(create_path, access.WRITE),
    ("PATCH", "blob", ""): Operation(update_path, access.WRITE),
    ("GET", "blob", ""): Operation(reads.get_blob, access.READ),
    ("HEAD", "blob", ""): Operation(reads.head_blob, access.READ),
    ("DELETE", "blob", ""): Operation(delete_path, access.DELETE),
}


async def serve(request: Request, twin: Twin, path: str) -> Answer:
    """Answer a request to the Data Lake service; the arguments are those of `service.serve`."""
    try:
        answer = await _answer(request, twin, path)
    except StorageError as error:
        answer = _refusal(error, with_body=request.method != "HEAD")
    except ArmError as error:
        answer = _refusal(
            StorageError(error.status, error.code, error.message), with_body=request.method != "HEAD"
        )
    return replace(answer, headers={**common_headers(request, twin), **answer.headers})


async def _answer(request: Request, twin: Twin, path: str) -> Reply | FileReply:
    container, _, name = (unquote(part).strip("/") for part in path.partition("/"))
    level = "blob" if name else "container" if container else "account"
    if "x-ms-rename-source" in request.headers:
        raise NotEmulatedStorage("renames (x-ms-rename-source)")
    query = request.query
    operation = OPERATIONS.get((request.method, level, query.get("resource", "")))
    if operation is None or query.get("action", "") not in {"", "append", "flush", "getStatus"}:
        raise NotEmulatedStorage(
            f"{request.method} of a Data Lake {level} with resource={query.get('resource', '')!r} "
            f"action={query.get('action', '')!r}"
        )
    account = find_account(twin, request.params["account"])
    if not account.is_hierarchical:
        raise StorageError(
            400, "HierarchicalNamespaceNotEnabled",
            f"'{account.name}' has no hierarchical namespace (isHnsEnabled); use its blob endpoint.",
        )  # fmt: skip
    call = Call(request, twin, account, container, name, identify(request, twin, account, container, name))
    refuse_unknown(request)
    call.demand(operation.need)
    return await service.run(operation.handler, call)


def _refusal(error: StorageError, *, with_body: bool) -> Reply:
    code = _CODES.get(type(error), "PathAlreadyExists" if error.code == "BlobAlreadyExists" else error.code)
    headers = {"x-ms-error-code": code}
    if isinstance(error, Unauthenticated):
        headers["www-authenticate"] = error.challenge
    return Reply(
        error.status, {"error": {"code": code, "message": error.message}} if with_body else None, headers
    )


def _properties(call: Call) -> dict[str, str]:
    """Metadata as the Data Lake client sends it: `name=base64,name=base64`."""
    text = call.header("x-ms-properties")
    pairs = (pair.strip().partition("=") for pair in text.split(",") if pair.strip())
    return {name: base64.b64decode(value).decode() for name, _, value in pairs}
