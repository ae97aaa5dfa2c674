"""API servers to drive the provider against: the twin's, and a real kube-apiserver where one is found."""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
import time
import uuid
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import pytest
import yaml
from pulumi.runtime.proto import provider_pb2

from tests.localazure.kubernetes.conftest import CLUSTER_ADMIN, SERVER_ID, make_cluster
from twinloop.providers.kubernetes.provider import KubernetesProvider
from twinloop.providers.values import from_struct, to_struct


@dataclass
class Server:
    """An API server, and how a provider of this process reaches it."""

    kubeconfig: str
    environment: dict[str, str]
    real: bool = False


class Engine:
    """The calls of an engine, in its order, with plain values."""

    def __init__(self, server: Server, **settings: Any) -> None:
        self.provider = KubernetesProvider()
        given = to_struct({"kubeconfig": server.kubeconfig, **settings}, ["kubeconfig"])
        self.provider.Configure(provider_pb2.ConfigureRequest(args=given, acceptSecrets=True), None)

    def check(self, token: str, name: str, inputs: dict[str, Any], old: Any = None) -> tuple[str, Any]:
        urn = f"urn:pulumi:dev::twinloop::kubernetes:{token}::{name}"
        request = provider_pb2.CheckRequest(
            urn=urn, olds=to_struct(old or {}), news=to_struct(inputs), randomSeed=name.encode() * 4
        )
        answer = self.provider.Check(request, None)
        assert not answer.failures, [f"{one.property}: {one.reason}" for one in answer.failures]
        return urn, from_struct(answer.inputs).values

    def create(self, token: str, name: str, inputs: dict[str, Any]) -> dict[str, Any]:
        urn, checked = self.check(token, name, inputs)
        request = provider_pb2.CreateRequest(urn=urn, properties=to_struct(checked))
        answer = self.provider.Create(request, None)
        return {
            "urn": urn,
            "id": answer.id,
            "inputs": checked,
            "outputs": from_struct(answer.properties).values,
        }

    def diff(self, made: dict[str, Any], inputs: dict[str, Any]) -> Any:
        token, name = made["urn"].split("::")[2].removeprefix("kubernetes:"), made["urn"].split("::")[3]
        _, checked = self.check(token, name, inputs, made["inputs"])
        request = provider_pb2.DiffRequest(
            urn=made["urn"],
            id=made["id"],
            old_inputs=to_struct(made["inputs"]),
            olds=to_struct(made["outputs"]),
            news=to_struct(checked),
        )
        return self.provider.Diff(request, None)

    def update(self, made: dict[str, Any], inputs: dict[str, Any]) -> dict[str, Any]:
        token, name = made["urn"].split("::")[2].removeprefix("kubernetes:"), made["urn"].split("::")[3]
        _, checked = self.check(token, name, inputs, made["inputs"])
        request = provider_pb2.UpdateRequest(
            urn=made["urn"], id=made["id"], olds=to_struct(made["outputs"]), news=to_struct(checked)
        )
        answer = self.provider.Update(request, None)
        return {**made, "inputs": checked, "outputs": from_struct(answer.properties).values}

    def read(self, made: dict[str, Any]) -> dict[str, Any] | None:
        request = provider_pb2.ReadRequest(
            urn=made["urn"],
            id=made["id"],
            inputs=to_struct(made["inputs"]),
            properties=to_struct(made["outputs"]),
        )
        answer = self.provider.Read(request, None)
        if not answer.id:
            return None
        return {
            **made,
            "inputs": from_struct(answer.inputs).values,
            "outputs": from_struct(answer.properties).values,
        }

    def delete(self, made: dict[str, Any]) -> None:
        request = provider_pb2.DeleteRequest(
            urn=made["urn"], id=made["id"], properties=to_struct(made["outputs"])
        )
        self.provider.Delete(request, None)


def kubeconfig(server: str, user: dict[str, Any], **cluster: Any) -> str:
    return yaml.safe_dump(
        {
            "apiVersion": "v1",
            "kind": "Config",
            "current-context": "it",
            "clusters": [{"name": "it", "cluster": {"server": server, **cluster}}],
            "contexts": [{"name": "it", "context": {"cluster": "it", "user": "me"}}],
            "users": [{"name": "me", "user": user}],
        }
    )


KUBELOGIN = {
    "exec": {
        "apiVersion": "client.authentication.k8s.io/v1beta1",
        "command": "kubelogin",
        "args": ["get-token", "--login", "devicecode", "--server-id", SERVER_ID],
        "interactiveMode": "IfAvailable",
    }
}


