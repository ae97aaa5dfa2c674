"""The twin of a checkout: find it, start it on demand, stop it, forget it."""

from __future__ import annotations

import http.client
import json
import os
import shutil
import ssl
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from twinloop.clouds import process
from twinloop.problems import Kind, Problem, Refused

if TYPE_CHECKING:
    from collections.abc import Iterator

    from twinloop.clouds.home import Home

START_PATIENCE = 90.0  # seconds; a start takes under one, on a machine with much else to do far longer
CALL_PATIENCE = 30.0
NOBODY = 1  # a port nobody listens on: of a home whose twin was never started


class TwinUnreachable(Problem):
    """The local Azure does not answer."""

    kind = Kind.TWIN_UNREACHABLE


@dataclass(frozen=True)
class Twin:
    """A twin that serves: where it listens and what it is."""

    home: Home
    pid: int
    https_port: int
    http_port: int
    started_at: str
    version: str

    @property
    def host(self) -> str:
        """`localhost:PORT` of everything that needs TLS."""
        return f"localhost:{self.https_port}"

    @property
    def base(self) -> str:
        """Base address of ARM, Entra and the data planes."""
        return f"https://{self.host}"

    @property
    def http_base(self) -> str:
        """Base address of what is asked without TLS: metadata, discovery, identity tokens."""
        return f"http://127.0.0.1:{self.http_port}"

    def call(self, method: str, path: str, body: object = None) -> Any:
        """One of the twin's own `/_twin/...` addresses, as its administrator.

        Raises:
            TwinUnreachable: it does not answer.
            Refused: it does not take this.
        """
        context = ssl.create_default_context(cafile=str(self.home.authority))
        connection = http.client.HTTPSConnection(
            "localhost", self.https_port, timeout=CALL_PATIENCE, context=context
        )
        headers = {"Authorization": f"Bearer {self.home.key.read_text().strip()}"}
        sent = None if body is None else json.dumps(body)
        try:
            connection.request(method, path, sent, headers | {"Content-Type": "application/json"})
            answer = connection.getresponse()
            text = answer.read()
        except OSError as error:
            raise unreachable(self.home, f"{method} {self.base}{path}: {error}") from error
        finally:
            connection.close()
        content = json.loads(text) if text else None
        if answer.status >= http.client.BAD_REQUEST:
            raise _not_taken(self, path, answer.status, content)
        return content


def unreachable(home: Home, given: str) -> TwinUnreachable:
    """The one way to say that the twin does not answer."""
    return TwinUnreachable(
        "The local Azure does not answer.",
        where=str(home.record),
        given=given,
        next_step="twinloop twin start   (its log: twinloop twin logs)",
    )


def _not_taken(twin: Twin, path: str, status: int, answer: Any) -> Refused:
    error = answer.get("error", {}) if isinstance(answer, dict) else {}
    return Refused(
        "The local Azure does not take this.",
        where=f"{twin.base}{path}",
        given=f"{status} {error.get('code', '')}: {error.get('message', answer)}",
        next_step="twinloop twin reset   (deletes all it holds), then run the command again",
    )


def running(home: Home) -> Twin | None:
    """The twin of this home if it serves now; None when it is not there or has died."""
    twin = _recorded(home)
    return twin if twin is not None and _answers(twin) else None


def remembered(home: Home) -> Twin:
    """Where the twin of this home listens when it serves; nothing is asked, and it may not serve now."""
    try:
        ports = json.loads((home.root / "ports.json").read_text())
        https, http = int(ports["httpsPort"]), int(ports["httpPort"])
    except (OSError, ValueError, KeyError, TypeError):
        https = http = NOBODY
    return Twin(home=home, pid=0, https_port=https, http_port=http, started_at="", version="")


