"""The twin as a process: what survives, what is refused, what is private."""

from __future__ import annotations

import json
import os
import shutil
import socket
import ssl
import stat
import subprocess
import sys
import threading
import time
from pathlib import Path

import httpx
import pytest

from twinloop.localazure.process import Settings, _sockets

IDENTITY = "Microsoft.ManagedIdentity/userAssignedIdentities"


def _identity_path(group, name):
    return f"{group}/providers/{IDENTITY}/{name}?api-version=2023-01-31"


def _serve(home, *options):
    command = [sys.executable, "-m", "twinloop.localazure", "--home", str(home), *options]
    return subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)


def test_state_ports_and_tokens_survive_a_restart(make_twin):
    twin = make_twin()
    group = twin.make_group("rg-kept")
    before, token = (twin.base, twin.http_base), twin.token()
    twin.restart()
    assert (twin.base, twin.http_base) == before
    assert twin.token() == token
    assert twin.call("GET", f"{group}?api-version=2024-03-01").json()["name"] == "rg-kept"


def test_what_was_acknowledged_before_a_kill_is_there_after_it(make_twin):
    twin = make_twin()
    group = twin.make_group()
    acknowledged: list[str] = []

    def put_until_killed():
        for number in range(10_000):
            try:
                reply = twin.call("PUT", _identity_path(group, f"id-{number}"), {"location": twin.location})
            except (httpx.HTTPError, RuntimeError):
                return
            if reply.status_code == 201:
                acknowledged.append(f"id-{number}")

    client = twin.client  # the thread keeps this one while the process dies
    thread = threading.Thread(target=put_until_killed)
    thread.start()
    while len(acknowledged) < 30:
        time.sleep(0.005)
    twin.process.kill()
    thread.join()
    client.close()
    twin.kill()
    twin.start()
    listed = twin.call("GET", f"{group}/providers/{IDENTITY}?api-version=2023-01-31").json()["value"]
    names = {one["name"] for one in listed}
    assert set(acknowledged) <= names
    assert len(names - set(acknowledged)) <= 1  # the one whose answer was on its way
    for one in listed:  # whole: the principal was entered with it, or neither is there
        role = "acdd72a7-3385-48ef-bd42-f606fba81ae7"
        assert twin.grant(one["properties"]["principalId"], role, group).status_code == 201


def test_a_stop_is_clean_and_takes_the_announcement_away(make_twin):
    twin = make_twin()
    assert (twin.home / "twin.json").exists()
    assert twin.stop() == 0
    assert not (twin.home / "twin.json").exists()
    assert "stopped" in (twin.home / "log" / "twin.log").read_text()


def test_the_announcement_says_who_serves_where(twin_server):
    assert twin_server.info["pid"] == twin_server.process.pid
    assert twin_server.info["home"] == str(twin_server.home)
    assert json.loads((twin_server.home / "ports.json").read_text()) == {
        "httpsPort": twin_server.info["httpsPort"],
        "httpPort": twin_server.info["httpPort"],
    }


def test_a_second_process_for_the_same_home_is_refused_with_the_first_ones_id(twin_server):
    ended = _serve(twin_server.home)
    assert ended.returncode == 1
    assert "already runs" in ended.stderr
    assert str(twin_server.process.pid) in ended.stderr


def test_a_taken_port_is_refused_with_the_program_that_holds_it(tmp_path):
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        port = other.getsockname()[1]
        (tmp_path / "ports.json").write_text(json.dumps({"httpsPort": port, "httpPort": 0}))
        ended = _serve(tmp_path)
    assert ended.returncode == 1
    assert f"port {port}" in ended.stderr
    assert f"{tmp_path}/ports.json" in ended.stderr
    assert "remove that file" in ended.stderr
    if Path("/proc/net/tcp").exists():
        assert f"process {os.getpid()}" in ended.stderr


@pytest.mark.parametrize("damaged", ["", "xx", "[]", '{"httpsPort": "a"}'])
def test_damaged_ports_are_chosen_anew(tmp_path, damaged):
    (tmp_path / "ports.json").write_text(damaged)
    https, http = _sockets(tmp_path, Settings(tmp_path))
    with https, http:
        assert json.loads((tmp_path / "ports.json").read_text()) == {
            "httpsPort": https.getsockname()[1],
            "httpPort": http.getsockname()[1],
        }


def test_a_seed_that_is_none_is_refused_in_words(tmp_path):
    (tmp_path / "seed.json").write_text('{"tenantId": "t", "persons": []}')
    ended = _serve(tmp_path)
    assert ended.returncode == 1
    assert "unknown keys ['persons']" in ended.stderr


