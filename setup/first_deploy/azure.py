"""Azure as the signed-in person sees it, by the official client, on the cloud that the shell points at."""

from __future__ import annotations

import json
import os
import ssl
import urllib.request
from collections.abc import Mapping
from typing import Any
from urllib.parse import urlsplit

from azure.core.exceptions import ClientAuthenticationError, HttpResponseError, ResourceNotFoundError
from azure.identity import DefaultAzureCredential
from azure.mgmt.resource.resources import ResourceManagementClient

_PUBLIC = "https://management.azure.com/"
_DENIED = 403


class Denied(Exception):
    """The caller lacks a role for this."""


class NotSignedIn(Exception):
    """There is nobody to act as; the message is the credential's."""


def endpoint() -> str:
    """Where ARM is: Azure, or what ARM_METADATA_HOSTNAME describes (a sovereign cloud, the local twin)."""
    host = os.environ.get("ARM_METADATA_HOSTNAME")
    if not host:
        return _PUBLIC
    url = f"https://{host}/metadata/endpoints?api-version=2022-09-01"
    with urllib.request.urlopen(url, context=ssl.create_default_context(), timeout=10) as answer:
        return str(json.load(answer)["resourceManager"])


class Azure:
    """Reads and writes of single resources, by subscription. Waits for what takes long."""

    def __init__(self) -> None:
        self.base = endpoint()
        self._credential = DefaultAzureCredential()
        self._clients: dict[str, ResourceManagementClient] = {}

    @property
    def host(self) -> str:
        """Which cloud this is, for people."""
        return urlsplit(self.base).netloc

    def _client(self, subscription: str) -> ResourceManagementClient:
        if subscription not in self._clients:
            self._clients[subscription] = ResourceManagementClient(
                self._credential,
                subscription,
                base_url=self.base,
                credential_scopes=[f"{self.base.rstrip('/')}/.default"],
            )
        return self._clients[subscription]

    def get(self, arm_id: str, api_version: str) -> dict[str, Any] | None:
        """The resource's document; None if there is none.

        Raises:
            Denied: the caller may not read it.
        """
        try:
            found = self._client(_subscription(arm_id)).resources.get_by_id(arm_id, api_version=api_version)
        except ResourceNotFoundError:
            return None
        except HttpResponseError as error:
            raise _meaning(error) from error
        return dict(found.as_dict())

    def put(self, arm_id: str, api_version: str, body: Mapping[str, Any]) -> None:
        """Make or change a resource, and wait until it is there.

        Raises:
            Denied: the caller may not.
        """
        operations = self._client(_subscription(arm_id)).resources
        try:
            operations.begin_create_or_update_by_id(arm_id, dict(body), api_version=api_version).result()
        except HttpResponseError as error:
            raise _meaning(error) from error

    def registered(self, subscription: str, namespace: str) -> bool:
        """Whether the subscription may use a resource provider."""
        try:
            state = self._client(subscription).providers.get(namespace).registration_state
        except HttpResponseError as error:
            raise _meaning(error) from error
        return str(state) in {"Registered", "Registering"}

    def register(self, subscription: str, namespace: str) -> None:
        """Let the subscription use a resource provider; Azure goes on with it in the background."""
        try:
            self._client(subscription).providers.register(namespace)
        except HttpResponseError as error:
            raise _meaning(error) from error


def _meaning(error: HttpResponseError) -> Exception:
    if isinstance(error, ClientAuthenticationError) and error.status_code is None:
        return NotSignedIn(str(error).splitlines()[0])
    return Denied(str(error).splitlines()[0]) if error.status_code == _DENIED else error


def _subscription(arm_id: str) -> str:
    return arm_id.split("/")[2]
