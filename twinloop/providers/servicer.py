"""What every provider of ours answers alike: which protocol it speaks, and what it does not have."""

from __future__ import annotations

from importlib.metadata import version
from typing import Any, ClassVar

from google.protobuf import empty_pb2
from pulumi.runtime.proto import plugin_pb2, provider_pb2, provider_pb2_grpc

from twinloop.providers.errors import refused


class Servicer(provider_pb2_grpc.ResourceProviderServicer):
    """A provider of one package, without schema and methods; the engine's address is of no use to it."""

    package: ClassVar[str]

    def Handshake(self, request: Any, context: Any) -> Any:  # noqa: N802, ARG002 - the protocol's
        """What is understood: secrets; and names proposed by the engine's own settings."""
        return provider_pb2.ProviderHandshakeResponse(
            accept_secrets=True,
            accept_resources=False,
            accept_outputs=False,
            supports_autonaming_configuration=True,
        )

    def GetPluginInfo(self, request: Any, context: Any) -> Any:  # noqa: N802, ARG002 - the protocol's
        """The version of the package whose types are spoken."""
        return plugin_pb2.PluginInfo(version=version(f"pulumi-{self.package}"))

    def Attach(self, request: Any, context: Any) -> Any:  # noqa: N802, ARG002 - the protocol's
        """Nothing is asked of the engine, so its address is not kept."""
        return empty_pb2.Empty()

    def GetSchema(self, request: Any, context: Any) -> Any:  # noqa: N802, ARG002 - the protocol's
        """Refused: SDKs are generated from the official plugin."""
        raise refused(
            f"{self.package} GetSchema: this provider has no schema; generate SDKs from the official one"
        )

    def Call(self, request: Any, context: Any) -> Any:  # noqa: N802, ARG002 - the protocol's
        """Refused: the package has no methods."""
        raise refused(f"{self.package} Call {request.tok}: the package has no methods")
