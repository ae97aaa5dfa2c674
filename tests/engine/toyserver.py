"""Serves the toy provider over gRPC, for the official CLI: prints the port, then waits."""

from __future__ import annotations

import sys
from concurrent import futures
from pathlib import Path
from typing import Any

import grpc
from pulumi.runtime.proto import provider_pb2_grpc

from tests.engine.toycloud import ToyError, ToyProvider


class _Abort(grpc.ServerInterceptor):
    def intercept_service(self, continuation: Any, handler_call_details: Any) -> Any:
        handler = continuation(handler_call_details)
        if handler is None:
            return None

        def guarded(request: Any, context: Any) -> Any:
            try:
                return handler.unary_unary(request, context)
            except ToyError as error:
                context.abort(error.code, error.message)

        return grpc.unary_unary_rpc_method_handler(
            guarded, handler.request_deserializer, handler.response_serializer
        )


def serve(root: Path) -> tuple[grpc.Server, int]:
    server = grpc.server(futures.ThreadPoolExecutor(16), interceptors=[_Abort()])
    provider_pb2_grpc.add_ResourceProviderServicer_to_server(ToyProvider(root), server)
    port = server.add_insecure_port("127.0.0.1:0")
    server.start()
    return server, port


if __name__ == "__main__":
    _server, _port = serve(Path(sys.argv[1]))
    sys.stdout.write(f"{_port}\n")
    sys.stdout.flush()
    _server.wait_for_termination()
