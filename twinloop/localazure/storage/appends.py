"""Appends to a Data Lake file: bytes wait on disk at their positions until a flush makes them part of it."""

from __future__ import annotations

import asyncio

from twinloop.localazure.core.reply import Reply
from twinloop.localazure.storage.blocks import append_content
from twinloop.localazure.storage.call import Call, state_headers
from twinloop.localazure.storage.conditions import for_write
from twinloop.localazure.storage.errors import InvalidHeader, StorageError
from twinloop.localazure.storage.writes import keep

_DIGITS = 20  # positions as block names, so that their order is that of the bytes


async def append(call: Call) -> Reply:
    """Append Data: keep the bytes for the position they are sent for."""
    await asyncio.to_thread(call.find)
    position = _position(call)
    piece = call.blobs.contents.new_block(_key(call), f"{position:0{_DIGITS}d}")
    await keep(call, piece)
    if call.request.query.get("flush", "").lower() == "true":
        return await asyncio.to_thread(_flush_to, call, position + piece.size, 202)
    return Reply(202, None, {"x-ms-request-server-encrypted": "true"})


def flush(call: Call) -> Reply:
    """Flush Data: what was appended, up to `position`, becomes part of the file."""
    return _flush_to(call, _position(call), 200)


def forget(call: Call) -> None:
    """Drop what waits: the file was made anew."""
    call.blobs.contents.drop_blocks(_key(call))


def _flush_to(call: Call, length: int, status: int) -> Reply:
    info = call.find()
    waiting = call.blobs.contents.waiting(_key(call))
    pieces, at = [], info.size
    for name, path in waiting.items():
        if int(name) != at:
            raise StorageError(
                400,
                "InvalidFlushPosition",
                f"'{call.name}' is contiguous up to {at}; the next bytes wait at {int(name)}.",
            )
        pieces.append(path)
        at += path.stat().st_size
    if at != length:
        raise StorageError(
            400,
            "InvalidFlushPosition",
            f"position={length}, but '{call.name}' has {at} bytes with what waits.",
        )
    if pieces:
        info = append_content(
            call.blobs,
            info,
            pieces,
            md5=call.header("x-ms-content-md5"),
            precondition=for_write(call.request.headers),
        )
        forget(call)
    return Reply(status, None, state_headers(info) | {"x-ms-request-server-encrypted": "true"})


def _position(call: Call) -> int:
    text = call.request.query.get("position", "")
    if not text.isdigit():
        raise InvalidHeader("position", text, "a number of bytes", code="InvalidQueryParameterValue")
    return int(text)


def _key(call: Call) -> str:
    return "/".join(("appends", *call.place))
