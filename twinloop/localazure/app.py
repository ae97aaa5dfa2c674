"""The ASGI app: finds the route, checks the caller, runs the handler, renders every refusal as ARM's."""

from __future__ import annotations

import importlib
import importlib.util
import logging
import pkgutil
import time
import uuid
from collections.abc import Awaitable, Callable, Iterator, Mapping
from types import ModuleType
from typing import Any
from urllib.parse import urlsplit

import anyio.to_thread

from twinloop.localazure import services
from twinloop.localazure.core.errors import ArmError, NotEmulated, Unauthenticated
from twinloop.localazure.core.principal import Principal
from twinloop.localazure.core.reply import FileReply, Reply
from twinloop.localazure.core.request import Request
from twinloop.localazure.core.router import Route, Router
from twinloop.localazure.core.tokens import InvalidToken
from twinloop.localazure.core.twin import Twin
from twinloop.localazure.identity.metadata import takes

log = logging.getLogger("twinloop.localazure.requests")
ROOMS = (
    "identity",
    "storage",
    "jobs",
    "pages",
    "kubernetes",
    "serving",
)  # beside services/: each may have routes of its own
_HOSTS = frozenset({"localhost", "127.0.0.1", "::1"})
_CHUNK = 256 * 1024
Scope = dict[str, Any]
Send = Callable[[dict[str, Any]], Awaitable[None]]


class App:
    """One twin behind two ports."""

    def __init__(self, twin: Twin, router: Router) -> None:
        self.twin = twin
        self.router = router
        self.last_request = time.monotonic()

    async def __call__(self, scope: Scope, receive: Callable[[], Awaitable[Any]], send: Send) -> None:
        """Serve one connection event."""
        if scope["type"] != "http":
            return
        self.last_request = time.monotonic()
        request = _request(scope, receive, self.twin)
        started = time.perf_counter()
        reply = await self._answer(request)
        try:
            status = await _send(reply, request, send)
        finally:
            self.last_request = time.monotonic()
        log.info(
            "%s %s %d %.1f ms", request.method, request.path, status, 1000 * (time.perf_counter() - started)
        )

    async def _answer(self, request: Request) -> Reply | FileReply:
        try:
            _check_host(request)
            route, request.params = self._route(request)
            self.twin.lifecycle.settle()
            if route.auth == "arm":
                self._admit(route, request)
            if not route.is_async:
                await request.read()
                # What is acknowledged is committed, and a refusal leaves nothing behind.
                with self.twin.store.transaction():
                    return route.handler(request, self.twin)  # type: ignore[return-value]
            return await route.handler(request, self.twin)  # type: ignore[misc,no-any-return]
        except ArmError as error:
            if isinstance(error, NotEmulated):
                log.warning("not emulated: %s %s?%s", request.method, request.path, request.api_version)
            return Reply(error.status, error.body(), {**error.headers, "x-ms-error-code": error.code})
        except Exception:
            incident = uuid.uuid4().hex
            log.exception("%s %s failed; incident %s", request.method, request.path, incident)
            message = (
                f"{request.method} {request.path}: a defect of the twin, not of the request; see "
                f"log/twin.log, incident {incident}"
            )
            return Reply(500, {"error": {"code": "InternalServerError", "message": message}})

    def _route(self, request: Request) -> tuple[Route, dict[str, str]]:
        found = self.router.match(request.method, request.path)
        if found is None and request.method == "HEAD":
            found = self.router.match("GET", request.path)
        if found is None:
            raise NotEmulated(request.method, request.path)
        return found

    def _admit(self, route: Route, request: Request) -> None:
        """Verify the caller's token and that its roles allow the route's action."""
        request.principal = bearer(request, self.twin)
        if route.action is None:
            return
        scope = route.scope
        if scope is None:
            text = request.arm_id.text
        elif isinstance(scope, str):
            text = scope.format_map(request.params)
        else:
            text = scope(request)
        self.twin.authorization.demand(request.principal, route.action, text, data=route.data)


def bearer(request: Request, twin: Twin) -> Principal:
    """The principal that the request's bearer token names.

    Raises:
        Unauthenticated: no token, one that does not verify, or one for another service.
    """
    authority = f"{twin.base}/{twin.seed.tenant}"
    scheme, _, token = request.headers.get("authorization", "").partition(" ")
    if scheme.lower() != "bearer" or not token:
        message = "Authentication failed. The 'Authorization' header is missing: give 'Bearer' and a token."
        raise Unauthenticated(message, authority=authority, code="AuthenticationFailed")
    try:
        principal, audience = twin.tokens.verify_use(token.strip())
    except InvalidToken as error:
        raise Unauthenticated(f"The access token is invalid: {error}.", authority=authority) from error
    if not takes(twin, audience):
        message = f"The access token has been obtained for wrong audience or resource '{audience}'."
        raise Unauthenticated(message, authority=authority, code="InvalidAuthenticationTokenAudience")
    return principal


