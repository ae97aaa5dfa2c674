"""Blobs of the local Azure, in process: a row in the store for each, its content in a file of its own."""

from __future__ import annotations

import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict
from pathlib import Path
from typing import BinaryIO, Unpack

from twinloop.localazure.core.principal import Principal
from twinloop.localazure.core.twin import Twin
from twinloop.localazure.storage.accounts import container_id, find_account
from twinloop.localazure.storage.contents import CHUNK, Content, Contents
from twinloop.localazure.storage.errors import BlobNotFound, StorageError
from twinloop.localazure.storage.immutability import refuse_change
from twinloop.localazure.storage.info import (
    BlobInfo,
    Precondition,
    Properties,
    check_name,
    from_row,
    new_etag,
)

KIND = "blob"  # rows of this kind in the store, keyed account/container/name
LEFT_OVER = "blob-left-over"  # contents whose rows are gone and whose files are still to go
BLOBS = "Microsoft.Storage/storageAccounts/blobServices/containers/blobs"


class Blobs:
    """Reads and writes blobs; nothing is acknowledged before it is on disk."""

    def __init__(self, twin: Twin) -> None:
        self.twin = twin
        self.contents = Contents(twin.home / "azure" / "blobs")

    def get(self, account: str, container: str, name: str) -> BlobInfo | None:
        """The blob of that name, or None."""
        row = self.twin.store.get(KIND, f"{account}/{container}/{name}")
        return from_row(row) if row else None

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
        return [from_row(row) for _, row in self.twin.store.list(KIND, f"{account}/{container}/{prefix}")]

    def exists(self, account: str, container: str, path: str) -> bool:
        """Whether `path` is a blob, or a folder that has at least one."""
        bare = path.rstrip("/")
        return self.get(account, container, bare) is not None or bool(
            self.list(account, container, f"{bare}/" if bare else "")
        )

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

    def put_bytes(
        self, account: str, container: str, name: str, data: bytes, **properties: Unpack[Properties]
    ) -> BlobInfo:
        """Write a blob from memory; `properties` are those of `commit`."""
        content = self.contents.new()
        try:
            content.write(data)
            return self.commit(content, account, container, name, **properties)
        except BaseException:
            content.abort()
            raise

    def put_file(
        self, account: str, container: str, name: str, path: Path, **properties: Unpack[Properties]
    ) -> BlobInfo:
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
        self, content: Content, account: str, container: str, name: str, **properties: Unpack[Properties]
    ) -> BlobInfo:
        """Make what was written the blob of that name: file first, then the row, then the former file goes.

        Never inside an outer transaction: a rollback would not bring the former file back.

        Raises:
            AccountNotFound: there is no such storage account.
            ContainerNotFound: there is no such container.
        """
        check_name(name)
        container_id(self.twin, account, container)
        content.commit()
        now = self._now()
        md5 = properties.get("md5")
        info = BlobInfo(
            account=account,
            container=container,
            name=name,
            size=content.size,
            content=content.id,
            content_type=properties.get("content_type", "application/octet-stream"),
            content_headers=dict(properties.get("content_headers", {})),
            md5=content.md5 if md5 is None else md5,
            metadata=dict(properties.get("metadata", {})),
            blocks=properties.get("blocks", ()),
            etag=new_etag(),
            modified=now,
            created=now,
        )
        return self._replace(info, properties.get("precondition"))

    def put_directory(
        self, account: str, container: str, name: str, *, precondition: Precondition | None = None
    ) -> BlobInfo:
        """Make a directory of an account with a hierarchical namespace."""
        check_name(name)
        container_id(self.twin, account, container)
        now = self._now()
        metadata = {"hdi_isfolder": "true"}
        info = BlobInfo(
            account=account,
            container=container,
            name=name,
            size=0,
            content="",
            metadata=metadata,
            is_directory=True,
            etag=new_etag(),
            modified=now,
            created=now,
        )
        return self._replace(info, precondition)

    def update(self, account: str, container: str, name: str, **changes: Unpack[Properties]) -> BlobInfo:
        """Change what is said of a blob (metadata, content type, headers) and leave its bytes."""
        precondition = changes.pop("precondition", None)
        with self.twin.store.transaction():
            old = self.find(account, container, name)
            if precondition:
                precondition(old)
            refuse_change(self.twin, old)
            new = BlobInfo(**{**vars(old), **changes, "etag": new_etag(), "modified": self._now()})
            self.twin.store.put(KIND, new.key, asdict(new))
        return new

    def delete(
        self, account: str, container: str, name: str, *, precondition: Precondition | None = None
    ) -> bool:
        """Delete a blob; False if there was none."""
        with self.twin.store.transaction():
            old = self.get(account, container, name)
            if precondition:
                precondition(old)
            if old is None:
                return False
            refuse_change(self.twin, old)
            self.twin.store.delete(KIND, old.key)
        if old.content:
            self.contents.remove(old.content)
        return True

    def delete_all(self, account: str, container: str = "") -> int:
        """Forget every blob of a container, or of a whole account, and say how many.

        Runs inside the transaction that deletes the resource, so the files go later: a rollback must find
        them.
        """
        prefix = f"{account}/{container}/" if container else f"{account}/"
        with self.twin.store.transaction():
            rows = self.twin.store.list(KIND, prefix)
            for key, _ in rows:
                self.twin.store.delete(KIND, key)
            if left := [row["content"] for _, row in rows if row["content"]]:
                self.twin.store.put(LEFT_OVER, uuid.uuid4().hex, {"contents": left})
        return len(rows)

    def collect(self) -> None:
        """Delete the files of forgotten blobs."""
        for key, doc in self.twin.store.list(LEFT_OVER):
            for content in doc["contents"]:
                self.contents.remove(content)
            self.twin.store.delete(LEFT_OVER, key)

    def authorize(self, principal: Principal, account: str, container: str, *, write: bool) -> None:
        """Check the caller's roles at the container's scope, as the Blob service does.

        Raises:
            AuthorizationFailed: no role of the caller has the data action.
        """
        scope = container_id(self.twin, account, container)
        self.twin.authorize(principal, f"{BLOBS}/{'write' if write else 'read'}", str(scope), data=True)

    def sweep(self) -> int:
        """Delete contents without a row, left by a kill between the file and the row."""
        self.collect()
        return self.contents.sweep(row["content"] for _, row in self.twin.store.list(KIND))

    def _replace(self, info: BlobInfo, precondition: Precondition | None) -> BlobInfo:
        with self.twin.store.transaction():
            old = self.get(info.account, info.container, info.name)
            if precondition:
                precondition(old)
            refuse_change(self.twin, old)
            if find_account(self.twin, info.account).is_hierarchical:
                self._place_in_tree(info, old)
            if old is not None:
                info = BlobInfo(**{**vars(info), "created": old.created})
            self.twin.store.put(KIND, info.key, asdict(info))
        if old is not None and old.content:
            self.contents.remove(old.content)
        self.collect()
        return info

    def _place_in_tree(self, info: BlobInfo, old: BlobInfo | None) -> None:
        """Hierarchical: no file in a directory's place, nor below a file; the directories above are made."""
        if old is not None and old.is_directory != info.is_directory:
            kind = "directory" if old.is_directory else "file"
            raise StorageError(409, "PathConflict", f"'{info.name}' exists already, as a {kind}.")
        now = self._now()
        parts = info.name.strip("/").split("/")
        for depth in range(1, len(parts)):
            above = "/".join(parts[:depth])
            parent = self.get(info.account, info.container, above)
            if parent is None:
                row = BlobInfo(
                    account=info.account, container=info.container, name=above, size=0, content="",
                    metadata={"hdi_isfolder": "true"}, is_directory=True, etag=new_etag(),
            modified=now,
            created=now,
                )  # fmt: skip
                self.twin.store.put(KIND, row.key, asdict(row))
            elif not parent.is_directory:
                raise StorageError(
                    409, "PathConflict", f"'{above}' is a file; '{info.name}' cannot lie below it."
                )

    def _now(self) -> str:
        return self.twin.clock.now().isoformat()


def blobs(twin: Twin) -> Blobs:
    """The twin's one blob store."""
    store: Blobs = twin.services.setdefault("blobs", Blobs(twin))
    return store
