"""The second transport: a real gRPC server for the monitor, and the program in a child process."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any, Final

import grpc
from pulumi.runtime.proto import engine_pb2_grpc, resource_pb2_grpc

from twinloop.engine.deployment import Deployment
from twinloop.engine.errors import ProgramFailed
from twinloop.engine.model import Limits, Program
from twinloop.engine.monitor import MonitorError

_LIMIT: Final = 400 * 1024 * 1024
_OPTIONS: Final = (("grpc.max_receive_message_length", _LIMIT), ("grpc.max_send_message_length", _LIMIT))
_PATIENCE: Final = 5.0  # seconds for the last output of a program that is limited
CHILD: Final = Path(__file__).with_name("child.py")


def run(program: Program, deployment: Deployment, monitor: Any) -> None:
    """Run the program in a child process against the monitor's gRPC server.

    Raises:
        ProgramFailed: it ended badly; the message is what it said.
    """
    workers = max(64, 4 * deployment.options.parallel)
    with served(monitor, workers=workers) as address, _lifeline() as end:
        process = _start(program, deployment, address, end)
        said = _follow(process, deployment)
        patience = _PATIENCE if program.limits else None
        late = _ended_in_time(process, program.limits)
        status = process.wait()
        error = said(patience)
    if late and program.limits:
        raise ProgramFailed(f"the program was stopped: it took more than its {program.limits.seconds} s")
    if status:
        raise ProgramFailed(_last_words(error.strip(), status, program.limits))
    for line in error.splitlines():
        deployment.report.say("info", line)


def _ended_in_time(process: subprocess.Popen[str], limits: Limits | None) -> bool:
    """Wait for the end, or make it: whether the time was up. What it started goes with it."""
    if limits is None or not limits.seconds:
        return False
    try:
        process.wait(limits.seconds)
    except subprocess.TimeoutExpired:
        os.killpg(process.pid, signal.SIGKILL)
        return True
    # What it left behind would hold its output open, and this process with it.
    with suppress(ProcessLookupError, PermissionError):
        os.killpg(process.pid, signal.SIGKILL)
    return False


def _last_words(said: str, status: int, limits: Limits | None) -> str:
    words = said or f"the program ended with status {status}"
    if limits is not None and limits.memory and ("MemoryError" in words or status < 0):
        return f"the program had no more memory than its {limits.memory // 2**20} MiB: {words}"
    return words


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


@contextmanager
def _lifeline() -> Iterator[int]:
    """A pipe that nothing is written to: its other end closes when this process is gone, however it went."""
    reading, writing = os.pipe()
    try:
        yield reading
    finally:
        os.close(reading)
        os.close(writing)


def _start(program: Program, deployment: Deployment, address: str, lifeline: int) -> subprocess.Popen[str]:
    stack = deployment.stack
    plan = {
        "address": address,
        "lifeline": lifeline,
        "project": stack.project,
        "stack": stack.name,
        "organization": stack.organization,
        "parallel": deployment.options.parallel,
        "dry_run": deployment.dry_run,
        "main": str(program.main.resolve()),
        "seconds": program.limits.seconds if program.limits else 0,
        "memory": program.limits.memory if program.limits else 0,
    }
    environment = {
        **(os.environ if program.environment is None else program.environment),
        "PULUMI_CONFIG": json.dumps(dict(program.config)),
        "PULUMI_CONFIG_SECRET_KEYS": json.dumps(sorted(program.secret_keys)),
    }
    python = str(program.python or sys.executable)
    # -P: the folder of this package must not stand on the program's import path. -u: what it prints is told
    # when it prints it.
    return subprocess.Popen(
        [python, "-P", "-u", str(CHILD), json.dumps(plan)],
        cwd=program.main.resolve(),
        env=environment,
        stdin=subprocess.DEVNULL,
        pass_fds=(lifeline,),
        # Ctrl-C of a terminal is for this process, which lets the program come to its end.
        start_new_session=True,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        errors="replace",
    )


def _follow(process: subprocess.Popen[str], deployment: Deployment) -> Any:
    """Pass the program's output on as messages; the returned function gives what it said on stderr."""
    errors: list[str] = []

    def pump(stream: Any, keep: list[str] | None) -> None:
        for line in stream:
            if keep is not None:
                keep.append(line)
            else:
                deployment.report.say("info", line.rstrip("\n"))

    threads = [
        threading.Thread(target=pump, args=(process.stdout, None), daemon=True),
        threading.Thread(target=pump, args=(process.stderr, errors), daemon=True),
    ]
    for thread in threads:
        thread.start()

    def said(patience: float | None) -> str:
        # Without end, unless the program is limited: what it left running may hold its output open.
        for thread in threads:
            thread.join(patience)
        return "".join(errors)

    return said
