"""The twin as a process: one per home, two loopback ports that stay the same, a clean end."""

from __future__ import annotations

import asyncio
import contextlib
import fcntl
import json
import logging
import os
import signal
import socket
import ssl
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import IO

import uvicorn

from twinloop import __version__
from twinloop.localazure.app import App, build
from twinloop.localazure.core.certificates import ensure
from twinloop.localazure.core.clock import Clock, ManualClock
from twinloop.localazure.core.tokens import write_private
from twinloop.localazure.core.twin import Twin
from twinloop.localazure.server import Server

log = logging.getLogger("twinloop.localazure")
HOST = "127.0.0.1"
RECORD = "twin.json"  # who serves this folder, and where
_TICK = 1.0  # seconds between looks at the idle time


class CannotServe(Exception):
    """The process cannot begin; its text says why and what to do."""


@dataclass(frozen=True)
class Settings:
    """How the process was asked to run."""

    home: Path
    https_port: int | None = None
    http_port: int | None = None
    idle_seconds: float = 7200.0
    manual_clock: bool = False


def run(settings: Settings) -> None:
    """Serve until told to stop or idle.

    Raises:
        CannotServe: another process holds the home or a port.
    """
    os.umask(0o077)  # state, log and the database's side files are nobody else's
    home = settings.home.resolve()
    home.mkdir(parents=True, exist_ok=True)
    lock = _lock(home)
    try:
        _log_to(home / "log" / "twin.log")
        https, http = _sockets(home, settings)
        chain, key = ensure(home, os.environ)
        runner = asyncio.Runner(loop_factory=_loop_factory())
        with runner:
            runner.run(_serve(settings, home, (https, http), (chain, key)))
    finally:
        lock.close()


async def _serve(
    settings: Settings, home: Path, sockets: tuple[socket.socket, socket.socket], tls: tuple[Path, Path]
) -> None:
    https_port, http_port = (sock.getsockname()[1] for sock in sockets)
    twin = Twin(
        home,
        clock=ManualClock(home / "azure" / "clock") if settings.manual_clock else Clock(),
        base=f"https://localhost:{https_port}",
        http_base=f"http://{HOST}:{http_port}",
    )
    app = build(twin)
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stop.set)
    await twin.start()
    servers = [_server(app, tls), _server(app, None)]
    serving = [asyncio.create_task(s.serve(sockets=[sock])) for s, sock in zip(servers, sockets, strict=True)]
    while not all(server.started for server in servers):
        await asyncio.sleep(0.005)
    _announce(home, https_port, http_port)
    log.info("serving %s and %s for %s", twin.base, twin.http_base, home)
    try:
        await _until_idle(app, twin, settings.idle_seconds, stop)
    finally:
        if _is_ours(home):
            (home / RECORD).unlink(missing_ok=True)
        for server in servers:
            server.should_exit = True
        await asyncio.gather(*serving)
        await twin.stop()
        log.info("stopped")


async def _until_idle(app: App, twin: Twin, idle_seconds: float, stop: asyncio.Event) -> None:
    """Return when told to stop, or when nothing was asked for so long and no job runs."""
    while not stop.is_set():
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(stop.wait(), _TICK)
        if any(busy() for busy in twin.busy):
            app.last_request = time.monotonic()
        if time.monotonic() - app.last_request > idle_seconds:
            log.info("nothing asked for %.0f s: stopping", idle_seconds)
            return
        if not _is_ours(twin.home):  # deleted by hand: nobody can find this process any more, or stop it
            log.info("%s is not this process's any more: stopping", twin.home)
            return


def _is_ours(home: Path) -> bool:
    """Whether the folder still says that this process serves it."""
    try:
        return bool(json.loads((home / RECORD).read_bytes())["pid"] == os.getpid())
    except (OSError, ValueError, KeyError, TypeError):
        return False


