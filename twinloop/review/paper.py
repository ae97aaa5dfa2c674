"""The cloud on paper: azure-native's resources come to be without any cloud, by the rules of their types.

Names and ids are those that Azure would give, because the program decides them; what only Azure makes is a
placeholder. Checks, differences and replacements are the provider's own.
"""

from __future__ import annotations

import base64
import threading
from collections import Counter
from typing import Any

from google.protobuf import empty_pb2
from pulumi.runtime.proto import provider_pb2

from checks.catalogue.schemas import schema_of
from twinloop.engine import UnknownProvider
from twinloop.providers.azure_native import resources
from twinloop.providers.azure_native.addresses import arm_id, parameters_of
from twinloop.providers.azure_native.cloud import Settings
from twinloop.providers.azure_native.invokes import (
    CLIENT_CONFIG,
    KUBECONFIG,
    cluster_id,
    refuse_credentials,
    row_of,
)
from twinloop.providers.azure_native.provider import PACKAGE, AzureNativeProvider, kind_of
from twinloop.providers.azure_native.resources import Kind
from twinloop.providers.errors import invalid
from twinloop.providers.values import UNKNOWN, Properties, from_struct, to_struct
from twinloop.review.placeholders import Maker, guid

KUBERNETES = "kubernetes"


class Paper:
    """What happened on paper: which ids were deleted, so that what is made anew is not the same thing."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._deleted: Counter[str] = Counter()
        self.made: set[str] = set()
        """Every placeholder."""

    def forget(self, text: str) -> None:
        """The resource of an id is gone."""
        with self._lock:
            self._deleted[text.lower()] += 1

    def name(self, text: str) -> str:
        """What the placeholders of an id's present resource are of."""
        with self._lock:
            again = self._deleted[text.lower()]
        return f"{text}|{again}" if again else text

    def provider(self, package: str, version: str) -> Any:
        """The provider of a package, for the engine.

        Raises:
            UnknownProvider: there is none here.
        """
        if package == KUBERNETES:
            from twinloop.review.paper_kubernetes import PaperKubernetes

            return PaperKubernetes(self.made)
        if package != PACKAGE:
            raise UnknownProvider(package, version, (PACKAGE, KUBERNETES))
        return PaperProvider(self)


def kubeconfig_on_paper(cluster: str) -> Properties:
    """A kubeconfig that leads nowhere: it says which cluster it is of, and nothing is ever sent there."""
    import yaml

    name = cluster.rpartition("/")[2]
    document = {
        "apiVersion": "v1",
        "kind": "Config",
        "current-context": name,
        "clusters": [{"name": name, "cluster": {"server": f"https://paper.invalid{cluster}"}}],
        "contexts": [{"name": name, "context": {"cluster": name, "user": name}}],
        "users": [{"name": name, "user": {"exec": {"command": "kubelogin", "args": ["get-token"]}}}],
    }
    value = base64.b64encode(yaml.safe_dump(document).encode()).decode()
    return Properties({"kubeconfigs": [{"name": "clusterUser", "value": value}]}, frozenset({"kubeconfigs"}))