def start(home: Home, *, version: str) -> tuple[Twin, bool]:
    """The twin of this home, started if it does not serve; two callers at once start one.

    Returns:
        The twin, and whether this call started it.

    Raises:
        TwinUnreachable: it did not come up; the end of its log is shown.
    """
    if (twin := running(home)) is not None and twin.version == version:
        return twin, False
    home.make()
    with process.exclusively(home.lock):
        twin = running(home)
        if twin is not None and twin.version == version:
            return twin, False
        if twin is not None or (twin := _recorded(home)) is not None:
            process.end(twin.pid, home.root)  # one of an older version, or one that no longer answers
        home.record.unlink(missing_ok=True)
        child = process.spawn(home.root, home.log, own_environment())
        deadline = time.monotonic() + START_PATIENCE
        while time.monotonic() < deadline and child.poll() is None:
            twin = _recorded(home)
            if twin is not None and twin.pid == child.pid and _answers(twin):
                return twin, True
            time.sleep(process.POLL)
        if child.poll() is None:
            process.end(child.pid, home.root)
        raise _did_not_start(home, child.poll())


def stop(home: Home) -> bool:
    """End the twin and wait until it has; what it holds stays.

    Returns:
        Whether there was one.
    """
    if not home.root.exists():
        return False
    with process.exclusively(home.lock):
        twin = _recorded(home)
        if twin is not None:
            process.end(twin.pid, home.root)
        home.record.unlink(missing_ok=True)
        return twin is not None


def reset(home: Home) -> None:
    """Stop the twin and delete all it holds, and the state of every stack on it.

    Ports, certificate authority and passphrase stay, so that what was set in other shells goes on working.
    """
    stop(home)
    if home.state.exists():
        shutil.rmtree(home.state)
    for path in sorted(home.azure.iterdir()) if home.azure.exists() else ():
        if path.is_dir():
            shutil.rmtree(path)
        elif path.name not in _OF_THE_AUTHORITY:
            path.unlink()
    for copy in home.root.glob("Pulumi.*.yaml"):
        copy.unlink()


def log_lines(home: Home, last: int) -> list[str]:
    """The last lines of the twin's log, oldest first."""
    if not home.log.exists():
        return []
    return home.log.read_text(errors="replace").splitlines()[-last:]


def follow_log(home: Home) -> Iterator[str]:
    """Lines of the log as they are written, until the caller stops asking."""
    home.log.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    with home.log.open("a+", errors="replace") as stream:
        stream.seek(0, os.SEEK_END)
        while True:
            line = stream.readline()
            if line:
                yield line.rstrip("\n")
            else:
                time.sleep(0.2)


def own_environment() -> dict[str, str]:
    """This process's variables, without those that point clients at a twin as someone."""
    from twinloop.clouds.environment import NAMES

    return {name: value for name, value in os.environ.items() if name not in NAMES or name in _KEPT}


_OF_THE_AUTHORITY = {"ca.key", "server.key", "server.pem"}
_KEPT = {"REQUESTS_CA_BUNDLE", "SSL_CERT_FILE", "NO_PROXY", "no_proxy"}


def _recorded(home: Home) -> Twin | None:
    try:
        record = json.loads(home.record.read_text())
        twin = Twin(
            home=home,
            pid=int(record["pid"]),
            https_port=int(record["httpsPort"]),
            http_port=int(record["httpPort"]),
            started_at=str(record["startedAt"]),
            version=str(record["version"]),
        )
    except (OSError, ValueError, KeyError, TypeError):
        return None
    return twin if process.is_twin(twin.pid, home.root) else None


def _answers(twin: Twin) -> bool:
    """Whether this home's twin listens there (a port may have been taken by something else)."""
    connection = http.client.HTTPConnection("127.0.0.1", twin.http_port, timeout=CALL_PATIENCE)
    try:
        connection.request("GET", "/metadata/endpoints?api-version=2022-09-01")
        answer = json.loads(connection.getresponse().read())
    except (OSError, ValueError, http.client.HTTPException):
        return False
    finally:
        connection.close()
    mark = answer.get("twinloop", {}) if isinstance(answer, dict) else {}
    return bool(mark.get("twin")) and str(mark.get("home")) == str(twin.home.root)


def _did_not_start(home: Home, status: int | None) -> TwinUnreachable:
    return TwinUnreachable(
        "The local Azure did not start.",
        where=str(home.log),
        given=f"exit status {status}" if status is not None else f"no answer after {START_PATIENCE:.0f} s",
        allowed="its last words:\n" + "\n".join(log_lines(home, 15)),
        next_step="twinloop twin logs   (then, if its data is damaged: twinloop twin reset)",
    )