def test_it_ends_by_itself_when_nothing_is_asked(make_twin):
    twin = make_twin("--idle-seconds", "1")
    assert twin.process.wait(20) == 0
    assert "stopping" in (twin.home / "log" / "twin.log").read_text()


def test_it_is_bound_to_loopback_only(twin_server):
    for port in (twin_server.info["httpsPort"], twin_server.info["httpPort"]):
        addresses = [
            fields[1]
            for line in Path("/proc/net/tcp").read_text().splitlines()[1:]
            if (fields := line.split())[1].endswith(f":{port:04X}") and fields[3] == "0A"
        ]
        assert addresses == [f"0100007F:{port:04X}"]


def test_secrets_lie_in_files_that_only_their_owner_reads(twin_server):
    home = twin_server.home
    for name in (
        "twin.key",
        "personas.json",
        "azure/token.key",
        "azure/ca.key",
        "azure/server.key",
        "azure/twin.sqlite3",
    ):
        assert stat.S_IMODE((home / name).stat().st_mode) == 0o600, name


def test_no_secret_reaches_the_log_or_the_state(make_twin):
    twin = make_twin()
    secrets = [twin.token(), twin.secret("infra-engineer"), twin.admin_key]
    twin.make_group()
    form = {
        "grant_type": "client_credentials",
        "client_id": "infra-engineer",
        "client_secret": secrets[1],
        "scope": "x",
    }
    twin.client.post(f"/{twin.tenant}/oauth2/v2.0/token", data=form)
    twin.call("GET", "/subscriptions/unknown/route?sig=SECRETSIG")
    twin.client.get("/_twin/seed", headers={"Authorization": f"Bearer {secrets[2]}"})
    twin.stop()
    written = b"".join(
        file.read_bytes()
        for file in [*(twin.home / "log").iterdir(), *(twin.home / "azure").glob("twin.sqlite3*")]
    )
    for secret in [*secrets, "SECRETSIG"]:
        assert secret.encode() not in written


def test_it_is_light(twin_server):
    if not Path("/proc/self/status").exists():
        pytest.skip("no /proc here")
    twin_server.make_group()
    lines = Path(f"/proc/{twin_server.process.pid}/status").read_text().splitlines()
    rss = next(int(line.split()[1]) for line in lines if line.startswith("VmRSS"))
    assert rss < 150 * 1024


def test_nothing_heavy_is_imported_to_serve():
    code = (
        "import sys; from twinloop.localazure import app; list(app._modules()); "
        "heavy = {'pandas', 'mlflow', 'azure', 'numpy', 'pulumi', 'sklearn', 'pydantic'} & set(sys.modules); "
        "sys.exit(str(heavy) if heavy else 0)"
    )
    ended = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert ended.returncode == 0, ended.stderr


def test_an_unknown_operation_is_refused_loudly_and_logged(twin_server):
    path = f"/subscriptions/{twin_server.subscription}/providers/Microsoft.Quantum/workspaces"
    reply = twin_server.call("PUT", path)
    assert reply.status_code == 501
    assert reply.json()["error"]["code"] == "NotEmulated"
    assert f"not emulated: PUT {path}" in reply.json()["error"]["message"]
    assert f"not emulated: PUT {path}" in (twin_server.home / "log" / "twin.log").read_text()


def test_it_lists_what_it_emulates_from_its_routes(twin_server):
    from checks.catalogue.resource_types import resource_types

    reply = twin_server.client.get("/_twin/emulates").json()
    listed = {(row["method"], row["path"].lower().replace(":path}", "}")) for row in reply["operations"]}
    for row in resource_types().values():
        for method in ("GET", "PUT"):
            names = row.path.lower()
            assert any(m == method and _same_shape(path, names) for m, path in listed), (method, row.path)
    assert reply["count"] == len(reply["operations"])


def _same_shape(one, other):
    def shape(path):
        return ["{}" if part.startswith("{") else part for part in path.split("/")]

    return shape(one) == shape(other)


def test_status_says_who_is_served(twin_server):
    status = twin_server.client.get("/_twin/status").json()
    assert status["tenantId"] == twin_server.tenant
    assert status["base"] == twin_server.base
    assert status["home"] == str(twin_server.home)


