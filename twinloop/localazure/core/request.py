"""What a handler is given: one request, its route's names, its caller."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qsl

from twinloop.localazure.core.errors import ArmError, InvalidRequest
from twinloop.localazure.core.ids import ArmId

if TYPE_CHECKING:
    from twinloop.localazure.core.principal import Principal

MAX_BODY = 16 * 1024 * 1024  # bytes of a body that is read whole; ARM itself takes 4 MB
Receive = Callable[[], Awaitable[Any]]


async def _nothing() -> dict[str, Any]:
    return {"type": "http.request", "body": b"", "more_body": False}


@dataclass
class Request:
    """One HTTP request.

    A plain `def` handler finds the whole body in `body`; an `async def` handler reads it with
    `await read()` or piece by piece with `stream()`.
    """

    method: str
    path: str  # raw: still percent-encoded
    query_string: str = ""
    headers: Mapping[str, str] = field(default_factory=dict)  # keys in lower case
    body: bytes = b""
    params: dict[str, str] = field(default_factory=dict)  # the route's names, percent-decoded
    principal: Principal | None = None
    base: str = ""  # https://localhost:PORT
    http_base: str = ""  # http://127.0.0.1:PORT
    secure: bool = True  # came over TLS
    receive: Receive = _nothing

    @cached_property
    def query(self) -> dict[str, str]:
        """Query parameters; the last one wins where a name occurs twice."""
        return dict(parse_qsl(self.query_string, keep_blank_values=True)) if self.query_string else {}

    @property
    def api_version(self) -> str:
        """The `api-version` query parameter, empty if there is none."""
        query = self.query
        return query.get("api-version") or next(
            (v for k, v in query.items() if k.lower() == "api-version"), ""
        )

    @property
    def caller(self) -> Principal:
        """The principal, on routes that demand one.

        Raises:
            RuntimeError: the route is declared with another `auth` than "arm" and did not set one.
        """
        if self.principal is None:
            raise RuntimeError(
                f"{self.method} {self.path}: the route has no caller; declare it with auth='arm'"
            )
        return self.principal

    @cached_property
    def arm_id(self) -> ArmId:
        """The path as an ARM id, percent-decoded."""
        from urllib.parse import unquote

        return ArmId(unquote(self.path) if "%" in self.path else self.path)

    def json(self) -> Any:
        """The body as a JSON object; an empty body is an empty object.

        Raises:
            InvalidRequest: the body is not a JSON object.
        """
        return read_object(self.body)

    async def stream(self) -> AsyncIterator[bytes]:
        """The body in pieces, as it arrives."""
        if self.body:
            yield self.body
            return
        more = True
        while more:
            message = await self.receive()
            if message["type"] == "http.disconnect":
                raise ConnectionError(
                    f"{self.method} {self.path}: the client hung up before the body was complete"
                )
            if piece := message.get("body", b""):
                yield piece
            more = message.get("more_body", False)

    async def read(self) -> bytes:
        """The whole body.

        Raises:
            ArmError: 413, it is larger than anything that is not streamed can be.
        """
        if not self.body:
            pieces, size = [], 0
            async for piece in self.stream():
                size += len(piece)
                if size > MAX_BODY:
                    message = f"{self.method} {self.path}: the body is larger than {MAX_BODY} bytes"
                    raise ArmError(413, "RequestContentTooLarge", message, headers={"connection": "close"})
                pieces.append(piece)
            self.body = b"".join(pieces)
        return self.body


def read_object(body: bytes) -> dict[str, Any]:
    """A body as a JSON object; an empty one is an empty object.

    Raises:
        InvalidRequest: it is something else, or nested beyond what can be read.
    """
    if not body.strip():
        return {}
    try:
        found = json.loads(body, parse_constant=_no_constant)
    except (ValueError, RecursionError) as error:
        message = f"The request content was invalid and could not be deserialized: '{error}'."
        raise InvalidRequest("InvalidRequestContent", message) from error
    if not isinstance(found, dict):
        message = f"The request content was invalid: a JSON object is wanted, given a {_NAMES[type(found)]}."
        raise InvalidRequest("InvalidRequestContent", message)
    return found


_NAMES = {list: "list", str: "string", int: "number", float: "number", bool: "boolean", type(None): "null"}


def _no_constant(name: str) -> None:
    raise ValueError(f"{name} is not JSON")
