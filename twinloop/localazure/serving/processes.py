"""The process of a deployment as the twin has it: started, asked, ended; it never outlives the twin."""

from __future__ import annotations

import asyncio
import contextlib
import os
import secrets
import signal
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from twinloop.localazure.serving.staging import Staged

if TYPE_CHECKING:
    import httpx

_PROBE = 2.0  # seconds; the probe's timeout in Azure ML, where a deployment sets none
_GRACE = 5.0  # seconds between the polite signal and the other


class NotReady(Exception):
    """A process that ended, or did not answer in time; the message says which."""


@dataclass(frozen=True)
class Answer:
    """What a process answered."""

    status: int
    content: bytes
    kind: str


class Scorer:
    """A process that scores, on a port of loopback that answers to a secret only."""

    def __init__(self, process: asyncio.subprocess.Process, secret: str) -> None:
        self._process = process
        self._secret = secret
        self._client: httpx.AsyncClient | None = None

    @classmethod
    async def start(cls, staged: Staged, more: Mapping[str, str], log: Path, patience: float) -> Scorer:
        """A process that has answered its probe.

        Args:
            staged: what it is started with.
            more: variables that are secrets.
            log: the file for all that it says.
            patience: seconds until it is given up.

        Raises:
            NotReady: it ended, or did not answer in time.
        """
        with log.open("ab") as words:
            process = await asyncio.create_subprocess_exec(
                *staged.arguments,
                cwd=staged.folder,
                env={**staged.variables, **more},
                stdin=asyncio.subprocess.PIPE,
                stdout=asyncio.subprocess.PIPE,
                stderr=words,
                start_new_session=True,
            )
        made = cls(process, secrets.token_urlsafe(32))
        try:
            await asyncio.wait_for(made._listening(), patience)
        except TimeoutError:
            await made.stop()
            raise NotReady(f"it did not answer its health probe in {patience:g} s") from None
        except BaseException:
            await made.stop()
            raise
        return made

    @property
    def alive(self) -> bool:
        """Whether it still runs."""
        return self._process.returncode is None

    async def ask(self, body: bytes, headers: Mapping[str, str], timeout: float) -> Answer:
        """The answer to one request.

        Raises:
            TimeoutError: it took longer than `timeout` seconds.
            NotReady: the process ended meanwhile.
        """
        import httpx

        try:
            return await self._call("POST", "/score", timeout, body, headers)
        except httpx.TimeoutException:
            raise TimeoutError from None
        except httpx.TransportError as error:
            raise NotReady(f"its process ended while it was asked: {error!r}") from error

    async def stop(self) -> None:
        """End it, with all that it started."""
        if self._client is not None:
            await self._client.aclose()
        self._signal(signal.SIGTERM)
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(self._process.wait(), _GRACE)
        self._signal(signal.SIGKILL)
        await self._process.wait()

    async def _listening(self) -> None:
        import httpx

        if self._process.stdin is None or self._process.stdout is None:
            raise RuntimeError("the process was started without pipes")
        with contextlib.suppress(ConnectionError):  # it ended already: the next line says so
            self._process.stdin.write(f"{self._secret}\n".encode())
            await self._process.stdin.drain()
        line = await self._process.stdout.readline()
        if not line.strip().isdigit():
            raise NotReady(f"its process ended with exit code {await self._process.wait()}")
        self._client = httpx.AsyncClient(base_url=f"http://127.0.0.1:{int(line)}", trust_env=False)
        await self._call("GET", "/", _PROBE)

    async def _call(
        self,
        method: str,
        path: str,
        timeout: float,
        body: bytes = b"",
        headers: Mapping[str, str] | None = None,
    ) -> Answer:
        from twinloop.localazure.serving.worker import SECRET_HEADER  # late, as all that only a request needs

        if self._client is None:
            raise NotReady("its process is not ready")
        sent = {**(headers or {}), SECRET_HEADER: self._secret}
        reply = await self._client.request(method, path, content=body, headers=sent, timeout=timeout)
        kind = reply.headers.get("content-type", "application/octet-stream")
        return Answer(reply.status_code, reply.content, kind)

    def _signal(self, number: signal.Signals) -> None:
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.killpg(self._process.pid, number)
