"""What a handler answers."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any


@dataclass(frozen=True)
class Reply:
    """An answer: dict and list become JSON, bytes and text go as they are, an async iterator is streamed."""

    status: int
    body: Any = None
    headers: Mapping[str, str] = field(default_factory=dict)

    def payload(self) -> tuple[bytes, str]:
        """The body's bytes and its content type; empty text for no body."""
        if self.body is None:
            return b"", ""
        if isinstance(self.body, bytes):
            return self.body, "application/octet-stream"
        if isinstance(self.body, str):
            return self.body.encode(), "text/plain; charset=utf-8"
        return json.dumps(self.body, separators=(",", ":")).encode(), "application/json; charset=utf-8"

    @property
    def streams(self) -> bool:
        """Whether the body comes in pieces."""
        return isinstance(self.body, AsyncIterator)


@dataclass(frozen=True)
class FileReply:
    """A file, or a part of it, sent in pieces."""

    path: Path
    start: int = 0  # bytes
    length: int | None = None  # bytes; None sends to the end
    headers: Mapping[str, str] = field(default_factory=dict)
    status: int = 200
