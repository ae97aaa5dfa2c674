"""One call of the data plane: its address, its caller, and the headers that every answer has."""

from __future__ import annotations

import uuid
from collections.abc import Mapping
from dataclasses import dataclass

from twinloop.localazure.core.request import Request
from twinloop.localazure.core.twin import Twin
from twinloop.localazure.storage import sas
from twinloop.localazure.storage.access import Caller, Need
from twinloop.localazure.storage.accounts import Account
from twinloop.localazure.storage.blobs import Blobs, blobs
from twinloop.localazure.storage.conditions import http_date
from twinloop.localazure.storage.errors import NotEmulatedStorage
from twinloop.localazure.storage.info import BlobInfo

_META = "x-ms-meta-"
_REFUSED = {  # headers that would change what is done; silence would lie
    "x-ms-lease-id": "leases",
    "x-ms-tags": "blob index tags",
    "x-ms-if-tags": "blob index tags",
    "x-ms-encryption-key": "customer-provided keys",
    "x-ms-encryption-scope": "encryption scopes",
    "x-ms-content-crc64": "CRC64 checksums",
    "x-ms-structured-body": "structured message bodies",
    "x-ms-immutability-policy-until-date": "immutability policies",
    "x-ms-legal-hold": "legal holds",
    "x-ms-source-if-match": "conditions on a copy's source",
}


@dataclass
class Call:
    """A request that has been placed and whose caller is known."""

    request: Request
    twin: Twin
    account: Account
    container: str
    name: str  # of the blob; empty at container and account level
    caller: Caller

    @property
    def blobs(self) -> Blobs:
        """The twin's blobs."""
        return blobs(self.twin)

    def demand(self, need: Need) -> None:
        """Refuse the call unless its caller may do this."""
        self.caller.demand(self.twin, need, self.account, self.container, self.name)

    def header(self, name: str, default: str = "") -> str:
        """A request header."""
        return self.request.headers.get(name, default)

    @property
    def place(self) -> tuple[str, str, str]:
        """Account, container and blob."""
        return self.account.name, self.container, self.name

    def find(self) -> BlobInfo:
        """The blob that the call is about."""
        return self.blobs.find(*self.place)

    def metadata(self) -> dict[str, str]:
        """The `x-ms-meta-*` headers."""
        headers = self.request.headers
        return {name[len(_META) :]: value for name, value in headers.items() if name.startswith(_META)}


def refuse_unknown(request: Request) -> None:
    """Refuse what the twin would have to ignore.

    Raises:
        NotEmulatedStorage: a header or query value asks for something that is not emulated.
    """
    for header, feature in _REFUSED.items():
        if header in request.headers:
            raise NotEmulatedStorage(f"{feature} ({header})")
    for value in ("snapshot", "versionid"):
        if value in request.query:
            raise NotEmulatedStorage(f"blob {value}s")


def common_headers(request: Request, twin: Twin) -> dict[str, str]:
    """Headers of every answer."""
    headers = {
        "x-ms-request-id": str(uuid.uuid4()),
        "x-ms-version": request.headers.get("x-ms-version", sas.VERSION),
        "date": http_date(twin.clock.now().isoformat()),
    }
    if client := request.headers.get("x-ms-client-request-id"):
        headers["x-ms-client-request-id"] = client
    return headers


def state_headers(info: BlobInfo) -> dict[str, str]:
    """Which state of the blob an answer is about."""
    return {"etag": info.etag, "last-modified": http_date(info.modified)}


def written_headers(info: BlobInfo) -> dict[str, str]:
    """What a writer is told."""
    headers = state_headers(info) | {"x-ms-request-server-encrypted": "true"}
    return headers | ({"content-md5": info.md5} if info.md5 else {})


def property_headers(info: BlobInfo) -> dict[str, str]:
    """All that a reader is told besides the content."""
    headers = state_headers(info) | {
        "content-type": info.content_type,
        "accept-ranges": "bytes",
        "x-ms-blob-type": "BlockBlob",
        "x-ms-creation-time": http_date(info.created),
        "x-ms-lease-status": "unlocked",
        "x-ms-lease-state": "available",
        "x-ms-server-encrypted": "true",
        "x-ms-access-tier": "Hot",
        "x-ms-access-tier-inferred": "true",
        "x-ms-resource-type": "directory" if info.is_directory else "file",
    }
    return headers | info.content_headers | metadata_headers(info.metadata)


def metadata_headers(metadata: Mapping[str, str]) -> dict[str, str]:
    """Metadata as headers."""
    return {f"{_META}{name}": value for name, value in metadata.items()}
