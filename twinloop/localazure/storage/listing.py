"""Lists: the blobs of a container by prefix, delimiter and page; the containers of an account."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from twinloop.localazure.core.reply import Reply
from twinloop.localazure.storage import xml
from twinloop.localazure.storage.accounts import container_id, containers
from twinloop.localazure.storage.call import Call
from twinloop.localazure.storage.conditions import http_date
from twinloop.localazure.storage.errors import InvalidHeader
from twinloop.localazure.storage.info import BlobInfo

MAX_RESULTS = 5000  # Azure's largest page
_HEADERS = {"content-type": xml.CONTENT_TYPE}


@dataclass(frozen=True)
class Folder:
    """All names below a prefix, shown as one entry."""

    name: str


def list_blobs(call: Call) -> Reply:
    """List Blobs: one page."""
    container_id(call.twin, call.account.name, call.container)
    query = call.request.query
    limit = _limit(query.get("maxresults"))
    prefix, delimiter, marker = query.get("prefix", ""), query.get("delimiter", ""), query.get("marker", "")
    entries = list(
        _page(
            call.blobs.list(call.account.name, call.container, prefix), prefix, delimiter, marker, limit + 1
        )
    )
    following = entries[limit].name if len(entries) > limit else ""
    include = {word.strip() for word in query.get("include", "").split(",")}
    nodes = [_entry(entry, with_metadata="metadata" in include) for entry in entries[:limit]]
    root = xml.element(
        "EnumerationResults",
        children=[
            *_echo(query, limit),
            xml.element("Blobs", children=nodes),
            xml.element("NextMarker", following),
        ],
        ServiceEndpoint=f"{call.request.base}/{call.account.name}/",
        ContainerName=call.container,
    )
    return Reply(200, xml.render(root), _HEADERS)


def list_containers(call: Call) -> Reply:
    """List Containers: one page."""
    query = call.request.query
    limit, marker = _limit(query.get("maxresults")), query.get("marker", "")
    names = [
        name
        for name in containers(call.twin, call.account)
        if name.startswith(query.get("prefix", "")) and name >= marker
    ]
    state = xml.mapping_element(
        "Properties", {"Etag": '"0x0"', "LeaseStatus": "unlocked", "LeaseState": "available"}
    )
    root = xml.element(
        "EnumerationResults",
        children=[
            *_echo(query, limit),
            xml.element(
                "Containers",
                children=[
                    xml.element("Container", children=[xml.element("Name", name), state])
                    for name in names[:limit]
                ],
            ),
            xml.element("NextMarker", names[limit] if len(names) > limit else ""),
        ],
        ServiceEndpoint=f"{call.request.base}/{call.account.name}/",
    )
    return Reply(200, xml.render(root), _HEADERS)


def _page(
    blobs: list[BlobInfo], prefix: str, delimiter: str, marker: str, limit: int
) -> Iterator[BlobInfo | Folder]:
    """The first `limit` entries from `marker` on; names alike up to the delimiter become one folder."""
    last = ""
    for blob in blobs:
        head, found, _ = blob.name[len(prefix) :].partition(delimiter) if delimiter else (blob.name, "", "")
        entry: BlobInfo | Folder = Folder(f"{prefix}{head}{delimiter}") if found else blob
        if entry.name < marker or (found and entry.name == last):
            continue
        last = entry.name
        yield entry
        limit -= 1
        if not limit:
            return


def _entry(entry: BlobInfo | Folder, *, with_metadata: bool) -> xml.Element:
    if isinstance(entry, Folder):
        return xml.element("BlobPrefix", children=[xml.name_element(entry.name)])
    properties = {
        "Creation-Time": http_date(entry.created),
        "Last-Modified": http_date(entry.modified),
        "Etag": entry.etag.strip('"'),
        "ResourceType": "directory" if entry.is_directory else "file",
        "Content-Length": str(entry.size),
        "Content-Type": entry.content_type,
        "Content-Encoding": entry.content_headers.get("content-encoding", ""),
        "Content-Language": entry.content_headers.get("content-language", ""),
        "Content-MD5": entry.md5,
        "Cache-Control": entry.content_headers.get("cache-control", ""),
        "Content-Disposition": entry.content_headers.get("content-disposition", ""),
        "BlobType": "BlockBlob",
        "AccessTier": "Hot",
        "AccessTierInferred": "true",
        "LeaseStatus": "unlocked",
        "LeaseState": "available",
        "ServerEncrypted": "true",
    }
    children = [xml.name_element(entry.name), xml.mapping_element("Properties", properties)]
    if with_metadata:
        children.append(xml.mapping_element("Metadata", entry.metadata))
    return xml.element("Blob", children=children)


def _echo(query: dict[str, str], limit: int) -> list[xml.Element]:
    names = {"Prefix": "prefix", "Marker": "marker", "Delimiter": "delimiter"}
    asked = [xml.element(tag, query[name]) for tag, name in names.items() if query.get(name)]
    return [*asked, xml.element("MaxResults", limit)]


def _limit(text: str | None) -> int:
    if text is None:
        return MAX_RESULTS
    if not text.isdigit() or not int(text) > 0:
        raise InvalidHeader("maxresults", text, f"1 to {MAX_RESULTS}", code="OutOfRangeQueryParameterValue")
    return min(int(text), MAX_RESULTS)
