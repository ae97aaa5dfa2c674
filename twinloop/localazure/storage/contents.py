"""Contents of blobs on disk: written aside, synced, renamed, so that a name never shows half a content."""

from __future__ import annotations

import base64
import hashlib
import os
import shutil
import time
import uuid
from collections import deque
from collections.abc import Iterable
from pathlib import Path
from typing import BinaryIO

GRACE = 60.0  # seconds that a replaced content stays on disk; a restart sweeps the rest
CHUNK = 1 << 20  # bytes held in memory at a time, whatever the size of a blob


class Content:
    """One file being written; `commit` makes it durable under its name, `abort` leaves nothing."""

    def __init__(self, temporary: Path, target: Path) -> None:
        self.size = 0
        self._md5 = hashlib.md5(usedforsecurity=False)  # the Blob API's checksum, not a secret
        self._target = target
        self._temporary = temporary
        self._temporary.parent.mkdir(parents=True, exist_ok=True)
        self._file: BinaryIO = self._temporary.open("wb")

    @property
    def id(self) -> str:
        """Name of the file: a random id for a content, the block's name for a block."""
        return self._target.name

    def write(self, data: bytes) -> None:
        """Append bytes."""
        self._file.write(data)
        self._md5.update(data)
        self.size += len(data)

    @property
    def md5(self) -> str:
        """Base64 of the MD5 of what was written, as Content-MD5 has it."""
        return base64.b64encode(self._md5.digest()).decode()

    def commit(self) -> None:
        """Sync the bytes and the name to disk."""
        self._file.flush()
        os.fsync(self._file.fileno())
        self._file.close()
        if not self._target.parent.exists():
            self._target.parent.mkdir(parents=True, exist_ok=True)
            sync_folder(self._target.parent.parent)
        self._temporary.rename(self._target)
        sync_folder(self._target.parent)

    def abort(self) -> None:
        """Forget what was written; harmless after `commit` failed half way."""
        self._file.close()
        self._temporary.unlink(missing_ok=True)
        self._target.unlink(missing_ok=True)


class Contents:
    """The folder of contents, each a file named by a random id, and of blocks not yet part of a blob."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._retired: deque[tuple[float, str]] = deque()

    def new(self) -> Content:
        """Start a content."""
        name = uuid.uuid4().hex
        return Content(self._aside(), self.path(name))

    def new_block(self, key: str, block: str) -> Content:
        """Start a block of the blob with this key; one of the same id is replaced when it is committed."""
        return Content(self._aside(), self.blocks(key) / block.encode().hex())

    def path(self, content: str) -> Path:
        """Where a committed content lies."""
        return self.folder / content[:2] / content

    def remove(self, content: str) -> None:
        """Delete a content that no row names, a while from now: an answer may be about to open it."""
        now = time.monotonic()
        self._retired.append((now, content))
        while self._retired and self._retired[0][0] < now - GRACE:
            _, old = self._retired.popleft()
            self.path(old).unlink(missing_ok=True)

    def sweep(self, keep: Iterable[str]) -> int:
        """Delete contents that a killed process left without a row, and say how many."""
        shutil.rmtree(self.folder / "writing", ignore_errors=True)
        kept = set(keep)
        lost = [path for path in self.folder.glob("[0-9a-f][0-9a-f]/*") if path.name not in kept]
        for path in lost:
            path.unlink(missing_ok=True)
        return len(lost)

    def waiting(self, key: str) -> dict[str, Path]:
        """The uncommitted blocks of a blob: file by block id."""
        folder = self.blocks(key)
        files = sorted(folder.iterdir()) if folder.is_dir() else []
        return {bytes.fromhex(file.name).decode(): file for file in files}

    def drop_blocks(self, key: str) -> None:
        """Delete the uncommitted blocks of a blob."""
        shutil.rmtree(self.blocks(key), ignore_errors=True)

    def _aside(self) -> Path:
        return self.folder / "writing" / uuid.uuid4().hex

    def blocks(self, key: str) -> Path:
        """Folder of the uncommitted blocks of one blob."""
        return self.folder / "blocks" / hashlib.sha256(key.encode()).hexdigest()


def sync_folder(folder: Path) -> None:
    """Make the names in a folder durable."""
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
