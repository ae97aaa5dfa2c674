"""What is known of a blob, and the row that keeps it."""

from __future__ import annotations

import uuid
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, TypedDict

from twinloop.localazure.storage.errors import InvalidHeader

MAX_NAME = 1024  # characters


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
    content_headers: dict[str, str] = field(
        default_factory=dict
    )  # Content-Encoding, -Language, -Disposition, Cache-Control
    md5: str = ""  # base64; empty where the client committed blocks without saying it
    metadata: dict[str, str] = field(default_factory=dict)
    blocks: tuple[Block, ...] = ()
    is_directory: bool = False

    @property
    def key(self) -> str:
        """Key of the row."""
        return f"{self.account}/{self.container}/{self.name}"


Precondition = Callable[["BlobInfo | None"], None]


class Properties(TypedDict, total=False):
    """What a writer may say of a blob besides its bytes.

    Attributes:
        content_type: media type.
        content_headers: the other headers that a reader gets back.
        metadata: names and values kept with the blob.
        md5: base64 checksum to keep; the content's own if absent or None, none if empty.
        blocks: the block list it was committed from.
        precondition: gets the blob of that name as it stands and raises if it must not be replaced.
    """

    content_type: str
    content_headers: Mapping[str, str]
    metadata: Mapping[str, str]
    md5: str | None
    blocks: tuple[Block, ...]
    precondition: Precondition | None


def new_etag() -> str:
    """A mark for a state of a blob that no other state has."""
    return f'"0x8{uuid.uuid4().hex[:14].upper()}"'


def from_row(row: dict[str, Any]) -> BlobInfo:
    """The blob that a row describes."""
    blocks = tuple(Block(**block) for block in row.get("blocks", ()))
    return BlobInfo(**{**row, "blocks": blocks})


def check_name(name: str) -> None:
    """Demand that Azure takes a blob's name.

    Raises:
        InvalidHeader: it is empty or too long.
    """
    if not name or len(name) > MAX_NAME or "\0" in name:
        raise InvalidHeader("blob name", name[:80], f"1 to {MAX_NAME} characters", code="InvalidResourceName")
