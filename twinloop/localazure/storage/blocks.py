"""Blobs put together from pieces: block lists, and files that grow by appends."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Unpack

from twinloop.localazure.storage.blobs import Blobs
from twinloop.localazure.storage.contents import CHUNK, Content, Contents
from twinloop.localazure.storage.errors import StorageError
from twinloop.localazure.storage.info import BlobInfo, Block, Properties, check_name


def new_block(store: Blobs, account: str, container: str, name: str, block: str) -> Content:
    """Start a block that waits for its list."""
    check_name(name)
    return store.contents.new_block(f"{account}/{container}/{name}", block)


def waiting_blocks(store: Blobs, account: str, container: str, name: str) -> list[tuple[str, int]]:
    """Ids and sizes of the blocks that wait."""
    files = store.contents.waiting(f"{account}/{container}/{name}")
    return [(block, file.stat().st_size) for block, file in files.items()]


def drop_blocks(store: Blobs, account: str, container: str, name: str) -> None:
    """Forget the blocks that wait."""
    store.contents.drop_blocks(f"{account}/{container}/{name}")


def commit_blocks(
    store: Blobs,
    account: str,
    container: str,
    name: str,
    wanted: Sequence[tuple[str, str]],
    **properties: Unpack[Properties],
) -> BlobInfo:
    """Make a blob of blocks in the order given; the blocks that still wait afterwards are forgotten.

    Args:
        store: the blobs.
        account: name of the storage account.
        container: name of the container.
        name: name of the blob.
        wanted: where to look for each block (`Latest`, `Committed`, `Uncommitted`), and its id.
        properties: those of `commit`.

    Raises:
        StorageError: a block of the list was never sent.
    """
    old = store.get(account, container, name)
    pieces = _pieces(wanted, store.contents.waiting(f"{account}/{container}/{name}"), old, store.contents)
    content = store.contents.new()
    try:
        for piece in pieces:
            _copy(piece, content)
        blocks = tuple(Block(id=piece.id, size=piece.size) for piece in pieces)
        said: Properties = {**properties, "blocks": blocks}
        info = store.commit(content, account, container, name, **said)
    except BaseException:
        content.abort()
        raise
    drop_blocks(store, account, container, name)
    return info


def append_content(
    store: Blobs, info: BlobInfo, pieces: Sequence[Path], **properties: Unpack[Properties]
) -> BlobInfo:
    """Replace a blob by itself with the bytes of some files after it; `properties` are those of `commit`."""
    content = store.contents.new()
    try:
        for piece in [store.path(info), *pieces]:
            _copy(_Piece("", piece, 0, piece.stat().st_size), content)
        kept: Properties = {
            "content_type": info.content_type,
            "content_headers": info.content_headers,
            "metadata": info.metadata,
        }
        said: Properties = {**kept, **properties}
        return store.commit(content, info.account, info.container, info.name, **said)
    except BaseException:
        content.abort()
        raise


@dataclass(frozen=True)
class _Piece:
    """Where the bytes of one block lie."""

    id: str
    path: Path
    start: int
    size: int


def _pieces(
    wanted: Sequence[tuple[str, str]], waiting: Mapping[str, Path], old: BlobInfo | None, contents: Contents
) -> list[_Piece]:
    committed: dict[str, _Piece] = {}
    start = 0
    for block in old.blocks if old else ():
        committed[block.id] = _Piece(block.id, contents.path(old.content if old else ""), start, block.size)
        start += block.size
    fresh = {block: _Piece(block, path, 0, path.stat().st_size) for block, path in waiting.items()}
    places = {"Latest": committed | fresh, "Committed": committed, "Uncommitted": fresh}
    if missing := [block for place, block in wanted if block not in places[place]]:
        raise StorageError(
            400,
            "InvalidBlockList",
            f"The specified block list is invalid: {len(missing)} of its blocks were never sent, "
            f"first {missing[0]!r}.",
        )
    return [places[place][block] for place, block in wanted]


def _copy(piece: _Piece, content: Content) -> None:
    with piece.path.open("rb") as file:
        file.seek(piece.start)
        left = piece.size
        while left and (data := file.read(min(CHUNK, left))):
            content.write(data)
            left -= len(data)
