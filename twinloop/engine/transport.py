"""The second transport: a real gRPC server for the monitor, and the program in a child process."""

from __future__ import annotations

import json
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from typing import Any, Final

import grpc
from pulumi.runtime.proto import engine_pb2_grpc, resource_pb2_grpc

from twinloop.engine.deployment import Deployment
from twinloop.engine.model import Program
from twinloop.engine.monitor import MonitorError
from twinloop.engine.processes import ProgramProcess

_LIMIT: Final = 400 * 1024 * 1024
_OPTIONS: Final = (("grpc.max_receive_message_length", _LIMIT), ("grpc.max_send_message_length", _LIMIT))


def run(program: Program, deployment: Deployment, monitor: Any) -> None:
    """Run the program in a child process against the monitor's gRPC server.

    Raises:
        ProgramFailed: it ended badly; the message is what it said.
    """
    workers = max(64, 4 * deployment.options.parallel)
    process = program.process or ProgramProcess(program.python)
    try:
        with served(monitor, workers=workers) as address:
            process.run(_plan(program, deployment, address), lambda line: deployment.report.say("info", line))
    finally:
        if program.process is None:
            process.close()


@contextmanager
def served(monitor: Any, workers: int) -> Iterator[str]:
    """Serve the monitor and the engine service; gives the address."""
    server = grpc.server(ThreadPoolExecutor(workers), options=_OPTIONS)
    servicer: Any = _Servicer(monitor)
    resource_pb2_grpc.add_ResourceMonitorServicer_to_server(servicer, server)
    engine_pb2_grpc.add_EngineServicer_to_server(servicer, server)
    port = server.add_insecure_port("127.0.0.1:0")
    server.start()
    try:
        yield f"127.0.0.1:{port}"
    finally:
        server.stop(grace=None).wait()


class _Servicer:
    """The monitor's methods as gRPC wants them: with a context, and statuses instead of exceptions."""

    def __init__(self, monitor: Any) -> None:
        self._monitor = monitor

    def __getattr__(self, name: str) -> Any:
        method = getattr(self._monitor, name)

        def call(request: Any, context: grpc.ServicerContext) -> Any:
            try:
                return method(request)
            except MonitorError as error:
                context.abort(error.code(), error.details())

        return call


def _plan(program: Program, deployment: Deployment, address: str) -> dict[str, Any]:
    """What the child is told: where the monitor is, and what to run."""
    stack = deployment.stack
    return {
        "address": address,
        "project": stack.project,
        "stack": stack.name,
        "organization": stack.organization,
        "parallel": deployment.options.parallel,
        "dry_run": deployment.dry_run,
        "main": str(program.main.resolve()),
        "config": json.dumps(dict(program.config)),
        "secret_keys": json.dumps(sorted(program.secret_keys)),
    }
