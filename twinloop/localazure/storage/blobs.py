"""Blobs of the local Azure, in process: a row in the store for each, its content in a file of its own."""

from __future__ import annotations

import uuid
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any, BinaryIO

from twinloop.localazure.core.principal import Principal
from twinloop.localazure.core.twin import Twin
from twinloop.localazure.storage.accounts import container_id
from twinloop.localazure.storage.contents import CHUNK, Content, Contents
from twinloop.localazure.storage.errors import BlobNotFound, InvalidHeader, StorageError

KIND = "blob"  # rows of this kind in the store, keyed account/container/name
MAX_NAME = 1024
BLOBS = "Microsoft.Storage/storageAccounts/blobServices/containers/blobs"


@dataclass(frozen=True, kw_only=True)
class Block:
    """One block of a blob that was committed from a block list."""

    id: str
    size: int


@dataclass(frozen=True, kw_only=True)
class BlobInfo:
    """What is known of a blob without reading it."""

    account: str
    container: str
    name: str
    size: int
    etag: str
    modified: str  # ISO 8601, UTC
    created: str
    content: str  # id of the file that holds the bytes; empty for a directory
    content_type: str = "application/octet-stream"
    content_headers: dict[str, str] = field(default_factory=dict)  # Content-Encoding, -Language, -Disposition, Cache-Control
    md5: str = ""  # base64; empty where the client committed blocks without saying it
    metadata: dict[str, str] = field(default_factory=dict)
    blocks: tuple[Block, ...] = ()
    is_directory: bool = False

    @property
    def key(self) -> str:
        """Key of the row."""
        return f"{self.account}/{self.container}/{self.name}"


Precondition = Callable[["BlobInfo | None"], None]


