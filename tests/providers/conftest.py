"""Drives a provider as an engine does, against a real twin."""

from __future__ import annotations

import uuid
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import pytest
from pulumi.runtime.proto import provider_pb2

from tests.localazure.conftest import TwinServer, make_twin, twin_server
from twinloop.providers.azure_native.provider import AzureNativeProvider
from twinloop.providers.errors import ProviderError
from twinloop.providers.values import from_struct, to_struct

__all__ = ["make_twin", "twin_server"]

SUBSCRIPTION = "5ab50000-0000-4000-8000-000000000001"


class Refused(Exception):
    """Check found something wrong; one line per property."""


@dataclass
class Resource:
    """What an engine keeps of a resource."""

    urn: str
    id: str
    inputs: dict[str, Any]
    outputs: dict[str, Any]


class Engine:
    """The calls of an engine, in its order, with plain values."""

    def __init__(self, provider: Any) -> None:
        self.provider = provider

    def configure(self, **settings: str) -> Engine:
        variables = {f"azure-native:config:{name}": value for name, value in settings.items()}
        self.provider.Configure(provider_pb2.ConfigureRequest(variables=variables, acceptSecrets=True), None)
        return self

    def check(
        self,
        token: str,
        name: str,
        inputs: dict[str, Any],
        old: dict[str, Any] | None = None,
        secret: tuple[str, ...] = (),
    ) -> tuple[str, dict[str, Any]]:
        urn = f"urn:pulumi:dev::twinloop::azure-native:{token}::{name}"
        request = provider_pb2.CheckRequest(
            urn=urn, olds=to_struct(old or {}), news=to_struct(inputs, secret), randomSeed=name.encode() * 4
        )
        answer = self.provider.Check(request, None)
        if answer.failures:
            raise Refused("; ".join(f"{each.property}: {each.reason}" for each in answer.failures))
        return urn, from_struct(answer.inputs).values

    def preview(self, token: str, name: str, inputs: dict[str, Any]) -> Resource:
        urn, checked = self.check(token, name, inputs)
        request = provider_pb2.CreateRequest(urn=urn, properties=to_struct(checked), preview=True)
        answer = self.provider.Create(request, None)
        return Resource(urn, answer.id, checked, from_struct(answer.properties).values)

    def create(self, token: str, name: str, inputs: dict[str, Any]) -> Resource:
        urn, checked = self.check(token, name, inputs)
        answer = self.provider.Create(
            provider_pb2.CreateRequest(urn=urn, properties=to_struct(checked)), None
        )
        return Resource(urn, answer.id, checked, from_struct(answer.properties).values)

    def diff(self, resource: Resource, inputs: dict[str, Any], *, ignore: tuple[str, ...] = ()) -> Any:
        token, name = resource.urn.split("::")[2].removeprefix("azure-native:"), resource.urn.split("::")[3]
        _, checked = self.check(token, name, inputs, resource.inputs)
        return self.diff_checked(resource, checked, ignore=ignore)

    def diff_checked(
        self, resource: Resource, inputs: dict[str, Any], *, ignore: tuple[str, ...] = ()
    ) -> Any:
        return self.provider.Diff(
            provider_pb2.DiffRequest(
                urn=resource.urn,
                id=resource.id,
                olds=to_struct(resource.outputs),
                old_inputs=to_struct(resource.inputs),
                news=to_struct(inputs),
                ignoreChanges=ignore,
            ),
            None,
        )

    def update(self, resource: Resource, inputs: dict[str, Any]) -> Resource:
        token, name = resource.urn.split("::")[2].removeprefix("azure-native:"), resource.urn.split("::")[3]
        _, checked = self.check(token, name, inputs, resource.inputs)
        request = provider_pb2.UpdateRequest(
            urn=resource.urn,
            id=resource.id,
            olds=to_struct(resource.outputs),
            old_inputs=to_struct(resource.inputs),
            news=to_struct(checked),
        )
        answer = self.provider.Update(request, None)
        return Resource(resource.urn, resource.id, checked, from_struct(answer.properties).values)

    def read(self, resource: Resource) -> Resource | None:
        return self.read_id(resource.urn, resource.id, resource.inputs, resource.outputs)

    def read_id(
        self,
        urn: str,
        id: str,  # noqa: A002 - the protocol's word
        inputs: dict[str, Any] | None = None,
        outputs: dict[str, Any] | None = None,
    ) -> Resource | None:
        request = provider_pb2.ReadRequest(
            urn=urn, id=id, inputs=to_struct(inputs or {}), properties=to_struct(outputs or {})
        )
        answer = self.provider.Read(request, None)
        if not answer.id:
            return None
        return Resource(
            urn, answer.id, from_struct(answer.inputs).values, from_struct(answer.properties).values
        )

    def delete(self, resource: Resource) -> None:
        self.provider.Delete(
            provider_pb2.DeleteRequest(
                urn=resource.urn, id=resource.id, properties=to_struct(resource.outputs)
            ),
            None,
        )

    def invoke(self, token: str, arguments: dict[str, Any]) -> dict[str, Any]:
        answer = self.provider.Invoke(provider_pb2.InvokeRequest(tok=token, args=to_struct(arguments)), None)
        return from_struct(getattr(answer, "return")).values


@pytest.fixture
def offline() -> Engine:
    """A provider that has no cloud to speak to."""
    return Engine(AzureNativeProvider()).configure(subscriptionId=SUBSCRIPTION, location="westeurope")


@pytest.fixture(scope="session")
def twin_environment(twin_server: TwinServer) -> Iterator[TwinServer]:
    """The variables of the twin's infrastructure engineer, as `twinloop twin env` sets them."""
    with pytest.MonkeyPatch.context() as patch:
        for name, value in twin_server.env().items():
            patch.setenv(name, value)
        yield twin_server


@pytest.fixture(scope="session")
def engine(twin_environment: TwinServer) -> Engine:
    """A provider that speaks to the twin."""
    return Engine(AzureNativeProvider()).configure(
        subscriptionId=twin_environment.subscription,
        tenantId=twin_environment.tenant,
        location=twin_environment.location,
    )


@pytest.fixture(scope="session")
def group(engine: Engine) -> str:
    """Name of a resource group of this session's own."""
    name = f"rg-provider-{uuid.uuid4().hex[:6]}"
    engine.create("resources:ResourceGroup", "group", {"resourceGroupName": name})
    return name


__all__ += ["Engine", "ProviderError", "Refused", "Resource"]
