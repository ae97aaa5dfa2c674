"""The local Azure beside a bare Starlette + SQLite app: one resource, GET and PUT, durable, over TLS."""

from __future__ import annotations

import contextlib
import dataclasses
import json
import os
import shutil
import socket
import ssl
import statistics
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path

import httpx

from benchmarks.measure import Figure, percentile

CALLS = 400  # of each kind and peer, in blocks in turn
BLOCK = 50
CLIENTS = 8
GROUP = "/subscriptions/{subscription}/resourceGroups/rg-bench"
ACCOUNT = (
    GROUP + "/providers/Microsoft.ManagedIdentity/userAssignedIdentities/id-bench?api-version=2023-01-31"
)
BODY = {"location": "westeurope", "tags": {"environment": "bench", "owner": "bench"}}


@dataclass(frozen=True)
class Peer:
    """One server under measurement."""

    client: httpx.Client
    path: str
    body: dict[str, object] = field(default_factory=lambda: dict(BODY))
    tls: ssl.SSLContext | bool = True

    def another(self) -> httpx.Client:
        """A client with a connection of its own."""
        return httpx.Client(
            base_url=self.client.base_url,
            headers=self.client.headers,
            verify=self.tls,
            trust_env=False,
            timeout=30,
        )

    def call(self, method: str) -> float:
        """Milliseconds of one request."""
        began = time.perf_counter()
        reply = self.client.request(
            method, self.path, json=self.body if method == "PUT" and self.body else None
        )
        took = time.perf_counter() - began
        reply.raise_for_status()
        return took * 1000


def measure(checkout: Path, scratch: Path) -> list[Figure]:
    """Start both, call them in turn, and stop them."""
    with _twin(checkout, scratch / "home") as (twin, start, memory), _bare(scratch) as bare:
        what = "start of the local Azure: the command, until it serves"
        figures = [Figure(what=what, ours=f"{start:.2f} s", goal="under 1 s", met=start < 1)]
        for method in ("PUT", "GET"):
            ours, theirs = _in_turn(twin, bare, method)
            ratio = statistics.median(ours) / statistics.median(theirs)
            shown = f"{statistics.median(ours):.2f} ms p50, {percentile(ours, 0.95):.2f} ms p95"
            beside = f"bare Starlette + SQLite {statistics.median(theirs):.2f} ms p50"
            figures.append(
                Figure(
                    what=f"ARM {method} of one resource, authorised, durable",
                    ours=shown,
                    peer=beside,
                    ratio=ratio,
                    goal="at most 3x",
                    met=ratio <= 3,
                )
            )
        figures += [_throughput(twin, bare, method) for method in ("PUT", "GET")]
        figures += _beside_moto(twin)
        what, used = "memory of its process after those calls", memory()
        figures.append(Figure(what=what, ours=f"{used:.0f} MB", goal="under 150 MB", met=used < 150))
        return figures


def _throughput(twin: Peer, bare: Peer, method: str) -> Figure:
    """Requests per second that many clients get through together; each on a connection of its own."""
    ours, theirs = (statistics.median(_rate(peer, method) for _ in range(3)) for peer in (twin, bare))
    return Figure(
        what=f"ARM {method}, {CLIENTS} clients at once",
        ours=f"{ours:.0f} a second",
        peer=f"bare Starlette + SQLite {theirs:.0f} a second",
        ratio=ours / theirs,
    )


def _rate(peer: Peer, method: str) -> float:
    peers = [dataclasses.replace(peer, client=peer.another()) for _ in range(CLIENTS)]
    with ThreadPoolExecutor(CLIENTS) as pool:
        list(pool.map(lambda one: one.call(method), peers))  # connections are made outside of the measure
        began = time.perf_counter()
        list(pool.map(lambda one: [one.call(method) for _ in range(BLOCK)], peers))
        took = time.perf_counter() - began
    for one in peers:
        one.client.close()
    return CLIENTS * BLOCK / took


