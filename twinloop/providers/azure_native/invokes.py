"""Functions of the package: who am I, and `get<Type>` for every type of the table."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import grpc

from checks.catalogue.resource_types import ResourceType, resource_types
from checks.catalogue.schemas import schema_of
from twinloop.providers.azure_native.addresses import arm_id
from twinloop.providers.azure_native.arm import Arm
from twinloop.providers.azure_native.bodies import from_body
from twinloop.providers.azure_native.cloud import Settings
from twinloop.providers.azure_native.resources import Kind
from twinloop.providers.errors import ProviderError, invalid, refused
from twinloop.providers.values import Properties

CLIENT_CONFIG = "azure-native:authorization:getClientConfig"
CLIENT_TOKEN = "azure-native:authorization:getClientToken"  # noqa: S105 - the function's name
# The way to a cluster's API server. Of a cluster with Entra there is no credential in it: kubelogin gets one.
KUBECONFIG = "azure-native:containerservice:listManagedClusterUserCredentials"
CLUSTER = "azure-native:containerservice:ManagedCluster"
_QUERY = {"format": "format", "serverFqdn": "server-fqdn"}


def invoke(token: str, arguments: Mapping[str, Any], arm: Arm, settings: Settings) -> Properties:
    """Call one function.

    Raises:
        ProviderError: it is not known, hands out a credential, or what it asks for is not there.
    """
    if token == CLIENT_CONFIG:
        return Properties(_client_config(arm, settings))
    if token == KUBECONFIG:
        return _kubeconfig(arguments, arm, settings)
    refuse_credentials(token)
    row = row_of(token)
    text = arm_id(row, arguments, settings.subscription)
    if text is None:
        wanted = ", ".join(name for name in row.parameters if name != "subscriptionId")
        raise invalid(f"{token}: given {', '.join(arguments) or 'nothing'}; wanted: {wanted}")
    body = arm.get(text, row.api_version)
    if body is None:
        raise ProviderError(grpc.StatusCode.NOT_FOUND, f"{token}: '{text}' was not found")
    kind = Kind(row, schema_of(row.arm_type))
    values = {"id": body.get("id", text), **from_body(kind.schema, body), "azureApiVersion": row.api_version}
    return Properties(values, kind.secret())


def refuse_credentials(token: str) -> None:
    """Refuse a function that hands out a credential.

    Raises:
        ProviderError: it is one.
    """
    if token == CLIENT_TOKEN:
        raise refused(
            f"{token} hands out a credential, which a state file or log would keep; it is not given"
        )


def row_of(token: str) -> ResourceType:
    """The resource type that a function `get<Type>` reads.

    Raises:
        ProviderError: it is no such function.
    """
    package, module, name = [*token.split(":"), "", ""][:3]
    row = resource_types().get(f"{package}:{module}:{name.removeprefix('get')}")
    if row is None or not name.startswith("get"):
        raise refused(
            f"{token}: not a function of this provider; it has {CLIENT_CONFIG}, {KUBECONFIG} and get<Type> "
            "for types of checks/catalogue/resource_types/; functions that list keys are not given"
        )
    return row


def cluster_id(arguments: Mapping[str, Any], subscription: str | None) -> str:
    """The cluster whose kubeconfig is asked for.

    Raises:
        ProviderError: its group or name is missing.
    """
    text = arm_id(resource_types()[CLUSTER], arguments, subscription)
    if text is None:
        given = ", ".join(arguments) or "nothing"
        raise invalid(f"{KUBECONFIG}: given {given}; wanted: resourceGroupName, resourceName")
    return text


def _kubeconfig(arguments: Mapping[str, Any], arm: Arm, settings: Settings) -> Properties:
    text = cluster_id(arguments, settings.subscription)
    query = {wire: str(arguments[name]) for name, wire in _QUERY.items() if arguments.get(name)}
    version = resource_types()[CLUSTER].api_version
    found = arm.post(f"{text}/listClusterUserCredential", version, query)
    return Properties({"kubeconfigs": found.get("kubeconfigs", [])}, frozenset({"kubeconfigs"}))


def _client_config(arm: Arm, settings: Settings) -> dict[str, Any]:
    claims = arm.token_claims()
    return {
        "clientId": str(claims.get("appid", "")),
        "objectId": str(claims.get("oid", "")),
        "subscriptionId": settings.subscription or "",
        "tenantId": settings.tenant or str(claims.get("tid", "")),
    }
