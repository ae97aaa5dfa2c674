"""Reads the addresses that Azure ML uses for data: `azureml://` datastore paths and blob URLs."""

from __future__ import annotations

import re
from dataclasses import dataclass
from urllib.parse import unquote, urlsplit

from twinloop.localazure.core.errors import InvalidRequest

_SHORT = re.compile(r"azureml://datastores/(?P<datastore>[^/]+)(/paths/(?P<path>.*))?", re.IGNORECASE)
_LONG = re.compile(
    r"azureml://subscriptions/(?P<subscription>[^/]+)/resource[gG]roups/(?P<group>[^/]+)"
    r"(/providers/Microsoft\.MachineLearningServices)?/workspaces/(?P<workspace>[^/]+)"
    r"/datastores/(?P<datastore>[^/]+)(/paths/(?P<path>.*))?",
    re.IGNORECASE,
)
_BLOB_HOST = re.compile(r"(?P<account>[a-z0-9]{3,24})\.(blob|dfs)\.[a-z0-9.:-]+", re.IGNORECASE)


@dataclass(frozen=True, kw_only=True)
class DatastorePath:
    """A path in a datastore; `workspace` is empty where the address does not name one."""

    datastore: str
    path: str
    subscription: str = ""
    group: str = ""
    workspace: str = ""

    @property
    def workspace_id(self) -> str:
        """ARM id of the workspace, or empty."""
        if not self.workspace:
            return ""
        return (
            f"/subscriptions/{self.subscription}/resourceGroups/{self.group}"
            f"/providers/Microsoft.MachineLearningServices/workspaces/{self.workspace}"
        )


@dataclass(frozen=True, kw_only=True)
class BlobPath:
    """A place in the blob store."""

    account: str
    container: str
    path: str


def parse_datastore(uri: str) -> DatastorePath | None:
    """The datastore and path that an `azureml://` address names; None if it is no such address."""
    if found := _SHORT.fullmatch(uri) or _LONG.fullmatch(uri):
        parts = found.groupdict(default="")
        return DatastorePath(
            **{name: unquote(parts.get(name, "")) for name in DatastorePath.__dataclass_fields__}
        )
    return None


def parse_blob_url(url: str) -> BlobPath | None:
    """Account, container and path of a blob URL: host style, path style (bare or host name), abfss, wasbs."""
    split = urlsplit(url)
    parts = [unquote(part) for part in split.path.lstrip("/").split("/")]
    if split.scheme in {"abfss", "abfs", "wasbs", "wasb"}:
        container, _, host = split.netloc.partition("@")
        found = _BLOB_HOST.fullmatch(host)
        return (
            BlobPath(account=found["account"], container=container, path="/".join(parts)) if found else None
        )
    if split.scheme not in {"http", "https"}:
        return None
    if found := _BLOB_HOST.fullmatch(split.netloc):
        return BlobPath(account=found["account"].lower(), container=parts[0], path="/".join(parts[1:]))
    if split.hostname in {"localhost", "127.0.0.1"} and len(parts) > 1:
        found = _BLOB_HOST.fullmatch(parts[0])
        account = found["account"] if found else parts[0]
        return BlobPath(account=account.lower(), container=parts[1], path="/".join(parts[2:]))
    return None


def parse_or_refuse(uri: str) -> DatastorePath | BlobPath:
    """Either of the two.

    Raises:
        InvalidRequest: the address is of neither kind.
    """
    if (parsed := parse_datastore(uri) or parse_blob_url(uri)) is None:
        raise InvalidRequest(
            "InvalidUri",
            f"'{uri}' is not an address of data. Allowed: azureml://datastores/<name>/paths/<path>, "
            "azureml://subscriptions/.../workspaces/<ws>/datastores/<name>/paths/<path>, "
            "https://<account>.blob.<suffix>/<container>/<path>.",
        )
    return parsed
