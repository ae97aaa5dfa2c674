"""The twin: what every handler works on."""

from __future__ import annotations

import asyncio
import logging
import secrets
from collections.abc import Awaitable, Callable, Coroutine
from pathlib import Path
from typing import Any

from twinloop.localazure.core.authorization import Authorization
from twinloop.localazure.core.clock import Clock
from twinloop.localazure.core.directory import Directory
from twinloop.localazure.core.ids import ArmId
from twinloop.localazure.core.lifecycle import Lifecycle
from twinloop.localazure.core.principal import Principal
from twinloop.localazure.core.store import Store
from twinloop.localazure.core.tokens import Tokens, write_private
from twinloop.localazure.seed import Seed, load

log = logging.getLogger("twinloop.localazure")
Hook = Callable[["Twin"], Awaitable[None] | None]


class Twin:
    """One tenant of the local Azure, with its state, its clock and its address.

    Attributes:
        store: all state.
        clock: the only source of time.
        home: the folder that holds everything of the twin.
        seed: what exists before anything is deployed.
        directory: principals and their secrets.
        tokens: issues and verifies tokens.
        base, http_base: this twin's addresses, without a trailing slash.
        services: objects that services share by name, e.g. `services["blobs"]`.
        busy: functions that say whether something runs that idle stop must wait for.
    """

    def __init__(
        self,
        home: Path,
        *,
        clock: Clock | None = None,
        seed: Seed | None = None,
        base: str = "",
        http_base: str = "",
    ) -> None:
        self.home = home
        self.azure = home / "azure"
        self.azure.mkdir(parents=True, exist_ok=True)
        self.clock = clock or Clock()
        self.store = Store(self.azure / "twin.sqlite3")
        self.seed = seed or load(home)
        self.directory = Directory(self.store, self.seed, home / "personas.json")
        self.tokens = Tokens(self.azure / "token.key", self.clock, self.seed.tenant)
        self.lifecycle = Lifecycle(self.store, self.clock)
        self.authorization = Authorization(self)
        self.base, self.http_base = base, http_base
        self.services: dict[str, Any] = {}
        self.busy: list[Callable[[], bool]] = []
        self._on_start: list[Hook] = []
        self._on_stop: list[Hook] = []
        self._tasks: set[asyncio.Task[Any]] = set()
        self.admin_key = _admin_key(home / "twin.key")

    @property
    def ca_bundle(self) -> Path:
        """The certificates to trust: the user's present ones and the twin's own."""
        return self.home / "ca-bundle.pem"

    def authorize(self, principal: Principal, action: str, scope: str | ArmId, *, data: bool = False) -> None:
        """Let the action pass, or raise.

        Raises:
            AuthorizationFailed: no role assignment of the principal or its groups allows it.
        """
        self.authorization.demand(principal, action, str(scope), data=data)

    def principal_of_secret(self, secret: str) -> Principal | None:
        """Who holds a managed-identity secret, or None."""
        return self.directory.of_secret(secret)

    def identity_secret(self, principal_id: str) -> str:
        """A new managed-identity secret for a principal, e.g. for one job; end it with `revoke_secret`."""
        return self.directory.make_secret(principal_id)

    def revoke_secret(self, secret: str) -> None:
        """End a secret made by `identity_secret`."""
        self.directory.revoke_secret(secret)

    def use_seed(self, seed: Seed) -> None:
        """Take over a changed seed without a restart.

        Raises:
            ValueError: the tenant is another one; tokens and state belong to the old one.
        """
        if seed.tenant != self.seed.tenant:
            raise ValueError(
                f"the twin serves tenant {self.seed.tenant}; for tenant {seed.tenant} reset it first"
            )
        self.seed = seed
        self.directory.use(seed)
        self.authorization.forget()

    def on_start(self, hook: Hook) -> Hook:
        """Call `hook(twin)` when the twin begins to serve; also usable as a decorator."""
        self._on_start.append(hook)
        return hook

    def on_stop(self, hook: Hook) -> Hook:
        """Call `hook(twin)` before the twin ends, last added first."""
        self._on_stop.append(hook)
        return hook

    def spawn(self, work: Coroutine[Any, Any, Any], *, name: str = "") -> asyncio.Task[Any]:
        """Run work beside the requests; it is cancelled when the twin stops, and its failure is logged."""
        task = asyncio.get_running_loop().create_task(work, name=name or None)
        self._tasks.add(task)
        task.add_done_callback(self._done)
        return task

    async def start(self) -> None:
        """Run the start hooks."""
        for hook in self._on_start:
            waiting = hook(self)
            if waiting is not None:
                await waiting

    async def stop(self) -> None:
        """Run the stop hooks, end background work, close the store."""
        for hook in reversed(self._on_stop):
            try:
                waiting = hook(self)
                if waiting is not None:
                    await waiting
            except Exception:
                log.exception("stop hook %r failed", hook)
        for task in list(self._tasks):
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        self.store.close()

    def _done(self, task: asyncio.Task[Any]) -> None:
        self._tasks.discard(task)
        if not task.cancelled() and (error := task.exception()):
            log.error("background task %s failed", task.get_name(), exc_info=error)


def _admin_key(file: Path) -> str:
    if not file.exists():
        write_private(file, secrets.token_urlsafe(32).encode())
    return file.read_text("utf-8").strip()
