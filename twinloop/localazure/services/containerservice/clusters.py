"""A managed cluster: its pools are resources of their own, its nodes lie in a group that goes with it."""

from __future__ import annotations

import uuid
from typing import Any

from twinloop.localazure.core.changes import check_changes, keep_what_stays
from twinloop.localazure.core.errors import InvalidRequest
from twinloop.localazure.core.ids import ArmId
from twinloop.localazure.core.request import Request
from twinloop.localazure.core.resources import (
    Doc,
    ResourceHooks,
    delete_resource,
    on_type,
    put_resource,
    resource,
    row_of,
)
from twinloop.localazure.core.twin import Twin
from twinloop.localazure.services.containerservice import cluster_rules, identities
from twinloop.localazure.services.containerservice.pools import check_pool, refuse_stopped, shown
from twinloop.localazure.services.containerservice.types import CLUSTERS, POOLS, pools_of, properties_of
from twinloop.localazure.services.containerservice.versions import check_version, full

_GROUP_NAME = 80  # characters that AKS takes for the group of the nodes
_ROW = row_of(POOLS)


@on_type(CLUSTERS)
class ClusterHooks(ResourceHooks):
    """Rules of a cluster, and what comes and goes with it."""

    def prepare(self, body: dict[str, Any], old: Doc | None, twin: Twin) -> None:
        """Settle what AKS decides at birth and keeps: the name of the nodes' group."""
        del twin
        properties = body.setdefault("properties", {})
        if old is not None:
            properties.setdefault("nodeResourceGroup", properties_of(old).get("nodeResourceGroup"))

    def validate(self, body: dict[str, Any], old: Doc | None, request: Request, twin: Twin) -> None:
        """The whole makes sense, the cluster's identity may do what it must, and every pool is taken."""
        arm_id, properties = request.arm_id, body["properties"]
        if old is not None:
            refuse_stopped(old)
            check_version(
                properties.get("kubernetesVersion"), properties_of(old).get("kubernetesVersion"), arm_id
            )
        default = f"MC_{arm_id.group}_{arm_id.name}_{body.get('location')}"[:_GROUP_NAME]
        properties["nodeResourceGroup"] = properties.get("nodeResourceGroup") or default
        identities.check_identity(body, arm_id)
        cluster_rules.check(body, arm_id)
        identities.check_kubelet(twin, body, old, arm_id)
        identities.check_zone(twin, body, arm_id)
        _check_pools(body, old, request, twin)
        cluster_rules.check_addresses(body, twin, arm_id)

    def created(self, doc: Doc, twin: Twin) -> None:
        """Make the group of the nodes, the pools that were given, and the nodes' identity where none was."""
        doc["uid"] = uuid.uuid4().hex[:24]
        properties = properties_of(doc)
        properties["powerState"] = {"code": "Running"}
        group = node_group(doc)
        put_resource(twin, group, {"location": doc["body"].get("location"), "managedBy": doc["id"]})
        if not (properties.get("identityProfile") or {}).get("kubeletidentity"):
            _make_kubelet(doc, group, twin)
        _take_pools(doc, twin)

    def updated(self, doc: Doc, twin: Twin) -> None:
        """Bring the pools that were given to what the body says; others stay as they are."""
        properties = properties_of(doc)
        properties["powerState"] = {"code": doc.get("power", "Running")}
        if made := doc.get("kubelet"):
            properties["identityProfile"] = {"kubeletidentity": made}
        _take_pools(doc, twin)

    def deleted(self, doc: Doc, twin: Twin) -> None:
        """The nodes' group goes with the cluster."""
        delete_resource(twin, node_group(doc))

    def render(self, doc: Doc, twin: Twin, api_version: str) -> dict[str, Any]:
        """Its pools, and what AKS computes."""
        del api_version
        properties = properties_of(doc)
        pools = [
            {"name": pool["name"], **properties_of(pool), **shown(pool, doc, twin)}
            for pool in pools_of(twin, ArmId(doc["id"]))
        ]
        issuer = f"https://{doc['body']['location']}.oic.prod-aks.azure.com/{twin.seed.tenant}/{doc['uid']}/"
        oidc = {"issuerURL": issuer} if (properties.get("oidcIssuerProfile") or {}).get("enabled") else None
        return {
            "properties": {
                "agentPoolProfiles": pools,
                "currentKubernetesVersion": full(str(properties.get("kubernetesVersion") or "")),
                "maxAgentPools": 100,
                "resourceUID": doc["uid"],
                **addresses(doc),
                **({"oidcIssuerProfile": oidc} if oidc else {}),
            }
        }


