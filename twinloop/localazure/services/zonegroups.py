"""What connects a private endpoint to DNS zones: its zone group, and the records that follow from it.

A zone's records are computed from the groups that name it, so that they are never stale. Where two endpoints
reach one target and write into one zone, the later one's addresses stand for everybody who looks there:
"Existing private DNS zones tied to a single service should not be associated with two different private
endpoints" (Microsoft, "Azure Private Endpoint private DNS zone values"). Rules: "Azure Private Endpoint DNS
integration".
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from twinloop.localazure.core.errors import InvalidRequest, ResourceNotFound
from twinloop.localazure.core.identities import check_linked
from twinloop.localazure.core.ids import ArmId
from twinloop.localazure.core.reply import Reply
from twinloop.localazure.core.request import Request
from twinloop.localazure.core.resources import (
    Doc,
    ResourceHooks,
    children_of,
    kind_of,
    on_type,
    require,
    resource,
)
from twinloop.localazure.core.router import Router
from twinloop.localazure.core.twin import Twin
from twinloop.localazure.services.privateendpoints import linked_names, state_of_connection

router = Router("Microsoft.Network")
ZONES = "Microsoft.Network/privateDnsZones"
GROUPS = "Microsoft.Network/privateEndpoints/privateDnsZoneGroups"
_MOST = 5  # zones of a group
_TTL = 10  # seconds, of a record that an endpoint writes
_ZONE = (
    "/subscriptions/{subscriptionId}/resourceGroups/{resourceGroupName}/providers/Microsoft.Network"
    "/privateDnsZones/{privateZoneName}"
)


@on_type(GROUPS)
class ZoneGroupHooks(ResourceHooks):
    """An endpoint has one group; who makes it may join its zones."""

    def validate(self, body: dict[str, Any], old: Doc | None, request: Request, twin: Twin) -> None:
        """Some zones, each named once, that the caller may write the endpoint's records into."""
        arm_id = request.arm_id
        configs = (body.get("properties") or {}).get("privateDnsZoneConfigs") or []
        if not 0 < len(configs) <= _MOST:
            message = f"{arm_id}: {len(configs)} zones; a group has 1 to {_MOST}"
            raise InvalidRequest("InvalidPrivateDnsZoneGroup", message)
        names = [str(one.get("name", "")).lower() for one in configs]
        if "" in names or len(set(names)) < len(names):
            message = f"{arm_id}: each of privateDnsZoneConfigs has a name of its own; given {names}"
            raise InvalidRequest("InvalidPrivateDnsZoneGroup", message)
        if len(list(_zones({"body": body}))) < len(configs):
            message = f"{arm_id}: each of privateDnsZoneConfigs needs properties.privateDnsZoneId"
            raise InvalidRequest("InvalidPrivateDnsZoneGroup", message)
        endpoint = arm_id.parent
        others = children_of(twin, endpoint, "privateDnsZoneGroups") if endpoint else []
        if any(other != arm_id for other in others):
            message = f"{endpoint} has the zone group '{others[0]}' already; an endpoint has one"
            raise InvalidRequest("InvalidPrivateDnsZoneGroup", message)
        before = {zone.key for zone in _zones(old)} if old else set()
        for zone in _zones({"body": body}):
            if zone.key not in before:
                check_linked(twin, request.caller, f"{ZONES}/join/action", zone)

    def render(self, doc: Doc, twin: Twin, api_version: str) -> dict[str, Any]:
        """The records that it has written, by zone."""
        del api_version
        endpoint = ArmId(doc["id"]).parent
        there = resource(twin, endpoint) if endpoint else None
        shown = []
        for one in doc["body"]["properties"]["privateDnsZoneConfigs"]:
            zone = ArmId(one["properties"]["privateDnsZoneId"])
            written = _written(there, zone.name, twin) if there else {}
            records = [
                {
                    "recordType": "A",
                    "recordSetName": name,
                    "fqdn": f"{name}.{zone.name}",
                    "ttl": _TTL,
                    "provisioningState": "Succeeded",
                    "ipAddresses": addresses,
                }
                for name, addresses in written.items()
            ]
            shown.append({**one, "properties": {**one["properties"], "recordSets": records}})
        return {"properties": {"privateDnsZoneConfigs": shown}}


