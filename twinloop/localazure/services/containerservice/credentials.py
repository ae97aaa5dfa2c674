"""Kubeconfigs of a cluster: no credential is in one, `kubelogin` gets a token for whoever uses it.

Its arguments: https://azure.github.io/kubelogin/concepts/aks.html, which also has the two ids of AKS's own
applications.
"""

from __future__ import annotations

import base64
from typing import Any

from twinloop.localazure.core.errors import InvalidRequest, NotEmulated
from twinloop.localazure.core.ids import ArmId
from twinloop.localazure.core.reply import Reply
from twinloop.localazure.core.request import Request
from twinloop.localazure.core.resources import Doc, require
from twinloop.localazure.core.router import Router
from twinloop.localazure.core.twin import Twin
from twinloop.localazure.kubernetes.clusters import SERVER_ID, server_path
from twinloop.localazure.services.containerservice.types import cluster_id, operation, properties_of

router = Router("Microsoft.ContainerService")
CLIENT_ID = "80faf920-1908-4b52-b5ef-a8e7bedfc67a"


@operation(router, "listClusterUserCredential")
def list_user_credentials(request: Request, twin: Twin) -> Reply:
    """The kubeconfig of people and machines that come in by Entra."""
    import yaml  # only here: the twin starts without it

    doc = require(twin, cluster_id(request))
    if not (properties_of(doc).get("aadProfile") or {}).get("managed"):
        raise NotEmulated("POST", f"certificates of local accounts ('{doc['id']}' has no aadProfile)")
    text = yaml.safe_dump(kubeconfig(doc, twin), sort_keys=False)
    value = base64.b64encode(text.encode()).decode()
    return Reply(200, {"kubeconfigs": [{"name": "clusterUser", "value": value}]})


@operation(router, "listClusterAdminCredential")
def list_admin_credentials(request: Request, twin: Twin) -> Reply:
    """The local administrator's certificate: refused without local accounts, not emulated with them."""
    doc = require(twin, cluster_id(request))
    if properties_of(doc).get("disableLocalAccounts"):
        message = (
            "Getting static credential is not allowed because this cluster is set to disable local accounts. "
            "Use listClusterUserCredential, and a role in the cluster."
        )
        raise InvalidRequest("BadRequest", message)
    raise NotEmulated("POST", "certificates of local accounts; use listClusterUserCredential")


def kubeconfig(doc: Doc, twin: Twin) -> dict[str, Any]:
    """The way to the cluster's API server on this twin."""
    arm_id = ArmId(doc["id"])
    user = f"clusterUser_{arm_id.group}_{arm_id.name}"
    authority = base64.b64encode((twin.home / "ca.pem").read_bytes()).decode()
    return {
        "apiVersion": "v1",
        "kind": "Config",
        "clusters": [
            {
                "name": arm_id.name,
                "cluster": {
                    "certificate-authority-data": authority,
                    "server": f"{twin.base}{server_path(arm_id)}",
                },
            }
        ],
        "contexts": [{"name": arm_id.name, "context": {"cluster": arm_id.name, "user": user}}],
        "current-context": arm_id.name,
        "users": [{"name": user, "user": {"exec": _kubelogin(twin)}}],
    }


def _kubelogin(twin: Twin) -> dict[str, Any]:
    return {
        "apiVersion": "client.authentication.k8s.io/v1beta1",
        "command": "kubelogin",
        "args": [
            "get-token",
            "--environment",
            "AzurePublicCloud",
            "--server-id",
            SERVER_ID,
            "--client-id",
            CLIENT_ID,
            "--tenant-id",
            twin.seed.tenant,
            "--login",
            "devicecode",
        ],
        "env": None,
        "provideClusterInfo": False,
        "interactiveMode": "IfAvailable",
    }
