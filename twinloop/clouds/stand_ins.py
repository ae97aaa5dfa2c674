"""Stand-ins on the twin for what a stack takes from somebody else, so that it can be rehearsed."""

from __future__ import annotations

import json
import ssl
import time
import urllib.error
import urllib.parse
import urllib.request
from ipaddress import IPv4Network
from typing import TYPE_CHECKING, Any

from checks.catalogue.resource_types import resource_types
from infra.own_roles import OWN_ROLES, own_role
from infra.sections.core import Network
from infra.sections.network import SHARED
from infra.sections.taken import (
    GROUP,
    IDENTITY,
    IMAGES,
    LOGS,
    NETWORK,
    SUBNET,
    VAULT,
    ZONE,
    TakenNetwork,
    taken_ids,
)
from infra.settings import EnvironmentSettings
from infra.taken_roles import taken_roles
from twinloop.problems import Problem

if TYPE_CHECKING:
    from collections.abc import Iterator

    from infra.settings import Settings
    from twinloop.clouds.session import Session

ROLE = "azure-native:authorization:RoleDefinition"
SPACE = IPv4Network("10.250.0.0/16")  # of a stand-in's network; what it really is, its owner knows
PATIENCE = 30.0  # seconds until a stand-in must be there


def make(session: Session, settings: Settings) -> list[str]:
    """Make on the twin what a stack takes and what is not there yet; the ids that were made.

    Raises:
        Problem: the twin refused one.
    """
    twin = _Arm(session)
    made = []
    for token, arm_id, body in _wanted(settings):
        version = resource_types()[token].api_version
        if twin.call("GET", arm_id, version) is None:
            twin.call("PUT", arm_id, version, body)
            twin.wait(arm_id, version)
            made.append(arm_id)
    return made


def _wanted(settings: Settings) -> Iterator[tuple[str, str, dict[str, Any]]]:
    """Type, id and body of everything, in an order in which it can be made."""
    here = {"location": settings.azure.location}
    tokens = {"resource_group": GROUP, "network": NETWORK, "logs": LOGS, "vault": VAULT, "images": IMAGES}
    vault = {"tenantId": settings.azure.tenant_id, "sku": {"family": "A", "name": "standard"}}
    bodies: dict[str, dict[str, Any]] = {
        NETWORK: here | {"properties": {"addressSpace": {"addressPrefixes": [str(SPACE)]}}},
        LOGS: here | {"properties": {"sku": {"name": "PerGB2018"}}},
        VAULT: here | {"properties": vault | {"enableRbacAuthorization": True}},
        IMAGES: here | {"sku": {"name": "Premium"}},
        ZONE: {"location": "global"},
    }
    roles = dict(taken_roles(settings))
    yield from ((ROLE, arm_id, _role(kind, arm_id)) for kind, arm_id in roles.items())
    taken = {kind: arm_id for kind, arm_id in taken_ids(settings).items() if kind not in roles}
    groups = {"/".join(arm_id.split("/")[:5]): None for arm_id in taken.values()}
    yield from ((GROUP, group, here) for group in groups)
    for kind, arm_id in taken.items():
        token = tokens.get(kind, ZONE if kind.startswith("zone/") else IDENTITY)
        if token != GROUP:
            yield token, arm_id, bodies.get(token, here)
    if isinstance(settings, EnvironmentSettings) and isinstance(settings.network, Network):
        yield from _met(settings.network, here)
    if isinstance(settings, EnvironmentSettings) and isinstance(settings.network, TakenNetwork):
        subnets = [arm_id for _, arm_id in settings.network.subnets if arm_id]
        for arm_id, prefix in zip(subnets, SPACE.subnets(new_prefix=20), strict=False):
            yield SUBNET, arm_id, {"properties": {"addressPrefix": str(prefix)}}


def _role(kind: str, arm_id: str) -> dict[str, Any]:
    """A role that allows what ours would."""
    subscription, word = "/".join(arm_id.split("/")[:3]), kind.partition("/")[2]
    return {
        "properties": {
            "roleName": f"Stand-in of {word} {arm_id.rsplit('/', 1)[-1]}",
            "type": "CustomRole",
            "assignableScopes": [subscription],
            "permissions": [{"actions": list(OWN_ROLES[own_role(word)].actions)}],
        }
    }


def _met(network: Network, here: dict[str, str]) -> Iterator[tuple[str, str, dict[str, Any]]]:
    """Networks that this one meets by their ids; what is the shared stack's own, that stack makes."""
    for peering in network.peerings:
        if peering.network != SHARED:
            space = {"addressSpace": {"addressPrefixes": list(peering.address_space)}}
            yield GROUP, "/".join(peering.network.split("/")[:5]), here
            yield NETWORK, peering.network, here | {"properties": space}


class _Arm:
    """The twin's ARM, asked by the standard library alone."""

    def __init__(self, session: Session) -> None:
        values = session.variables.values
        self._base = session.twin.base
        self._tls = ssl.create_default_context(cafile=values["SSL_CERT_FILE"])
        query = urllib.parse.urlencode(
            {"api-version": "2019-08-01", "resource": "https://management.azure.com"}
        )
        asked = urllib.request.Request(  # noqa: S310 - loopback, from the twin's own record
            f"{values['IDENTITY_ENDPOINT']}?{query}", headers={"X-IDENTITY-HEADER": values["IDENTITY_HEADER"]}
        )
        self._token = json.load(_opener(None).open(asked, timeout=PATIENCE))["access_token"]

    def call(self, method: str, arm_id: str, version: str, body: object = None) -> dict[str, Any] | None:
        """One request; None where there is nothing under the id."""
        asked = urllib.request.Request(  # noqa: S310 - loopback, from the twin's own record
            f"{self._base}{arm_id}?api-version={version}",
            method=method,
            data=None if body is None else json.dumps(body).encode(),
            headers={"Authorization": f"Bearer {self._token}", "Content-Type": "application/json"},
        )
        try:
            with _opener(self._tls).open(asked, timeout=PATIENCE) as reply:
                found: dict[str, Any] = json.load(reply)
                return found
        except urllib.error.HTTPError as error:
            if error.code == 404 and method == "GET":  # noqa: PLR2004 - not found
                return None
            raise Problem(
                "The local Azure did not make a stand-in.",
                where=arm_id,
                given=error.read().decode(errors="replace"),
                next_step="put the id under existing: right in the stack file, then run the command again",
            ) from error

    def wait(self, arm_id: str, version: str) -> None:
        """Until it is provisioned, so that what hangs on it can be made."""
        until = time.monotonic() + PATIENCE
        while time.monotonic() < until:
            state = ((self.call("GET", arm_id, version) or {}).get("properties") or {}).get(
                "provisioningState"
            )
            if state in {None, "Succeeded"}:
                return
            time.sleep(0.05)
        raise Problem(
            f"A stand-in was not there after {PATIENCE:.0f} s.",
            where=arm_id,
            given="it is still being provisioned",
            next_step="run the command again",
        )


def _opener(tls: ssl.SSLContext | None) -> urllib.request.OpenerDirector:
    handlers: list[urllib.request.BaseHandler] = [urllib.request.ProxyHandler({})]
    if tls is not None:
        handlers.append(urllib.request.HTTPSHandler(context=tls))
    return urllib.request.build_opener(*handlers)