class PaperProvider(AzureNativeProvider):
    """azure-native on paper. Thread safe."""

    def __init__(self, paper: Paper) -> None:
        self._paper = paper
        super().__init__()

    def _use(self, settings: Settings) -> None:
        # What the process's environment says of a cloud has no part in a review: without a metadata host
        # nothing can be sent anywhere.
        super()._use(
            Settings(subscription=settings.subscription, tenant=settings.tenant, location=settings.location)
        )

    def Create(self, request: Any, context: Any) -> Any:  # noqa: N802 - the protocol's
        """Make a resource on paper."""
        if request.preview:
            return super().Create(request, context)
        kind, given = kind_of(request.urn), from_struct(request.properties)
        text, outputs = resources.planned(kind, given.values, self._settings.subscription)
        if not text:
            raise invalid(f"{request.urn}: its address {kind.row.path} has a part that is not known")
        made = {"id": text, **self._maker(kind, text).filled(outputs | {"id": text})}
        return provider_pb2.CreateResponse(id=text, properties=to_struct(made, kind.secret(given)))

    def Update(self, request: Any, context: Any) -> Any:  # noqa: N802 - the protocol's
        """Change a resource on paper."""
        if request.preview:
            return super().Update(request, context)
        kind, given = kind_of(request.urn), from_struct(request.news)
        olds = from_struct(request.olds)
        outputs = resources.updated(kind, given.values, olds.values)
        made = self._maker(kind, request.id).filled(outputs, olds.values)
        return provider_pb2.UpdateResponse(properties=to_struct(made, kind.secret(given, olds)))

    def Delete(self, request: Any, context: Any) -> Any:  # noqa: N802, ARG002 - the protocol's
        """Forget a resource."""
        self._paper.forget(request.id)
        return empty_pb2.Empty()

    def Read(self, request: Any, context: Any) -> Any:  # noqa: N802, ARG002 - the protocol's
        """A resource that exists already: it is there, and what it is like is not known here."""
        kind = kind_of(request.urn)
        found = parameters_of(kind.row, request.id)
        if found is None:
            raise invalid(f"{request.urn}: given id '{request.id}'; wanted: {kind.row.path}")
        inputs, olds = from_struct(request.inputs), from_struct(request.properties)
        values = olds.values or self._looked_up(kind, request.id, found)
        return provider_pb2.ReadResponse(
            id=request.id,
            properties=to_struct(values, kind.secret(olds)),
            inputs=to_struct(inputs.values or found, kind.secret(inputs)),
        )

    def Invoke(self, request: Any, context: Any) -> Any:  # noqa: N802, ARG002 - the protocol's
        """Call a function of the package, on paper."""
        refuse_credentials(request.tok)
        arguments = from_struct(request.args).values
        if request.tok == CLIENT_CONFIG:
            found = self._config()
        elif request.tok == KUBECONFIG:
            found = kubeconfig_on_paper(cluster_id(arguments, self._settings.subscription))
        else:
            found = self._got(request.tok, arguments)
        return provider_pb2.InvokeResponse(**{"return": to_struct(found.values, found.secret)})

    def _config(self) -> Properties:
        tenant = self._settings.tenant or ""
        client, deployer = guid("client", tenant), guid("deployer", tenant)
        self._paper.made.update((client, deployer))
        return Properties(
            {
                "clientId": client,
                "objectId": deployer,
                "subscriptionId": self._settings.subscription or "",
                "tenantId": tenant,
            }
        )

    def _got(self, token: str, arguments: dict[str, Any]) -> Properties:
        row = row_of(token)
        text = arm_id(row, arguments, self._settings.subscription)
        if text is None:
            wanted = ", ".join(name for name in row.parameters if name != "subscriptionId")
            raise invalid(f"{token}: given {', '.join(arguments) or 'nothing'}; wanted: {wanted}")
        kind = Kind(row, schema_of(row.arm_type))
        return Properties(self._looked_up(kind, text, parameters_of(row, text) or {}), kind.secret())

    def _looked_up(self, kind: Kind, text: str, found: dict[str, str]) -> dict[str, Any]:
        known = {"id": text, "name": found.get(kind.row.parameters[-1], ""), "type": kind.row.arm_type}
        if self._settings.location and "location" in kind.schema.body.nodes:
            known["location"] = self._settings.location
        # what only the cloud makes is a placeholder: an identity's principal, a registry's host
        made = {name: UNKNOWN for name, node in kind.schema.body.nodes.items() if node.read_only}
        return self._maker(kind, text).filled(made | known | {"azureApiVersion": kind.row.api_version})

    def _maker(self, kind: Kind, text: str) -> Maker:
        return Maker(kind.schema, self._paper.name(text), self._settings.tenant or "", self._paper.made)
