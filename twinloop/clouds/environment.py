"""The variables that point official clients at a twin, as one persona, and keep them from the real cloud."""

from __future__ import annotations

import os
import shlex
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, MutableMapping

    from twinloop.clouds.twin import Twin

CLOUD = "LocalCloud"
MARK = "TWINLOOP_TWIN"
_SAVED = "TWINLOOP_WAS_"

# Credentials, endpoints and switches that would win over the twin's, or would reach the real cloud.
LEAKING = (
    "ARM_ACCESS_KEY",
    "ARM_CLIENT_CERTIFICATE_PASSWORD",
    "ARM_CLIENT_CERTIFICATE_PATH",
    "ARM_CLIENT_ID",
    "ARM_CLIENT_SECRET",
    "ARM_ENVIRONMENT",
    "ARM_OIDC_REQUEST_TOKEN",
    "ARM_OIDC_REQUEST_URL",
    "ARM_OIDC_TOKEN",
    "ARM_OIDC_TOKEN_FILE_PATH",
    "ARM_SAS_TOKEN",
    "ARM_USE_OIDC",
    "AZUREML_DEV_URL_MFE",
    "AZURE_AUTHORITY_HOST",
    "AZURE_CLIENT_CERTIFICATE_PATH",
    "AZURE_CLIENT_ID",
    "AZURE_CLIENT_SECRET",
    "AZURE_ENVIRONMENT",
    "AZURE_FEDERATED_TOKEN_FILE",
    "AZURE_PASSWORD",
    "AZURE_STORAGE_CONNECTION_STRING",
    "AZURE_STORAGE_KEY",
    "AZURE_STORAGE_SAS_TOKEN",
    "AZURE_TENANT_ID",
    "AZURE_USERNAME",
    "IDENTITY_SERVER_THUMBPRINT",
    "IMDS_ENDPOINT",
    "MLFLOW_TRACKING_TOKEN",
    "MLFLOW_TRACKING_URI",
    "MSI_ENDPOINT",
    "MSI_SECRET",
    "PULUMI_ACCESS_TOKEN",
    "PULUMI_CONFIG_PASSPHRASE",
)


@dataclass(frozen=True)
class Variables:
    """What to set and what to take away, for one persona on one twin.

    Args:
        values: name -> value; `IDENTITY_HEADER` is the persona's secret on the twin, of no use elsewhere.
        removed: names that must not be there.
    """

    values: Mapping[str, str]
    removed: tuple[str, ...] = LEAKING

    def applied_to(self, environment: Mapping[str, str]) -> dict[str, str]:
        """A copy of an environment that points at the twin."""
        kept = {name: value for name, value in environment.items() if name not in self.removed}
        return kept | dict(self.values)

    def export_lines(self) -> list[str]:
        """Shell lines that set them; what stood there before is kept by the shell, and never printed."""
        touched = (*self.values, *self.removed)
        keep = [f'  [ -z "${{{n}+x}}" ] || export {_SAVED}{n}="${n}"' for n in touched if n != MARK]
        return [
            f'if [ -z "${{{MARK}:-}}" ]; then',
            *keep,
            "fi",
            *(f"unset {name}" for name in self.removed),
            *(f"export {name}={shlex.quote(value)}" for name, value in self.values.items()),
        ]


def unset_lines() -> list[str]:
    """Shell lines that bring back what stood there before `export_lines`."""
    lines = [
        f'if [ -n "${{{was}+x}}" ]; then export {name}="${was}"; unset {was}; else unset {name}; fi'
        for name in (*NAMES, *LEAKING)
        if name != MARK and (was := _SAVED + name)
    ]
    return [f'if [ -n "${{{MARK}:-}}" ]; then', *(f"  {line}" for line in lines), f"  unset {MARK}", "fi"]


