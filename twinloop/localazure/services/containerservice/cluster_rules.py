"""What AKS demands of a cluster as a whole.

Source: MicrosoftDocs/azure-aks-docs, articles/aks: private-clusters, api-server-authorized-ip-ranges,
manage-local-accounts-managed-azure-ad, workload-identity-deploy-cluster, azure-cni-overlay,
azure-cni-powered-by-cilium, free-standard-pricing-tiers.
"""

from __future__ import annotations

import re
from ipaddress import IPv4Network
from typing import Any

from twinloop.localazure.core.errors import InvalidRequest
from twinloop.localazure.core.ids import ArmId
from twinloop.localazure.core.resources import resource, row_of
from twinloop.localazure.core.twin import Twin
from twinloop.localazure.services.addresses import prefixes
from twinloop.localazure.services.containerservice.types import POOLS

_TIERS = ("Free", "Standard", "Premium")
_RESERVED = ("169.254.0.0/16", "172.30.0.0/16", "172.31.0.0/16", "192.0.2.0/24")
_ROW = row_of(POOLS)


def check(body: dict[str, Any], arm_id: ArmId) -> None:
    """Parts of a cluster go with each other.

    Raises:
        InvalidRequest: with the parameter, what was given, and what is allowed.
    """
    properties, entra = body["properties"], body["properties"].get("aadProfile") or {}
    tier = (body.get("sku") or {}).get("tier", "Free")
    if tier not in _TIERS:
        _refuse(arm_id, "sku.tier", f"given '{tier}'; allowed: {', '.join(_TIERS)}")
    if not properties.get("dnsPrefix") and not properties.get("fqdnSubdomain"):
        _refuse(arm_id, "dnsPrefix", "missing; it is required")
    if properties.get("disableLocalAccounts") and not entra.get("managed"):
        _refuse(
            arm_id, "disableLocalAccounts", "true only with aadProfile.managed true: nobody could come in"
        )
    if entra.get("enableAzureRBAC") and not entra.get("managed"):
        _refuse(arm_id, "aadProfile.enableAzureRBAC", "true only with aadProfile.managed true")
    workload = (properties.get("securityProfile") or {}).get("workloadIdentity") or {}
    issuer = properties.get("oidcIssuerProfile") or {}
    if workload.get("enabled") and not issuer.get("enabled"):
        _refuse(arm_id, "securityProfile.workloadIdentity", "only with oidcIssuerProfile.enabled true")
    _check_api(properties, arm_id)
    _check_network(properties, arm_id)


def check_pool_name(arm_id: ArmId) -> None:
    """A pool that is written in its cluster has a name that AKS takes.

    Raises:
        InvalidRequest: it has not.
    """
    if _ROW is not None and not re.fullmatch(_ROW.name_pattern, arm_id.name):
        _refuse(arm_id, "agentPoolProfiles.name", f"given '{arm_id.name}'; allowed: {_ROW.name_rule}")


def check_addresses(body: dict[str, Any], twin: Twin, arm_id: ArmId) -> None:
    """Addresses inside of the cluster are not addresses of its network.

    Raises:
        InvalidRequest: they overlap.
    """
    properties = body["properties"]
    network = properties.get("networkProfile") or {}
    subnets = {pool.get("vnetSubnetID") for pool in properties.get("agentPoolProfiles") or ()} - {None}
    around = [
        IPv4Network(text)
        for subnet in subnets
        if (parent := ArmId(str(subnet)).parent) and (doc := resource(twin, parent))
        for text in prefixes(doc["body"]["properties"].get("addressSpace"))
    ]
    for key, code in (
        ("serviceCidr", "ServiceCidrOverlapExistingSubnetsCidr"),
        ("podCidr", "PodCidrOverlapExistingSubnetsCidr"),
    ):
        given = network.get(key)
        for other in around if given else ():
            if IPv4Network(given).overlaps(other):
                message = (
                    f"{arm_id}: networkProfile.{key}: {given} overlaps {other} of the network that the nodes "
                    "are in."
                )
                raise InvalidRequest(code, message, target=f"properties.networkProfile.{key}")


def _check_api(properties: dict[str, Any], arm_id: ArmId) -> None:
    api = properties.get("apiServerAccessProfile") or {}
    if api.get("enablePrivateCluster") and api.get("authorizedIPRanges"):
        words = "not with enablePrivateCluster true: they have no effect there"
        _refuse(arm_id, "apiServerAccessProfile.authorizedIPRanges", words)
    if api.get("privateDNSZone") and not api.get("enablePrivateCluster"):
        _refuse(arm_id, "apiServerAccessProfile.privateDNSZone", "only with enablePrivateCluster true")


def _check_network(properties: dict[str, Any], arm_id: ArmId) -> None:
    network = properties.get("networkProfile") or {}
    if network.get("networkPluginMode") == "overlay" and network.get("networkPlugin") != "azure":
        _refuse(arm_id, "networkProfile.networkPluginMode", "overlay with networkPlugin azure only")
    if network.get("networkDataplane") == "cilium" and network.get("networkPolicy") not in {"cilium", "none"}:
        _refuse(arm_id, "networkProfile.networkPolicy", "cilium with networkDataplane cilium")
    for key in ("serviceCidr", "podCidr"):
        given = network.get(key)
        try:
            space = IPv4Network(given) if given else None
        except ValueError:
            _refuse(arm_id, f"networkProfile.{key}", f"given '{given}'; allowed: an IPv4 network")
        if space is not None and any(space.overlaps(IPv4Network(one)) for one in _RESERVED):
            words = f"given {given}; not allowed: {', '.join(_RESERVED)}, which AKS keeps for itself"
            _refuse(arm_id, f"networkProfile.{key}", words)


def _refuse(arm_id: ArmId, parameter: str, words: str) -> None:
    message = f"{arm_id}: The value of parameter {parameter} is invalid: {words}."
    raise InvalidRequest("InvalidParameter", message, target=parameter)
