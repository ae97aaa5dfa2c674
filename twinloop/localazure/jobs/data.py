"""Data of jobs: copied out of the blob store before the command, into it afterwards, by the job's rights."""

from __future__ import annotations

import contextlib
import hashlib
import os
import shutil
from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path, PurePosixPath

from twinloop.localazure.core.errors import ArmError, AuthorizationFailed, InvalidRequest
from twinloop.localazure.core.ids import ArmId
from twinloop.localazure.core.principal import Principal
from twinloop.localazure.core.twin import Twin
from twinloop.localazure.services.machinelearning.datastore_paths import locate
from twinloop.localazure.storage.blobs import Blobs, blobs
from twinloop.localazure.storage.datastore_uri import BlobPath
from twinloop.localazure.storage.errors import StorageError
from twinloop.localazure.storage.info import BlobInfo

_WRITERS = ThreadPoolExecutor(max_workers=8, thread_name_prefix="job data")  # each waits for the disk mostly

_TEXT = 1_000_000  # bytes; a larger file is read as data, not as text


class DataFailed(Exception):
    """Data that cannot be read or written; the message says which, who tried, and what to do."""


class JobData:
    """Reads and writes data as one identity; as the workspace itself, which needs no grant, if none."""

    def __init__(
        self, twin: Twin, workspace: str, principal: Principal | None = None, *, whose: str = "the job's"
    ) -> None:
        self._twin = twin
        self._whose = whose
        self._workspace = ArmId(workspace)
        self._principal = principal
        self._blobs: Blobs = blobs(twin)

    def place(self, uri: str) -> BlobPath:
        """Account, container and path of an address.

        Raises:
            DataFailed: its datastore is gone, or it is no such address.
        """
        try:
            return locate(self._twin, self._workspace, uri)
        except InvalidRequest as error:
            raise DataFailed(error.message) from error

    def read(self, uri: str, target: Path, *, folder: bool, what: str, may_be_empty: bool = False) -> Path:
        """Copy data below `target` and say where it lies: the file, or the folder.

        Raises:
            DataFailed: it does not exist, or the identity may not read it.
        """
        place = self._allowed(uri, what, write=False)
        found = self._found(place)
        target.mkdir(parents=True, exist_ok=True)
        if not found and not (folder and may_be_empty):
            raise DataFailed(
                f"{what}: '{uri}' does not exist: container '{place.container}' of '{place.account}' "
                + (f"has no '{place.path}'" if place.path.strip("/") else "is empty")
            )
        single = [info for info in found if info.name == place.path.rstrip("/")]
        if single and not folder:
            return self._copy(single[0], target, PurePosixPath(place.path).name, what)
        if not folder:
            names = ", ".join(_below(info.name, place.path) for info in found[:3])
            raise DataFailed(f"{what}: '{uri}' is a folder (with {names}, ...), and a file is wanted")
        for info in found:
            name = PurePosixPath(info.name).name if info in single else _below(info.name, place.path)
            self._copy(info, target, name, what)
        return target

    def is_file(self, uri: str, what: str) -> bool:
        """Whether one file lies at an address, and no folder.

        Raises:
            DataFailed: the identity may not read there.
        """
        place = self._allowed(uri, what, write=False)
        return any(info.name == place.path.rstrip("/") for info in self._found(place))

    def texts(self, uri: str) -> dict[str, str]:
        """The small text files below an address, by their path below it; others are left out.

        Raises:
            DataFailed: nothing lies there.
        """
        place = self.place(uri)
        found = self._found(place)
        if not found:
            raise DataFailed(f"'{uri}' does not exist: container '{place.container}' of '{place.account}'")
        texts = {}
        for info in found:
            if info.size <= _TEXT:
                with contextlib.suppress(UnicodeDecodeError):
                    texts[_below(info.name, place.path)] = self._blobs.path(info).read_text(encoding="utf-8")
        return texts

    def write(self, source: Path, uri: str, what: str) -> None:
        """Put a file, or all files of a folder, at an address; as many at once as the disk takes.

        Raises:
            DataFailed: the identity may not write there, or there is no such container.
        """
        place = self._allowed(uri, what, write=True)
        base = place.path.rstrip("/")

        def put(path: Path) -> None:
            below = "" if path == source else path.relative_to(source).as_posix()
            name = "/".join(part for part in (base, below) if part)
            self._blobs.put_file(place.account, place.container, name, path)

        files = [source] if source.is_file() else sorted(path for path in source.rglob("*") if path.is_file())
        try:
            list(_WRITERS.map(put, files))
        except StorageError as error:
            raise DataFailed(f"{what}: {error.message}") from error

    def digest(self, uri: str) -> str:
        """A hash of names and contents below an address: what reuse compares. Empty if nothing is there."""
        place = self.place(uri)
        found = self._found(place)
        rows = [f"{_below(info.name, place.path)}:{info.size}:{info.md5 or info.etag}" for info in found]
        return hashlib.sha256("\n".join(rows).encode()).hexdigest() if rows else ""

    def check(self, uri: str, what: str, *, write: bool) -> None:
        """See whether the identity may read or write there.

        Raises:
            DataFailed: it may not.
        """
        self._allowed(uri, what, write=write)

    def _allowed(self, uri: str, what: str, *, write: bool) -> BlobPath:
        place = self.place(uri)
        if self._principal is None:
            return place
        try:
            self._blobs.authorize(self._principal, place.account, place.container, write=write)
        except AuthorizationFailed as error:
            verb = "write to" if write else "read"
            roles = " or ".join(f"'{role}'" for role in error.missing_roles[:2]) or "a data role"
            raise DataFailed(
                f"{what}: {self._whose} identity '{self._principal.name}' ({self._principal.id}) may not "
                f"{verb} container '{place.container}' of storage account '{place.account}'. "
                f"It lacks a role such as {roles} there; "
                "add the grant to the platform's access table and run `twinloop up`."
            ) from error
        except StorageError as error:
            raise DataFailed(f"{what}: {error.message}") from error
        except ArmError as error:
            raise DataFailed(f"{what}: {error.message}") from error
        return place

    def _found(self, place: BlobPath) -> list[BlobInfo]:
        base = place.path.rstrip("/")
        listed: Iterable[BlobInfo] = self._blobs.list(
            place.account, place.container, f"{base}/" if base else ""
        )
        found = [info for info in listed if not info.is_directory]
        one = (
            self._blobs.get(place.account, place.container, base)
            if base and not place.path.endswith("/")
            else None
        )
        return [one, *found] if one is not None and not one.is_directory else found

    def _copy(self, info: BlobInfo, folder: Path, name: str, what: str) -> Path:
        """A blob as a file below `folder`: its name is any text at all, `..` and all."""
        target = folder / name
        if not Path(os.path.normpath(target)).is_relative_to(folder) or target == folder:
            raise DataFailed(
                f"{what}: the blob '{info.name}' would be a file outside of its folder; rename it"
            )
        try:
            target.parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(self._blobs.path(info), target)
        except OSError as error:  # a name too long, or a file where a folder is wanted
            raise DataFailed(
                f"{what}: the blob '{info.name}' cannot be a file here: {error.strerror}"
            ) from error
        return target


def _below(name: str, path: str) -> str:
    base = path.rstrip("/")
    return name.removeprefix(f"{base}/") if base else name