def node_group(doc: Doc) -> ArmId:
    """The group that AKS makes for the nodes of a cluster."""
    return ArmId(
        f"/subscriptions/{ArmId(doc['id']).subscription}/resourceGroups/"
        f"{properties_of(doc)['nodeResourceGroup']}"
    )


def addresses(doc: Doc) -> dict[str, str]:
    """Names of the API server, as AKS forms them; on the twin it answers elsewhere (see its kubeconfig)."""
    properties, place = properties_of(doc), doc["body"]["location"]
    prefix = properties.get("dnsPrefix") or properties.get("fqdnSubdomain")
    api = properties.get("apiServerAccessProfile") or {}
    head = f"{prefix}-{doc['uid'][:8]}"
    if not api.get("enablePrivateCluster"):
        return {"fqdn": f"{head}.hcp.{place}.azmk8s.io"}
    zone = f"{doc['uid']}.privatelink.{place}.azmk8s.io"
    if str(api.get("privateDNSZone") or "").lower().startswith("/subscriptions/"):
        zone = ArmId(api["privateDNSZone"]).name
    return {"privateFQDN": f"{head}.{zone}"}


def _check_pools(body: dict[str, Any], old: Doc | None, request: Request, twin: Twin) -> None:
    given = body["properties"].get("agentPoolProfiles") or ()
    modes = [pool.get("mode") for pool in given]
    if old is None and "System" not in modes:
        message = f"{request.arm_id}: agentPoolProfiles: Must define at least one system pool (mode System)."
        raise InvalidRequest("InvalidParameter", message, target="properties.agentPoolProfiles")
    cluster: Doc = {"id": request.arm_id.text, "body": body}
    for pool in given:
        arm_id = request.arm_id.child("agentPools", str(pool.get("name") or ""))
        cluster_rules.check_pool_name(arm_id)
        before = resource(twin, arm_id)
        own = {"properties": {key: value for key, value in pool.items() if key != "name"}}
        if before is not None and _ROW is not None:
            keep_what_stays(_ROW, own, before)
            check_changes(_ROW, own, before, arm_id)
        for key, value in (_ROW.defaults.get("properties", {}) if _ROW else {}).items():
            own["properties"].setdefault(key, value)
        check_pool(twin, arm_id, own, cluster, before, request)
        pool.update(own["properties"])


def _take_pools(doc: Doc, twin: Twin) -> None:
    for pool in doc["body"]["properties"].pop("agentPoolProfiles", None) or ():
        own = {key: value for key, value in pool.items() if key != "name"}
        put_resource(twin, ArmId(doc["id"]).child("agentPools", pool["name"]), {"properties": own})


def _make_kubelet(doc: Doc, group: ArmId, twin: Twin) -> None:
    """The identity that AKS makes for nodes where it is given none."""
    arm_id = ArmId(
        f"{group}/providers/Microsoft.ManagedIdentity/userAssignedIdentities/{doc['name']}-agentpool"
    )
    made = put_resource(twin, arm_id, {"location": doc["body"].get("location")})
    doc["kubelet"] = {
        "resourceId": arm_id.text,
        "clientId": made["clientId"],
        "objectId": made["principalId"],
    }
    properties_of(doc)["identityProfile"] = {"kubeletidentity": doc["kubelet"]}
