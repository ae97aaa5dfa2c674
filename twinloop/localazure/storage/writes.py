"""Writes of one blob: in one piece, in blocks, its metadata and headers, its copy and its end."""

from __future__ import annotations

import asyncio
import base64
import binascii
import hashlib
import re
from collections.abc import AsyncIterator

from twinloop.localazure.core.reply import Reply
from twinloop.localazure.core.request import Request
from twinloop.localazure.storage import xml
from twinloop.localazure.storage.accounts import container_id
from twinloop.localazure.storage.blocks import commit_blocks, drop_blocks, new_block
from twinloop.localazure.storage.call import Call, state_headers, written_headers
from twinloop.localazure.storage.conditions import for_write
from twinloop.localazure.storage.contents import Content
from twinloop.localazure.storage.errors import InvalidHeader, NotEmulatedStorage, StorageError

MAX_BLOCK_ID = 64  # bytes before base64
_CONTENT_HEADERS = ("content-encoding", "content-language", "content-disposition", "cache-control")
_META_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")


async def put_blob(call: Call) -> Reply:
    """Put Blob: the whole content in one request."""
    kind = call.header("x-ms-blob-type")
    if kind != "BlockBlob":
        if kind in {"PageBlob", "AppendBlob"}:
            raise NotEmulatedStorage(f"blobs of type {kind}")
        raise InvalidHeader("x-ms-blob-type", kind, "BlockBlob")
    metadata = checked_metadata(call)
    await asyncio.to_thread(container_id, call.twin, call.account.name, call.container)
    content = call.blobs.contents.new()
    try:
        await receive(call.request, content)
        check_md5(call.header("content-md5"), content.md5)
        check_md5(call.header("x-ms-blob-content-md5"), content.md5)
        info = await asyncio.to_thread(
            call.blobs.commit,
            content,
            *call.place,
            content_type=_content_type(call),
            content_headers=_content_headers(call),
            metadata=metadata,
            precondition=for_write(call.request.headers),
        )
    except BaseException:
        content.abort()
        raise
    await asyncio.to_thread(drop_blocks, call.blobs, *call.place)
    return Reply(201, None, written_headers(info))


async def put_block(call: Call) -> Reply:
    """Put Block: a piece that waits for its list."""
    block = call.request.query.get("blockid", "")
    try:
        size = len(base64.b64decode(block, validate=True))
    except binascii.Error:
        size = 0
    if not 0 < size <= MAX_BLOCK_ID:
        raise InvalidHeader(
            "blockid", block, f"base64 of 1 to {MAX_BLOCK_ID} bytes", code="InvalidQueryParameterValue"
        )
    await asyncio.to_thread(container_id, call.twin, call.account.name, call.container)
    writer = new_block(call.blobs, *call.place, block)
    await keep(call, writer)
    return Reply(201, None, {"content-md5": writer.md5, "x-ms-request-server-encrypted": "true"})


async def put_block_list(call: Call) -> Reply:
    """Put Block List: the blocks, in this order, become the blob."""
    body = await call.request.read()
    check_md5(call.header("content-md5"), _md5(body))
    wanted = []
    for node in xml.parse(body):
        if node.tag not in {"Latest", "Committed", "Uncommitted"}:
            raise InvalidHeader(
                "block list", node.tag, "Latest, Committed, Uncommitted", code="InvalidXmlNodeValue"
            )
        wanted.append((node.tag, (node.text or "").strip()))
    info = await asyncio.to_thread(
        commit_blocks,
        call.blobs,
        *call.place,
        wanted,
        content_type=_content_type(call, from_body=False),
        content_headers=_content_headers(call),
        metadata=checked_metadata(call),
        md5=call.header("x-ms-blob-content-md5"),
        precondition=for_write(call.request.headers),
    )
    return Reply(201, None, written_headers(info))


def set_metadata(call: Call) -> Reply:
    """Set Blob Metadata."""
    metadata = checked_metadata(call)
    info = call.blobs.update(*call.place, metadata=metadata, precondition=for_write(call.request.headers))
    return Reply(200, None, state_headers(info) | {"x-ms-request-server-encrypted": "true"})


def set_properties(call: Call) -> Reply:
    """Set Blob Properties: the headers that a reader gets back."""
    info = call.blobs.update(
        *call.place,
        content_type=_content_type(call, from_body=False),
        content_headers=_content_headers(call),
        md5=call.header("x-ms-blob-content-md5"),
        precondition=for_write(call.request.headers),
    )
    return Reply(200, None, state_headers(info))


def delete_blob(call: Call) -> Reply:
    """Delete Blob."""
    call.find()
    if not call.blobs.delete(*call.place, precondition=for_write(call.request.headers)):
        call.find()
    return Reply(202, None, {"x-ms-delete-type-permanent": "true"})


async def keep(call: Call, content: Content) -> None:
    """Take a request's body: it is on disk and whole, or nothing of it stays.

    Raises:
        StorageError: another number of bytes came than was announced, or other bytes.
    """
    try:
        await receive(call.request, content)
        check_md5(call.header("content-md5"), content.md5)
        await asyncio.to_thread(content.commit)
    except BaseException:
        content.abort()
        raise


async def receive(request: Request, content: Content) -> None:
    """Write a request's body to disk as it arrives, and see that all of it came.

    Raises:
        StorageError: fewer or more bytes came than the request announced.
    """
    async for piece in _pieces(request):
        content.write(piece)
    announced = request.headers.get("content-length")
    if announced is not None and int(announced) != content.size:
        raise StorageError(
            400, "InvalidInput", f"Content-Length was {announced}, but {content.size} bytes came."
        )


def checked_metadata(call: Call) -> dict[str, str]:
    """The request's metadata.

    Raises:
        StorageError: a name is not one that Azure takes.
    """
    metadata = call.metadata()
    for name in metadata:
        if not _META_NAME.fullmatch(name):
            raise StorageError(
                400,
                "InvalidMetadata",
                f"x-ms-meta-{name}: a name has letters, digits and underscores, e.g. upload_status.",
            )
    return metadata


async def _pieces(request: Request) -> AsyncIterator[bytes]:
    async for piece in request.stream():
        yield piece


def _content_type(call: Call, *, from_body: bool = True) -> str:
    body = call.header("content-type") if from_body else ""
    return call.header("x-ms-blob-content-type") or body or "application/octet-stream"


def _content_headers(call: Call) -> dict[str, str]:
    pairs = {name: call.header(f"x-ms-blob-{name}") for name in _CONTENT_HEADERS}
    return {name: value for name, value in pairs.items() if value}


def _md5(body: bytes) -> str:
    return base64.b64encode(hashlib.md5(body, usedforsecurity=False).digest()).decode()


def check_md5(announced: str, actual: str) -> None:
    """Demand that what came is what was sent; an empty announcement demands nothing.

    Raises:
        StorageError: it is not.
    """
    if announced and announced != actual:
        raise StorageError(
            400,
            "Md5Mismatch",
            f"The MD5 value specified in the request did not match: announced {announced}, "
            f"received {actual}.",
        )