@on_type(ZONES)
class RecordedZoneHooks(ResourceHooks):
    """A zone counts the record sets that endpoints wrote."""

    def render(self, doc: Doc, twin: Twin, api_version: str) -> dict[str, Any]:
        """One more than those: every zone has its SOA record."""
        del api_version
        return {"properties": {"numberOfRecordSets": 1 + len(records_of(ArmId(doc["id"]), twin))}}


def records_of(zone: ArmId, twin: Twin) -> dict[str, list[str]]:
    """The A records of a zone: name to addresses; of two writers of a name, the later one's."""
    found: dict[str, list[str]] = {}
    groups = [doc for _, doc in twin.store.list(kind_of(GROUPS)) if zone in _zones(doc)]
    for group in sorted(groups, key=lambda doc: str(doc["changedAt"])):
        endpoint = ArmId(group["id"]).parent
        there = resource(twin, endpoint) if endpoint else None
        if there is not None:
            found |= _written(there, zone.name, twin)
    return found


def _written(endpoint: Doc, zone: str, twin: Twin) -> dict[str, list[str]]:
    """What an endpoint writes into a zone of this name: nothing before its connection is approved."""
    if state_of_connection(endpoint, twin)["status"] != "Approved":
        return {}
    addresses = endpoint.get("addresses", {})
    return {
        name.record: [addresses[name.fqdn]]
        for name in linked_names(endpoint, twin)
        if name.zone.lower() == zone.lower() and name.fqdn in addresses
    }


def _zones(group: Doc) -> Iterator[ArmId]:
    for one in (group["body"].get("properties") or {}).get("privateDnsZoneConfigs") or ():
        if text := (one.get("properties") or {}).get("privateDnsZoneId"):
            yield ArmId(text)


def _zone_of(request: Request, twin: Twin) -> ArmId:
    path = request.arm_id.text
    at = path.lower().index("/privatednszones/") + len("/privatednszones/")
    return ArmId(require(twin, ArmId(path[:at] + path[at:].partition("/")[0]))["id"])


def _record(zone: ArmId, name: str, addresses: list[str]) -> dict[str, Any]:
    return {
        "id": f"{zone}/A/{name}",
        "name": name,
        "type": f"{ZONES}/A",
        "properties": {
            "fqdn": f"{name}.{zone.name}.",
            "ttl": _TTL,
            "isAutoRegistered": False,
            "metadata": {"creator": "created by private endpoint"},
            "aRecords": [{"ipv4Address": text} for text in addresses],
        },
    }


def _listed(request: Request, twin: Twin) -> Reply:
    zone = _zone_of(request, twin)
    records = sorted(records_of(zone, twin).items())
    return Reply(200, {"value": [_record(zone, name, addresses) for name, addresses in records]})


@router.on("GET", f"{_ZONE}/A", action=f"{ZONES}/A/read")
def list_records(request: Request, twin: Twin) -> Reply:
    """The A records of a zone."""
    return _listed(request, twin)


@router.on("GET", f"{_ZONE}/ALL", action=f"{ZONES}/ALL/read")
def list_all_records(request: Request, twin: Twin) -> Reply:
    """Every record set of a zone that is known: those of private endpoints."""
    return _listed(request, twin)


@router.on("GET", f"{_ZONE}/A/{{relativeRecordSetName}}", action=f"{ZONES}/A/read")
def get_record(request: Request, twin: Twin) -> Reply:
    """One A record."""
    zone, wanted = _zone_of(request, twin), request.params["relativeRecordSetName"].lower()
    for name, addresses in records_of(zone, twin).items():
        if name.lower() == wanted:
            return Reply(200, _record(zone, name, addresses))
    raise ResourceNotFound(request.arm_id)