def _server(app: App, tls: tuple[Path, Path] | None) -> Server:
    config = uvicorn.Config(
        app,
        http="httptools",
        ws="none",
        lifespan="off",
        interface="asgi3",
        log_config=None,
        access_log=False,
        server_header=False,
        proxy_headers=False,
        timeout_keep_alive=75,
        ssl_certfile=tls[0] if tls else None,
        ssl_keyfile=tls[1] if tls else None,
        ssl_version=ssl.PROTOCOL_TLS_SERVER,
    )
    return Server(config)


def _lock(home: Path) -> IO[str]:
    file = (home / "twin.lock").open("a+", encoding="utf-8")
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError as error:
        file.seek(0)
        holder = file.read().strip() or "unknown"
        file.close()
        raise CannotServe(
            f"{home}: a twin already runs for this home (process {holder}); stop it first: twinloop twin stop"
        ) from error
    file.truncate(0)
    file.write(str(os.getpid()))
    file.flush()
    return file


def _sockets(home: Path, settings: Settings) -> tuple[socket.socket, socket.socket]:
    """The two listening sockets, on the ports of this home; chosen once and kept."""
    file = home / "ports.json"
    kept = _kept(file)
    wanted = {
        "httpsPort": settings.https_port if settings.https_port is not None else kept.get("httpsPort", 0),
        "httpPort": settings.http_port if settings.http_port is not None else kept.get("httpPort", 0),
    }
    bound = {name: _bind(port, name, file) for name, port in wanted.items()}
    ports = {name: sock.getsockname()[1] for name, sock in bound.items()}
    if ports != kept:
        write_private(file, json.dumps(ports).encode())
    return bound["httpsPort"], bound["httpPort"]


def _kept(file: Path) -> dict[str, int]:
    """The ports of this home; none if it has none, or if they cannot be read: they are only habit."""
    try:
        found = json.loads(file.read_text("utf-8"))
        return {name: int(found[name]) for name in ("httpsPort", "httpPort")}
    except FileNotFoundError:
        return {}
    except (ValueError, KeyError, TypeError):
        log.warning("%s is damaged: other ports are chosen", file)
        return {}


def _bind(port: int, name: str, file: Path) -> socket.socket:
    sock = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        sock.bind((HOST, port))
        sock.listen(2048)
    except OSError as error:
        sock.close()
        raise CannotServe(
            f"port {port} ({name} of {file}) is taken by {_holder(port)}: {error.strerror}; stop that "
            "program, or remove that file for other ports (clients must then be pointed anew)"
        ) from error
    return sock


def _holder(port: int) -> str:
    """The program that listens on a port, as far as this system tells."""
    with contextlib.suppress(OSError):
        inode = next(
            (
                fields[9]
                for line in Path("/proc/net/tcp").read_text("ascii").splitlines()[1:]
                if (fields := line.split())[1].endswith(f":{port:04X}") and fields[3] == "0A"
            ),
            None,
        )
        for process in Path("/proc").iterdir() if inode else ():
            with contextlib.suppress(OSError):
                if any(str(fd.readlink()) == f"socket:[{inode}]" for fd in (process / "fd").iterdir()):
                    words = (process / "cmdline").read_bytes().replace(b"\0", b" ").decode(errors="replace")
                    return f"process {process.name} ({words.strip()[:120]})"
    return "another program"


def _announce(home: Path, https_port: int, http_port: int) -> None:
    doc = {
        "pid": os.getpid(),
        "httpsPort": https_port,
        "httpPort": http_port,
        "startedAt": datetime.now(UTC).isoformat(),
        "home": str(home),
        "version": __version__,
    }
    write_private(home / RECORD, json.dumps(doc).encode())


def _log_to(file: Path) -> None:
    from logging.handlers import RotatingFileHandler

    file.parent.mkdir(parents=True, exist_ok=True)
    handler = RotatingFileHandler(file, maxBytes=10_000_000, backupCount=2, encoding="utf-8")
    handler.setFormatter(logging.Formatter("%(asctime)s %(levelname)s %(name)s %(message)s"))
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(logging.INFO)


def _loop_factory() -> Callable[[], asyncio.AbstractEventLoop] | None:
    try:
        import uvloop
    except ImportError:
        return None
    new_loop: Callable[[], asyncio.AbstractEventLoop] = uvloop.new_event_loop
    return new_loop
