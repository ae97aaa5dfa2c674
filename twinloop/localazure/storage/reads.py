"""Reads of one blob: its properties, its bytes or a range of them."""

from __future__ import annotations

import re

from twinloop.localazure.core.reply import FileReply, Reply
from twinloop.localazure.storage import xml
from twinloop.localazure.storage.blocks import waiting_blocks
from twinloop.localazure.storage.call import Call, property_headers, state_headers
from twinloop.localazure.storage.conditions import check_read
from twinloop.localazure.storage.errors import StorageError
from twinloop.localazure.storage.info import BlobInfo

_RANGE = re.compile(r"bytes=(\d+)-(\d*)")


def head_blob(call: Call) -> Reply:
    """Get Blob Properties."""
    info = call.find()
    check_read(call.request.headers, info)
    headers = property_headers(info) | {"content-length": str(info.size)}
    return Reply(200, None, headers | ({"content-md5": info.md5} if info.md5 else {}))


def get_blob(call: Call) -> Reply | FileReply:
    """Get Blob, whole or a range."""
    info = call.find()
    check_read(call.request.headers, info)
    headers = property_headers(info)
    if not info.content:  # a directory
        return Reply(200, b"", headers)
    wanted = call.header("x-ms-range") or call.header("range")
    if not wanted:
        headers |= {"content-md5": info.md5} if info.md5 else {}
        return FileReply(call.blobs.path(info), 0, info.size, headers)
    start, length = _range(wanted, info)
    headers["content-range"] = f"bytes {start}-{start + length - 1}/{info.size}"
    if info.md5:
        headers["x-ms-blob-content-md5"] = info.md5
    return FileReply(call.blobs.path(info), start, length, headers, status=206)


def get_block_list(call: Call) -> Reply:
    """Get Block List: the committed blocks, those that wait, or both."""
    info = call.blobs.get(*call.place)
    kind = call.request.query.get("blocklisttype", "committed")
    waiting = waiting_blocks(call.blobs, *call.place)
    if info is None and not waiting:
        call.find()
    lists = []
    if kind in {"committed", "all"}:
        committed = info.blocks if info else ()
        lists.append(_blocks("CommittedBlocks", [(block.id, block.size) for block in committed]))
    if kind in {"uncommitted", "all"}:
        lists.append(_blocks("UncommittedBlocks", waiting))
    headers = {"content-type": xml.CONTENT_TYPE, "x-ms-blob-content-length": str(info.size if info else 0)}
    return Reply(
        200,
        xml.render(xml.element("BlockList", children=lists)),
        headers | (state_headers(info) if info else {}),
    )


def _blocks(tag: str, blocks: list[tuple[str, int]]) -> xml.Element:
    return xml.element(
        tag,
        children=[
            xml.element("Block", children=[xml.element("Name", name), xml.element("Size", size)])
            for name, size in blocks
        ],
    )


def _range(text: str, info: BlobInfo) -> tuple[int, int]:
    """Start and length in the blob; a range that ends beyond it is cut, one that starts beyond it refused."""
    if not (found := _RANGE.fullmatch(text.strip())):
        raise StorageError(
            400,
            "InvalidHeaderValue",
            f"Range: {text!r} is not valid; allowed: bytes=START- or bytes=START-END.",
        )
    start = int(found[1])
    end = min(int(found[2]) if found[2] else info.size - 1, info.size - 1)
    if start >= info.size or end < start:
        raise StorageError(
            416,
            "InvalidRange",
            f"The range specified is invalid for the current size of the resource ({info.size} bytes).",
        )
    return start, end - start + 1