def test_a_changed_seed_is_taken_over_and_kept_but_only_from_who_holds_the_key(make_twin):
    twin = make_twin()
    doc = json.loads((twin.home / "seed.json").read_text())
    doc["personas"].append(
        {"name": "newcomer", "objectId": twin.object_id("newcomer"), "kind": "User", "groups": []}
    )
    refused = twin.client.post("/_twin/seed", json=doc, headers={"Authorization": "Bearer wrong"})
    assert refused.status_code == 401
    headers = {"Authorization": f"Bearer {twin.admin_key}"}
    assert twin.client.post("/_twin/seed", json=doc, headers=headers).status_code == 200
    assert twin.token("newcomer")
    twin.restart()
    assert twin.secret("newcomer")
    doc["tenantId"] = "00000000-0000-4000-8000-00000000bbbb"
    other = twin.client.post("/_twin/seed", json=doc, headers=headers)
    assert other.status_code == 400
    assert "reset it first" in other.json()["error"]["message"]


def test_only_a_manual_clock_can_be_moved(twin_server):
    headers = {"Authorization": f"Bearer {twin_server.admin_key}"}
    reply = twin_server.client.post("/_twin/clock", json={"advanceSeconds": 5}, headers=headers)
    assert reply.status_code == 400
    assert "--manual-clock" in reply.json()["error"]["message"]


def test_the_bundle_holds_the_users_certificates_and_the_twins(tmp_path):
    own = tmp_path / "corporate.pem"
    own.write_text("-----BEGIN CERTIFICATE-----\nTUlJ\n-----END CERTIFICATE-----\n")
    from twinloop.localazure.core.certificates import ensure

    home = tmp_path / "home"
    (home / "azure").mkdir(parents=True)
    ensure(home, {"REQUESTS_CA_BUNDLE": str(own)})
    bundle = (home / "ca-bundle.pem").read_text()
    assert bundle == own.read_text().rstrip() + "\n" + (home / "ca.pem").read_text()
    ca = (home / "ca.pem").read_text()
    ensure(home, {"REQUESTS_CA_BUNDLE": str(home / "ca-bundle.pem")})
    assert (home / "ca.pem").read_text() == ca


def _tls_socket(twin):
    context = ssl.create_default_context(cafile=str(twin.home / "ca.pem"))
    return context.wrap_socket(
        socket.create_connection(("localhost", twin.info["httpsPort"]), 30), server_hostname="localhost"
    )


def test_a_request_in_work_is_answered_before_the_process_ends(make_twin):
    twin = make_twin()
    path = f"/subscriptions/{twin.subscription}/resourceGroups/rg-late?api-version=2024-03-01"
    body = json.dumps({"location": twin.location}).encode()
    head = (
        f"PUT {path} HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n"
        f"Authorization: Bearer {twin.token()}\r\nContent-Length: {len(body)}\r\n\r\n"
    )
    with _tls_socket(twin) as asking:
        asking.sendall(head.encode() + body[:3])
        assert twin.call("GET", f"{path.replace('rg-late', 'rg-none')}").status_code == 404
        twin.process.terminate()
        _until_nobody_listens(twin.info["httpsPort"])
        asking.sendall(body[3:])
        assert asking.recv(65536).startswith(b"HTTP/1.1 201")
    assert twin.process.wait(30) == 0


def test_connections_that_idle_do_not_hold_up_the_end(make_twin):
    twin = make_twin()
    held = [_tls_socket(twin) for _ in range(3)]
    for asking in held:
        asking.sendall(b"GET /_twin/status HTTP/1.1\r\nHost: localhost\r\n\r\n")
        assert asking.recv(65536).startswith(b"HTTP/1.1 200")
    assert twin.stop() == 0
    assert "cut off" not in (twin.home / "log" / "twin.log").read_text()
    for asking in held:
        asking.close()


def _until_nobody_listens(port):
    for _ in range(1000):
        try:
            socket.create_connection(("127.0.0.1", port), 1).close()
        except OSError:
            return
        time.sleep(0.01)
    pytest.fail("it still listens")


def test_a_twin_whose_folder_was_deleted_ends_by_itself(make_twin):
    twin = make_twin()
    shutil.rmtree(twin.home)
    assert twin.process.wait(timeout=10) is not None


def test_a_twin_does_not_take_away_the_record_of_another_that_serves_its_folder_now(make_twin):
    twin = make_twin()
    record = twin.home / "twin.json"
    of_another = json.loads(record.read_text()) | {"pid": 1}
    record.write_text(json.dumps(of_another))
    twin.process.wait(timeout=10)
    assert json.loads(record.read_text()) == of_another