def _beside_moto(twin: Peer) -> list[Figure]:
    """The field's best-known emulator: an S3 bucket on a moto server, in memory, no roles, plain http."""
    if not shutil.which("moto_server"):
        return [
            Figure(
                what="the same beside a moto server", ours="", note="no `moto_server` on PATH: not compared"
            )
        ]
    with _served(lambda port: ["moto_server", "-p", str(port)], http=True) as client:
        moto = Peer(client, "/bench-bucket", {})
        figures = []
        for method in ("PUT", "GET"):
            ours, theirs = _in_turn(twin, moto, method)
            ratio = statistics.median(ours) / statistics.median(theirs)
            figures.append(
                Figure(
                    what=f"the same {method} beside a moto server",
                    ours=f"{statistics.median(ours):.2f} ms p50",
                    peer=f"moto, S3 bucket in memory, {statistics.median(theirs):.2f} ms p50",
                    ratio=ratio,
                    goal="at most 0.5",
                    met=ratio <= 0.5,
                )
            )
        return figures


def _in_turn(twin: Peer, bare: Peer, method: str) -> tuple[list[float], list[float]]:
    ours: list[float] = []
    theirs: list[float] = []
    for peer in (twin, bare):
        for _ in range(BLOCK):
            peer.call(method)  # warm-up
    while len(ours) < CALLS:
        ours += [twin.call(method) for _ in range(BLOCK)]
        theirs += [bare.call(method) for _ in range(BLOCK)]
    return ours, theirs


@contextlib.contextmanager
def _twin(checkout: Path, home: Path) -> Iterator[tuple[Peer, float, Callable[[], float]]]:
    from twinloop.clouds.home import Home
    from twinloop.clouds.session import open_session

    os.environ["TWINLOOP_HOME"] = str(home)
    command = [sys.executable, "-m", "twinloop", "twin"]
    began = time.perf_counter()
    subprocess.run([*command, "start"], cwd=checkout, check=True, capture_output=True)
    start = time.perf_counter() - began
    try:
        session = open_session(Home(root=home, checkout=checkout), stack="dev", persona="infra-engineer")
        values = session.variables.values
        client = _client(str(values["SSL_CERT_FILE"]), f"https://{values['ARM_METADATA_HOSTNAME']}")
        token = client.get(
            str(values["IDENTITY_ENDPOINT"]),
            params={"api-version": "2019-08-01", "resource": "https://management.azure.com/"},
            headers={"X-IDENTITY-HEADER": str(values["IDENTITY_HEADER"])},
        ).json()["access_token"]
        client.headers["Authorization"] = f"Bearer {token}"
        subscription = str(values["ARM_SUBSCRIPTION_ID"])
        group = GROUP.format(subscription=subscription)
        client.put(f"{group}?api-version=2024-03-01", json={"location": "westeurope"}).raise_for_status()
        pid = json.loads((home / "twin.json").read_text())["pid"]
        tls = ssl.create_default_context(cafile=str(values["SSL_CERT_FILE"]))
        yield (
            Peer(client, ACCOUNT.format(subscription=subscription), tls=tls),
            start,
            lambda: _resident_mb(pid),
        )
    finally:
        subprocess.run([*command, "stop"], cwd=checkout, check=True, capture_output=True)


@contextlib.contextmanager
def _bare(scratch: Path) -> Iterator[Peer]:
    home = scratch / "home"
    certificate = [str(home / "azure" / "server.pem"), str(home / "azure" / "server.key")]
    module = [sys.executable, "-m", "benchmarks.peers.bare"]
    database = str(scratch / "bare.sqlite3")
    with _served(
        lambda port: [*module, str(port), database, *certificate], bundle=home / "ca-bundle.pem"
    ) as client:
        tls = ssl.create_default_context(cafile=str(home / "ca-bundle.pem"))
        yield Peer(client, ACCOUNT.format(subscription="s"), tls=tls)


@contextlib.contextmanager
def _served(
    command: Callable[[int], list[str]], *, bundle: Path | None = None, http: bool = False
) -> Iterator[httpx.Client]:
    """A server on a free port, once it answers, and a client on it."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    process = subprocess.Popen(command(port), stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    client = _client(str(bundle or ""), f"{'http' if http else 'https'}://localhost:{port}")
    try:
        for _ in range(400):
            with contextlib.suppress(httpx.TransportError):
                client.get("/")
                break
            time.sleep(0.05)
        yield client
    finally:
        process.terminate()
        process.wait()


def _client(bundle: str, base: str) -> httpx.Client:
    return httpx.Client(
        base_url=base, verify=ssl.create_default_context(cafile=bundle), trust_env=False, timeout=30
    )


def _resident_mb(pid: int) -> float:
    line = subprocess.run(
        ["ps", "-o", "rss=", "-p", str(pid)], capture_output=True, text=True, check=True
    ).stdout
    return int(line) / 1024