@pytest.fixture(scope="module")
def twin_api(twin_server: Any) -> Server:
    made = make_cluster(twin_server, twin_server.make_group())
    assert twin_server.grant("infra-engineer", CLUSTER_ADMIN, made.id).status_code < 300
    return Server(kubeconfig(made.url, KUBELOGIN), twin_server.env())


@pytest.fixture(scope="session")
def real_api(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """A kube-apiserver with etcd, of PATH or KUBEBUILDER_ASSETS."""
    folder = os.environ.get("KUBEBUILDER_ASSETS", "")
    found = {name: shutil.which(name, path=folder or None) for name in ("kube-apiserver", "etcd")}
    missing = [name for name, path in found.items() if path is None]
    if missing:
        pytest.skip(
            f"{' and '.join(missing)} not found on PATH or in KUBEBUILDER_ASSETS; setup/kubernetes/build.sh "
            "FOLDER builds them"
        )
    home = tmp_path_factory.mktemp("kube")
    started: list[subprocess.Popen[bytes]] = []
    try:
        yield _start(home, {name: str(path) for name, path in found.items()}, started)
    finally:
        for process in reversed(started):
            process.terminate()
            process.wait(20)


def _start(home: Path, programs: dict[str, str], started: list[subprocess.Popen[bytes]]) -> Server:
    client, peer, api = (_free_port() for _ in range(3))
    token = uuid.uuid4().hex
    (home / "tokens.csv").write_text(f"{token},admin,1,system:masters\n")
    key = home / "sa.key"
    subprocess.run(["openssl", "genrsa", "-out", str(key), "2048"], check=True, capture_output=True)
    etcd = f"http://127.0.0.1:{client}"

    def run(name: str, *words: str) -> None:
        with (home / f"{name}.log").open("wb") as log:
            started.append(subprocess.Popen([programs[name], *words], stdout=log, stderr=log))

    run(
        "etcd", "--data-dir", str(home / "etcd"), "--unsafe-no-fsync", "--listen-client-urls", etcd,
        "--advertise-client-urls", etcd, "--listen-peer-urls", f"http://127.0.0.1:{peer}",
    )  # fmt: skip
    run(
        "kube-apiserver", "--etcd-servers", etcd, "--secure-port", str(api), "--bind-address", "127.0.0.1",
        "--cert-dir", str(home / "certs"), "--token-auth-file", str(home / "tokens.csv"),
        "--authorization-mode", "RBAC", "--service-account-key-file", str(key),
        "--service-account-signing-key-file", str(key), "--service-account-issuer", "https://tests",
        "--service-cluster-ip-range", "10.0.0.0/24",
        # no controller manager gives namespaces the account that this plugin wants
        "--disable-admission-plugins", "ServiceAccount",
    )  # fmt: skip
    server = f"https://127.0.0.1:{api}"
    _until_ready(server, token, home)
    text = kubeconfig(server, {"token": token}, **{"insecure-skip-tls-verify": True})
    return Server(text, {"TWINLOOP_KUBERNETES_ALLOW": f"127.0.0.1:{api}"}, real=True)


def _until_ready(server: str, token: str, home: Path) -> None:
    end = time.monotonic() + 60
    while True:
        try:
            reply = httpx.get(
                f"{server}/readyz",
                headers={"Authorization": f"Bearer {token}"},
                verify=False,  # noqa: S501 - its certificate is of its own making
                trust_env=False,
            )
            if reply.status_code == 200:
                return
        except httpx.HTTPError:
            pass
        if time.monotonic() > end:
            pytest.fail(f"no API server in 60 s: {(home / 'kube-apiserver.log').read_text()[-2000:]}")
        time.sleep(0.1)


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@pytest.fixture(params=["twin", "kube-apiserver"])
def server(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> Server:
    """Each of both in turn: what holds for one must hold for the other."""
    made: Server = request.getfixturevalue("twin_api" if request.param == "twin" else "real_api")
    for name in ("ARM_METADATA_HOSTNAME", "TWINLOOP_KUBERNETES_ALLOW"):
        monkeypatch.delenv(name, raising=False)
    for name, value in made.environment.items():
        monkeypatch.setenv(name, value)
    return made


@pytest.fixture
def engine(server: Server) -> Engine:
    return Engine(server)


@pytest.fixture
def own_namespace(engine: Engine, server: Server) -> Callable[[], dict[str, Any]]:
    """Makes namespaces; those of a real API server stay, for no controller ends them."""
    return lambda: engine.create("core/v1:Namespace", f"team-{uuid.uuid4().hex[:6]}", {"metadata": {}})
