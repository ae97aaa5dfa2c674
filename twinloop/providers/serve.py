"""Our providers as gRPC servers, for an engine in another process.

`python -m twinloop.providers.serve azure-native` prints the port it listens on as its first line, as a
plugin does; with several packages, one `<package>:<port>` on a line each, as PULUMI_DEBUG_PROVIDERS wants it.
"""

from __future__ import annotations

import signal
import sys
import threading
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import grpc
from pulumi.runtime.proto import provider_pb2_grpc, status_pb2

from twinloop.providers.azure_native.provider import AzureNativeProvider
from twinloop.providers.errors import ProviderError
from twinloop.providers.kubernetes.provider import KubernetesProvider

PACKAGES: Mapping[str, Callable[[], provider_pb2_grpc.ResourceProviderServicer]] = {
    "azure-native": AzureNativeProvider,
    "kubernetes": KubernetesProvider,
}
_MESSAGE_BYTES = 400 * 1024 * 1024  # Pulumi's own limit
_THREADS = 64  # one per resource that the engine may work on at a time


class _OverGrpc(grpc.ServerInterceptor):  # type: ignore[misc]
    """Turns a ProviderError into the status that an engine understands, its details included."""

    def intercept_service(self, continuation: Any, details: Any) -> Any:
        handler = continuation(details)
        if handler is None or handler.unary_unary is None:
            return handler
        return grpc.unary_unary_rpc_method_handler(
            _translated(handler.unary_unary),
            request_deserializer=handler.request_deserializer,
            response_serializer=handler.response_serializer,
        )


class _PerConnection:
    """One provider for each connection.

    An engine that attaches to a running server opens a connection for each provider of its program (a default
    one, one for another subscription, one per cluster) and configures each by itself; nothing else in a
    request tells them apart.
    """

    def __init__(self, make: Callable[[], provider_pb2_grpc.ResourceProviderServicer]) -> None:
        self._make = make
        self._lock = threading.Lock()
        self._providers: dict[str, provider_pb2_grpc.ResourceProviderServicer] = {}

    def __getattr__(self, method: str) -> Callable[[Any, Any], Any]:
        if not hasattr(provider_pb2_grpc.ResourceProviderServicer, method):
            raise AttributeError(method)
        return lambda request, context: getattr(self._of(context.peer()), method)(request, context)

    def _of(self, peer: str) -> provider_pb2_grpc.ResourceProviderServicer:
        with self._lock:
            if peer not in self._providers:
                self._providers[peer] = self._make()
            return self._providers[peer]


def serve(packages: Sequence[str]) -> tuple[dict[str, int], Callable[[], None]]:
    """Start one server per package on a free loopback port.

    Returns:
        The ports, and a function that stops all of them.

    Raises:
        LookupError: a package that is not ours.
    """
    if unknown := [name for name in packages if name not in PACKAGES]:
        raise LookupError(f"no provider for {', '.join(unknown)}; there are: {', '.join(PACKAGES)}")
    servers, ports = [], {}
    for name in packages:
        server = grpc.server(
            ThreadPoolExecutor(_THREADS, thread_name_prefix=name),
            interceptors=[_OverGrpc()],
            options=[
                ("grpc.max_receive_message_length", _MESSAGE_BYTES),
                ("grpc.max_send_message_length", _MESSAGE_BYTES),
            ],
        )
        provider_pb2_grpc.add_ResourceProviderServicer_to_server(
            _PerConnection(PACKAGES[name]),  # type: ignore[arg-type]  # it has every method of one
            server,
        )
        ports[name] = server.add_insecure_port("127.0.0.1:0")
        server.start()
        servers.append(server)

    def stop() -> None:
        for server in servers:
            server.stop(grace=1.0).wait()

    return ports, stop


def main(arguments: Sequence[str] | None = None) -> int:
    """Serve until told to end (SIGINT, SIGTERM)."""
    packages = list(arguments if arguments is not None else sys.argv[1:]) or list(PACKAGES)
    try:
        ports, stop = serve(packages)
    except LookupError as error:
        sys.stderr.write(f"{error}\n")
        return 2
    lines = [str(port) for port in ports.values()] if len(ports) == 1 else []
    lines = lines or [f"{name}:{port}" for name, port in ports.items()]
    sys.stdout.write("\n".join(lines) + "\n")
    sys.stdout.flush()
    ended = threading.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: ended.set())
    ended.wait()
    stop()
    return 0


def _translated(method: Callable[[Any, Any], Any]) -> Callable[[Any, Any], Any]:
    def call(request: Any, context: Any) -> Any:
        try:
            return method(request, context)
        except ProviderError as error:
            if error.init_failed is not None:
                context.set_trailing_metadata((("grpc-status-details-bin", _details(error)),))
            return context.abort(error.code, error.message)

    return call


def _details(error: ProviderError) -> bytes:
    status = status_pb2.Status(code=error.code.value[0], message=error.message)
    status.details.add().Pack(error.init_failed)
    return bytes(status.SerializeToString())


if __name__ == "__main__":
    sys.exit(main())