def _check_host(request: Request) -> None:
    """Refuse names that are not this machine's: a web page whose own name was pointed here sends its own.

    Raises:
        ArmError: 421, the Host header names another machine.
    """
    host = urlsplit(f"//{request.headers.get('host', 'localhost')}").hostname or ""
    if host not in _HOSTS and not host.endswith(".localhost"):
        message = f"the twin answers to localhost and 127.0.0.1, not to '{host}'"
        raise ArmError(421, "MisdirectedRequest", message)


def build(twin: Twin) -> App:
    """The app with every service's routes; each service's `attach(twin)` is called once."""
    router = Router()
    twin.services["router"] = router
    for module in _modules():
        found = getattr(module, "router", None)
        if isinstance(found, Router):
            router.include(found)
        attach = getattr(module, "attach", None)
        if callable(attach):
            attach(twin)
    return App(twin, router)


def _modules() -> Iterator[ModuleType]:
    """Every module of `services/` and of the rooms beside it; a package speaks for its own modules."""
    for info in sorted(pkgutil.iter_modules(services.__path__), key=lambda info: info.name):
        yield importlib.import_module(f"{services.__name__}.{info.name}")
    package = services.__name__.rpartition(".")[0]
    for room in ROOMS:
        if importlib.util.find_spec(f"{package}.{room}") is not None:
            yield importlib.import_module(f"{package}.{room}")


def _request(scope: Scope, receive: Callable[[], Awaitable[Any]], twin: Twin) -> Request:
    raw = scope.get("raw_path") or scope["path"].encode()
    return Request(
        method=scope["method"],
        path=raw.decode("latin-1").partition("?")[0],
        query_string=scope["query_string"].decode("latin-1"),
        headers={name.decode("latin-1"): value.decode("latin-1") for name, value in scope["headers"]},
        base=twin.base,
        http_base=twin.http_base,
        secure=scope.get("scheme") == "https",
        receive=receive,
    )


async def _send(reply: Reply | FileReply, request: Request, send: Send) -> int:
    """Send the answer; the status that was sent."""
    if isinstance(reply, FileReply):
        return await _send_file(reply, request, send)
    if reply.streams:
        return await _send_stream(reply, request, send)
    payload, kind = reply.payload()
    headers = _headers(reply.headers, request)
    if kind and b"content-type" not in headers:
        headers[b"content-type"] = kind.encode()
    if reply.status not in (204, 304):
        headers.setdefault(b"content-length", str(len(payload)).encode())
    await send({"type": "http.response.start", "status": reply.status, "headers": list(headers.items())})
    await send({"type": "http.response.body", "body": b"" if request.method == "HEAD" else payload})
    return reply.status


async def _send_stream(reply: Reply, request: Request, send: Send) -> int:
    headers = _headers(reply.headers, request)
    await send({"type": "http.response.start", "status": reply.status, "headers": list(headers.items())})
    async for piece in reply.body:
        await send({"type": "http.response.body", "body": piece, "more_body": True})
    await send({"type": "http.response.body", "body": b""})
    return reply.status


async def _send_file(reply: FileReply, request: Request, send: Send) -> int:
    size = reply.path.stat().st_size
    left = size - reply.start if reply.length is None else reply.length
    headers = _headers(reply.headers, request)
    headers[b"content-length"] = str(left).encode()
    headers.setdefault(b"content-type", b"application/octet-stream")
    await send({"type": "http.response.start", "status": reply.status, "headers": list(headers.items())})
    if request.method != "HEAD":
        with reply.path.open("rb") as file:
            file.seek(reply.start)
            while left > 0 and (piece := await anyio.to_thread.run_sync(file.read, min(_CHUNK, left))):
                left -= len(piece)
                await send({"type": "http.response.body", "body": piece, "more_body": left > 0})
            if left == 0 and size:
                return reply.status
    await send({"type": "http.response.body", "body": b""})
    return reply.status


def _headers(own: Mapping[str, str], request: Request) -> dict[bytes, bytes]:
    headers = {name.lower().encode("latin-1"): str(value).encode("latin-1") for name, value in own.items()}
    headers.setdefault(b"x-ms-request-id", uuid.uuid4().hex.encode())
    if client := request.headers.get("x-ms-client-request-id"):
        headers.setdefault(b"x-ms-client-request-id", client.encode("latin-1"))
    return headers
