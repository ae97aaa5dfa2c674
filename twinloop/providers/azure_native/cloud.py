"""Which cloud a provider speaks to: its settings, the endpoints that it tells, and the identity.

This provider works for the twin only. An endpoint whose metadata does not say that it is one is refused
before anything is written, so that a slip in the environment can never reach a real subscription.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import grpc

from twinloop.providers.errors import ProviderError

if TYPE_CHECKING:
    from azure.core.credentials import TokenCredential

_METADATA = "/metadata/endpoints?api-version=2022-09-01"
_NEXT = "start the twin and take its variables: twinloop twin start; twinloop twin env"
_SECONDS = 5.0


@dataclass(frozen=True)
class Settings:
    """What the provider was configured with; names and variables are those of the official one."""

    subscription: str | None = None
    tenant: str | None = None
    location: str | None = None
    metadata_host: str | None = None

    @classmethod
    def read(cls, config: Mapping[str, Any], environment: Mapping[str, str] = os.environ) -> Settings:
        """From the configuration, else from the environment."""

        def setting(name: str, variable: str) -> str | None:
            value = config.get(name)
            return value if isinstance(value, str) and value else environment.get(variable) or None

        return cls(
            subscription=setting("subscriptionId", "ARM_SUBSCRIPTION_ID"),
            tenant=setting("tenantId", "ARM_TENANT_ID"),
            location=setting("location", "ARM_LOCATION"),
            metadata_host=setting("metadataHost", "ARM_METADATA_HOSTNAME"),
        )


@dataclass(frozen=True)
class Cloud:
    """A cloud that answered, and is a twin."""

    resource_manager: str
    audience: str


def discover(settings: Settings) -> Cloud:
    """Ask the metadata host what it is.

    Raises:
        ProviderError: none is set, it does not answer, or it is not a twin.
    """
    if not settings.metadata_host:
        raise ProviderError(
            grpc.StatusCode.FAILED_PRECONDITION,
            "azure-native:metadataHost (or ARM_METADATA_HOSTNAME) is not set; this provider speaks to a twin "
            f"only, never to the public cloud; {_NEXT}",
        )
    url = f"https://{settings.metadata_host.removeprefix('https://').rstrip('/')}{_METADATA}"
    document = _fetch(url)
    told = document.get("twinloop")
    if not isinstance(told, dict) or told.get("twin") is not True:
        raise ProviderError(
            grpc.StatusCode.FAILED_PRECONDITION,
            f'{url} is not a twin (its metadata has no "twinloop": {{"twin": true}}): refused, nothing was '
            "sent; for Azure itself use the official CLI and plugins: twinloop up --cloud azure",
        )
    manager = str(document["resourceManager"]).rstrip("/")
    audiences = document.get("authentication", {}).get("audiences") or [manager]
    return Cloud(resource_manager=manager, audience=str(audiences[0]).rstrip("/"))


def credential() -> TokenCredential:
    """The identity that the environment hands out (IDENTITY_ENDPOINT, IDENTITY_HEADER).

    Raises:
        ProviderError: it hands out none.
    """
    missing = [name for name in ("IDENTITY_ENDPOINT", "IDENTITY_HEADER") if not os.environ.get(name)]
    if missing:
        raise ProviderError(
            grpc.StatusCode.UNAUTHENTICATED,
            f"{' and '.join(missing)} not set: no identity to act as; {_NEXT}",
        )
    from azure.identity import ManagedIdentityCredential

    return ManagedIdentityCredential()


def ca_bundle() -> str | bool:
    """The certificate authorities to trust: what the environment names, else the system's."""
    return os.environ.get("REQUESTS_CA_BUNDLE") or os.environ.get("SSL_CERT_FILE") or True


def _fetch(url: str) -> dict[str, Any]:
    import requests

    try:
        answer = requests.get(url, timeout=_SECONDS, verify=ca_bundle())
        answer.raise_for_status()
        found = answer.json()
    except (requests.RequestException, ValueError) as error:
        raise ProviderError(
            grpc.StatusCode.UNAVAILABLE, f"{url} does not answer as a cloud: {error}; {_NEXT}"
        ) from error
    # Of several clouds in a list the first is the host's own.
    document: dict[str, Any] = found[0] if isinstance(found, list) else found
    return document