def variables(twin: Twin, *, persona: str, secret: str, subscription: str, tenant: str) -> Variables:
    """Everything an official client needs to act on this twin as this persona, in this subscription."""
    home = twin.home
    bundle = str(home.bundle)
    values = {
        MARK: str(home.root),
        "TWINLOOP_PERSONA": persona,
        # azure-ai-ml and azureml-mlflow: both names, or a dead twin would mean the public cloud
        "ARM_CLOUD_METADATA_URL": f"{twin.base}/metadata/endpoints?api-version=2019-05-01",
        "AZUREML_CURRENT_CLOUD": CLOUD,
        "REGISTRY_DISCOVERY_ENDPOINT_URL": f"{twin.base}/",
        "AZUREML_RUN_POLLING_INTERVAL_MIN": "1",
        "AZUREML_RUN_POLLING_INTERVAL_MAX": "1",
        "MLFLOW_DISABLE_TELEMETRY": "true",
        # every client in Python, az and Go
        "REQUESTS_CA_BUNDLE": bundle,
        "CURL_CA_BUNDLE": bundle,
        "SSL_CERT_FILE": bundle,
        "NO_PROXY": _with_local(os.environ.get("NO_PROXY", "")),
        "no_proxy": _with_local(os.environ.get("no_proxy", "")),
        # who one is: a managed identity whose secret names the persona, and no other credential
        "IDENTITY_ENDPOINT": f"{twin.http_base}/msi/token",
        "IDENTITY_HEADER": secret,
        "AZURE_TOKEN_CREDENTIALS": "ManagedIdentityCredential",
        # Pulumi's and Terraform's azure providers, ours and the official ones
        "ARM_METADATA_HOSTNAME": twin.host,
        "ARM_USE_MSI": "true",
        "ARM_MSI_ENDPOINT": f"{twin.http_base}/msi/token",
        "ARM_USE_CLI": "false",
        "ARM_DISABLE_INSTANCE_DISCOVERY": "true",
        "AZURE_CORE_INSTANCE_DISCOVERY": "false",
        "ARM_SUBSCRIPTION_ID": subscription,
        "ARM_TENANT_ID": tenant,
        # own folders: neither a login to Azure nor a real cluster's context is read or overwritten
        "AZURE_CONFIG_DIR": str(home.root / "az"),
        "KUBECONFIG": str(home.root / "kube" / "config"),
        "PULUMI_BACKEND_URL": f"file://{home.state}",
        "PULUMI_CONFIG_PASSPHRASE_FILE": str(home.passphrase),
        "PULUMI_SKIP_UPDATE_CHECK": "true",
    }
    return Variables(values)


def _with_local(present: str) -> str:
    hosts = [host for host in present.split(",") if host]
    return ",".join([*hosts, *(host for host in ("localhost", "127.0.0.1") if host not in hosts)])


@contextmanager
def applied(chosen: Variables, environment: MutableMapping[str, str] = os.environ) -> Iterator[None]:
    """Set the variables in this process, and bring back what stood there at the end.

    Enter it before `azure.ai.ml` is imported: the import itself asks which cloud it is in.
    """
    before = {name: environment.get(name) for name in (*chosen.values, *chosen.removed)}
    for name in chosen.removed:
        environment.pop(name, None)
    environment.update(chosen.values)
    try:
        yield
    finally:
        for name, value in before.items():
            if value is None:
                environment.pop(name, None)
            else:
                environment[name] = value


NAMES = (
    MARK,
    "TWINLOOP_PERSONA",
    "ARM_CLOUD_METADATA_URL",
    "AZUREML_CURRENT_CLOUD",
    "REGISTRY_DISCOVERY_ENDPOINT_URL",
    "AZUREML_RUN_POLLING_INTERVAL_MIN",
    "AZUREML_RUN_POLLING_INTERVAL_MAX",
    "MLFLOW_DISABLE_TELEMETRY",
    "REQUESTS_CA_BUNDLE",
    "CURL_CA_BUNDLE",
    "SSL_CERT_FILE",
    "NO_PROXY",
    "no_proxy",
    "IDENTITY_ENDPOINT",
    "IDENTITY_HEADER",
    "AZURE_TOKEN_CREDENTIALS",
    "ARM_METADATA_HOSTNAME",
    "ARM_USE_MSI",
    "ARM_MSI_ENDPOINT",
    "ARM_USE_CLI",
    "ARM_DISABLE_INSTANCE_DISCOVERY",
    "AZURE_CORE_INSTANCE_DISCOVERY",
    "ARM_SUBSCRIPTION_ID",
    "ARM_TENANT_ID",
    "AZURE_CONFIG_DIR",
    "KUBECONFIG",
    "PULUMI_BACKEND_URL",
    "PULUMI_CONFIG_PASSPHRASE_FILE",
    "PULUMI_SKIP_UPDATE_CHECK",
)
"""Every name that `variables` sets; a test holds the two together."""