class Blobs:
    """Reads and writes blobs; nothing is acknowledged before it is on disk."""

    def __init__(self, twin: Twin) -> None:
        self.twin = twin
        self.contents = Contents(twin.home / "azure" / "blobs")

    def get(self, account: str, container: str, name: str) -> BlobInfo | None:
        """The blob of that name, or None."""
        row = self.twin.store.get(KIND, f"{account}/{container}/{name}")
        return _info(row) if row else None

    def find(self, account: str, container: str, name: str) -> BlobInfo:
        """The blob of that name.

        Raises:
            BlobNotFound: there is none.
        """
        if (info := self.get(account, container, name)) is None:
            raise BlobNotFound(container, name)
        return info

    def list(self, account: str, container: str, prefix: str = "") -> list[BlobInfo]:
        """All blobs whose names start with `prefix`, in order of their names."""
        return [_info(row) for _, row in self.twin.store.list(KIND, f"{account}/{container}/{prefix}")]

    def exists(self, account: str, container: str, path: str) -> bool:
        """Whether `path` is a blob, or a folder that has at least one."""
        bare = path.rstrip("/")
        return self.get(account, container, bare) is not None or bool(self.list(account, container, f"{bare}/" if bare else ""))

    def path(self, info: BlobInfo) -> Path:
        """The file that holds the bytes; read it only, the file belongs to the store."""
        return self.contents.path(info.content)

    @contextmanager
    def open(self, account: str, container: str, name: str) -> Iterator[BinaryIO]:
        """The blob's bytes as a stream; what is open stays readable while the blob is replaced or deleted."""
        with self.path(self.find(account, container, name)).open("rb") as file:
            yield file

    def read(self, account: str, container: str, name: str) -> bytes:
        """The whole content; for small blobs."""
        with self.open(account, container, name) as file:
            return file.read()

    def put_bytes(self, account: str, container: str, name: str, data: bytes, **properties: Any) -> BlobInfo:
        """Write a blob from memory; `properties` are those of `commit`."""
        content = self.contents.new()
        try:
            content.write(data)
            return self.commit(content, account, container, name, **properties)
        except BaseException:
            content.abort()
            raise

    def put_file(self, account: str, container: str, name: str, path: Path, **properties: Any) -> BlobInfo:
        """Write a blob from a file, with bounded memory; the file may change afterwards."""
        content = self.contents.new()
        try:
            with path.open("rb") as file:
                while data := file.read(CHUNK):
                    content.write(data)
            return self.commit(content, account, container, name, **properties)
        except BaseException:
            content.abort()
            raise

    def commit(
        self,
        content: Content,
        account: str,
        container: str,
        name: str,
        *,
        content_type: str = "application/octet-stream",
        content_headers: Mapping[str, str] | None = None,
        metadata: Mapping[str, str] | None = None,
        md5: str | None = None,
        blocks: tuple[Block, ...] = (),
        precondition: Precondition | None = None,
    ) -> BlobInfo:
        """Make what was written the blob of that name: file first, then the row, then the former file goes.

        Args:
            content: what was written; it is committed here.
            account: name of the storage account.
            container: name of the container, which must exist.
            name: name of the blob.
            content_type: media type.
            content_headers: the other headers that a reader gets back.
            metadata: names and values kept with the blob.
            md5: base64 checksum to keep; the content's own if None, none if empty.
            blocks: the block list it was committed from.
            precondition: gets the blob of that name as it stands and raises if it must not be replaced.

        Raises:
            AccountNotFound: there is no such storage account.
            ContainerNotFound: there is no such container.
        """
        _check_name(name)
        container_id(self.twin, account, container)
        content.commit()
        info = BlobInfo(
            account=account,
            container=container,
            name=name,
            size=content.size,
            content=content.id,
            content_type=content_type,
            content_headers=dict(content_headers or {}),
            md5=content.md5 if md5 is None else md5,
            metadata=dict(metadata or {}),
            blocks=blocks,
            **self._stamp(),
        )
        return self._replace(info, precondition)

    def put_directory(
        self, account: str, container: str, name: str, *, precondition: Precondition | None = None
    ) -> BlobInfo:
        """Make a directory of an account with a hierarchical namespace."""
        _check_name(name)
        container_id(self.twin, account, container)
        metadata = {"hdi_isfolder": "true"}
        info = BlobInfo(
            account=account, container=container, name=name, size=0, content="", metadata=metadata, is_directory=True, **self._stamp()
        )
        return self._replace(info, precondition)

    def update(
        self, account: str, container: str, name: str, *, precondition: Precondition | None = None, **changes: Any
    ) -> BlobInfo:
        """Change fields of a blob's row (metadata, content type, headers) and leave its bytes."""
        with self.twin.store.transaction():
            old = self.find(account, container, name)
            if precondition:
                precondition(old)
            stamp = self._stamp()
            new = BlobInfo(**{**vars(old), **changes, "etag": stamp["etag"], "modified": stamp["modified"]})
            self.twin.store.put(KIND, new.key, asdict(new))
        return new

    def delete(self, account: str, container: str, name: str, *, precondition: Precondition | None = None) -> bool:
        """Delete a blob; False if there was none."""
        with self.twin.store.transaction():
            old = self.get(account, container, name)
            if precondition:
                precondition(old)
            if old is None:
                return False
            self.twin.store.delete(KIND, old.key)
        if old.content:
            self.contents.remove(old.content)
        return True

    def delete_all(self, account: str, container: str = "") -> int:
        """Delete every blob of a container, or of a whole account, and say how many."""
        prefix = f"{account}/{container}/" if container else f"{account}/"
        with self.twin.store.transaction():
            rows = self.twin.store.list(KIND, prefix)
            for key, _ in rows:
                self.twin.store.delete(KIND, key)
        for _, row in rows:
            if row["content"]:
                self.contents.remove(row["content"])
        return len(rows)

    def new_block(self, account: str, container: str, name: str, block: str) -> Content:
        """Start a block that waits for its list."""
        _check_name(name)
        return self.contents.new_block(f"{account}/{container}/{name}", block)

    def waiting_blocks(self, account: str, container: str, name: str) -> list[tuple[str, int]]:
        """Ids and sizes of the blocks that wait."""
        files = self.contents.waiting(f"{account}/{container}/{name}")
        return [(block, file.stat().st_size) for block, file in files.items()]

    def drop_blocks(self, account: str, container: str, name: str) -> None:
        """Forget the blocks that wait."""
        self.contents.drop_blocks(f"{account}/{container}/{name}")

    def commit_blocks(
        self, account: str, container: str, name: str, wanted: Sequence[tuple[str, str]], **properties: Any
    ) -> BlobInfo:
        """Make a blob of blocks in the order given; the blocks that still wait afterwards are forgotten.

        Args:
            account: name of the storage account.
            container: name of the container.
            name: name of the blob.
            wanted: where to look for each block (`Latest`, `Committed`, `Uncommitted`), and its id.
            properties: those of `commit`.

        Raises:
            StorageError: a block of the list was never sent.
        """
        old = self.get(account, container, name)
        pieces = _pieces(wanted, self.contents.waiting(f"{account}/{container}/{name}"), old, self.contents)
        content = self.contents.new()
        try:
            for piece in pieces:
                _copy(piece, content)
            blocks = tuple(Block(id=piece.id, size=piece.size) for piece in pieces)
            info = self.commit(content, account, container, name, blocks=blocks, **properties)
        except BaseException:
            content.abort()
            raise
        self.drop_blocks(account, container, name)
        return info

    def authorize(self, principal: Principal, account: str, container: str, *, write: bool) -> None:
        """Check the caller's roles at the container's scope, as the Blob service does.

        Raises:
            AuthorizationFailed: no role of the caller has the data action.
        """
        scope = container_id(self.twin, account, container)
        self.twin.authorize(principal, f"{BLOBS}/{'write' if write else 'read'}", str(scope), data=True)

    def sweep(self) -> int:
        """Delete contents without a row, left by a kill between the file and the row."""
        return self.contents.sweep(row["content"] for _, row in self.twin.store.list(KIND))

    def _replace(self, info: BlobInfo, precondition: Precondition | None) -> BlobInfo:
        with self.twin.store.transaction():
            old = self.get(info.account, info.container, info.name)
            if precondition:
                precondition(old)
            if old is not None:
                info = BlobInfo(**{**vars(info), "created": old.created})
            self.twin.store.put(KIND, info.key, asdict(info))
        if old is not None and old.content:
            self.contents.remove(old.content)
        return info

    def _stamp(self) -> dict[str, str]:
        now = self.twin.clock.now().isoformat()
        return {"etag": f'"0x8{uuid.uuid4().hex[:14].upper()}"', "modified": now, "created": now}


def blobs(twin: Twin) -> Blobs:
    """The twin's one blob store."""
    store: Blobs = twin.services.setdefault("blobs", Blobs(twin))
    return store


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
            400, "InvalidBlockList", f"The specified block list is invalid: {len(missing)} of its blocks were never sent, first {missing[0]!r}."
        )
    return [places[place][block] for place, block in wanted]


def _copy(piece: _Piece, content: Content) -> None:
    with piece.path.open("rb") as file:
        file.seek(piece.start)
        left = piece.size
        while left and (data := file.read(min(CHUNK, left))):
            content.write(data)
            left -= len(data)


def _info(row: dict[str, Any]) -> BlobInfo:
    blocks = tuple(Block(**block) for block in row.get("blocks", ()))
    return BlobInfo(**{**row, "blocks": blocks})


def _check_name(name: str) -> None:
    if not name or len(name) > MAX_NAME or "\0" in name:
        raise InvalidHeader("blob name", name[:80], f"1 to {MAX_NAME} characters", code="InvalidResourceName")
