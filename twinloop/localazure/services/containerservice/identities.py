"""What a cluster's own identity must be allowed: AKS asks before it makes anything."""

from __future__ import annotations

from typing import Any

from twinloop.localazure.core.errors import ArmError, InvalidRequest
from twinloop.localazure.core.ids import ArmId
from twinloop.localazure.core.principal import Principal
from twinloop.localazure.core.resources import Doc, resource
from twinloop.localazure.core.twin import Twin
from twinloop.localazure.services.containerservice.types import properties_of

JOIN = "Microsoft.Network/virtualNetworks/subnets/join/action"
ASSIGN = "Microsoft.ManagedIdentity/userAssignedIdentities/assign/action"
WRITE_ZONE = "Microsoft.Network/privateDnsZones/write"


def control_plane(twin: Twin, body: dict[str, Any]) -> Principal | None:
    """The user-assigned identity of a cluster's control plane; None where Azure makes one."""
    for text in (body.get("identity") or {}).get("userAssignedIdentities") or ():
        there = resource(twin, ArmId(text))
        if there is not None:
            return twin.directory.find(there["principalId"])
    return None


def check_identity(body: dict[str, Any], arm_id: ArmId) -> None:
    """A cluster has a managed identity: Azure ML takes no service principal, nor does this twin.

    Raises:
        InvalidRequest: it has none.
    """
    kind = str((body.get("identity") or {}).get("type") or "")
    if kind not in {"SystemAssigned", "UserAssigned"}:
        message = f"{arm_id}: identity.type: given '{kind}'; allowed: SystemAssigned, UserAssigned"
        raise InvalidRequest("InvalidParameter", message, target="identity.type")


def check_kubelet(twin: Twin, body: dict[str, Any], old: Doc | None, arm_id: ArmId) -> None:
    """The control plane may give its nodes the identity that is named for them.

    Raises:
        InvalidRequest: it may not, or has no identity of its own to be allowed it.
    """
    profile = (body["properties"].get("identityProfile") or {}).get("kubeletidentity") or {}
    wanted = profile.get("resourceId")
    before = (properties_of(old).get("identityProfile") or {}).get("kubeletidentity") or {} if old else {}
    if not wanted or wanted == before.get("resourceId"):
        return
    if resource(twin, ArmId(wanted)) is None:
        message = f"{arm_id}: identityProfile.kubeletidentity: '{wanted}' does not exist"
        raise InvalidRequest("InvalidResourceReference", message)
    plane = control_plane(twin, body)
    if plane is None:
        message = f"{arm_id}: identityProfile.kubeletidentity: only with identity.type UserAssigned"
        raise InvalidRequest("CustomKubeletIdentityOnlySupportedOnUserAssignedMSICluster", message)
    if not twin.authorization.allows(plane, ASSIGN, str(wanted)):
        message = (
            f"{arm_id}: The cluster's identity '{plane.name}' must be given permission to assign kubelet "
            f"identity '{wanted}'. Give it the role 'Managed Identity Operator' there."
        )
        raise InvalidRequest("CustomKubeletIdentityMissingPermissionError", message)


def check_zone(twin: Twin, body: dict[str, Any], arm_id: ArmId) -> None:
    """The control plane may write its address into the private DNS zone that is named for it.

    Raises:
        InvalidRequest: it may not, or there is no such zone.
    """
    zone = (body["properties"].get("apiServerAccessProfile") or {}).get("privateDNSZone")
    if not zone or str(zone).lower() in {"system", "none"}:
        return
    if resource(twin, ArmId(zone)) is None:
        message = f"{arm_id}: apiServerAccessProfile.privateDNSZone: '{zone}' does not exist"
        raise InvalidRequest("InvalidResourceReference", message)
    plane = control_plane(twin, body)
    if plane is None or not twin.authorization.allows(plane, WRITE_ZONE, str(zone)):
        message = (
            f"{arm_id}: The cluster's identity must be user-assigned and have permission on '{zone}'. "
            "Give it the role 'Private DNS Zone Contributor' there."
        )
        raise InvalidRequest("CustomPrivateDNSZoneMissingPermissionError", message)


def check_subnet(twin: Twin, body: dict[str, Any], subnet: str) -> None:
    """The control plane may put nodes and load balancers into the subnet.

    Raises:
        ArmError: 403, it may not.
    """
    plane = control_plane(twin, body)
    if plane is not None and not twin.authorization.allows(plane, JOIN, subnet):
        message = (
            f"The cluster's identity '{plane.name}' does not have permission to perform action '{JOIN}' on "
            f"'{subnet}'. Give it the role 'Network Contributor' there."
        )
        raise ArmError(403, "LinkedAuthorizationFailed", message)
