"""Routes as data: templates in a tree of path segments, matched without case."""

from __future__ import annotations

import re
from collections.abc import Awaitable, Callable, Iterator
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Literal
from urllib.parse import unquote

if TYPE_CHECKING:
    from twinloop.localazure.core.reply import FileReply, Reply
    from twinloop.localazure.core.request import Request
    from twinloop.localazure.core.twin import Twin

Handler = Callable[["Request", "Twin"], "Reply | FileReply | Awaitable[Reply | FileReply]"]
Auth = Literal["arm", "none", "own"]
ScopeOf = Callable[["Request"], str]


_NAMES = re.compile(r"\{\w+(?=[:}])")


@dataclass(frozen=True)
class Route:
    """One operation: how it is reached and what the caller must be allowed to do.

    Attributes:
        action: the permission it needs (`Microsoft.X/y/write`); None demands only a valid token.
        data: whether `action` is a data action.
        scope: where the permission must hold: a template over the route's names, a function, None: the path.
        auth: "arm" verifies the bearer token; "none" is open; "own" leaves it to the handler.
        is_async: the handler is `async def`, and reads the body itself.
    """

    method: str
    template: str
    handler: Handler
    action: str | None = None
    data: bool = False
    scope: str | ScopeOf | None = None
    auth: Auth = "arm"
    is_async: bool = False
    service: str = ""


@dataclass
class _Node:
    """A place in the tree: where the next segment can lead."""

    fixed: dict[str, _Node] = field(default_factory=dict)
    mixed: list[tuple[re.Pattern[str], _Node]] = field(default_factory=list)
    named: list[tuple[str, _Node]] = field(default_factory=list)
    rest: list[tuple[str, _Node]] = field(default_factory=list)
    routes: dict[str, Route] = field(default_factory=dict)


class Router:
    """A set of routes; routers are included into one by the app."""

    def __init__(self, service: str = "") -> None:
        self.service = service
        self.routes: list[Route] = []
        self._shapes: dict[tuple[str, str], Route] = {}
        self._root = _Node()

    def on(
        self,
        method: str,
        template: str,
        *,
        action: str | None = None,
        data: bool = False,
        scope: str | ScopeOf | None = None,
        auth: Auth = "arm",
    ) -> Callable[[Handler], Handler]:
        """Declare the handler of an operation; `{name}` takes one segment, `{name:path}` one or more."""

        def declare(handler: Handler) -> Handler:
            import inspect

            self.add(
                Route(
                    method=method.upper(),
                    template=template,
                    handler=handler,
                    action=action,
                    data=data,
                    scope=scope,
                    auth=auth,
                    is_async=inspect.iscoroutinefunction(handler),
                    service=self.service or handler.__module__.rpartition(".")[2],
                )
            )
            return handler

        return declare

    def add(self, route: Route) -> None:
        """Add a route.

        Raises:
            ValueError: the same method and template, whatever its names, are there already.
        """
        shape = (route.method, _NAMES.sub("{", route.template.lower().strip("/")))
        if clash := self._shapes.get(shape):
            known = f"{clash.template} ({clash.service})"
            raise ValueError(
                f"{route.method} {route.template} ({route.service}) is already routed as {known}"
            )
        self._shapes[shape] = route
        node = self._root
        for segment in route.template.strip("/").split("/"):
            node = _grow(node, segment)
        node.routes[route.method] = route
        self.routes.append(route)

    def include(self, other: Router) -> None:
        """Add all routes of another router."""
        for route in other.routes:
            self.add(route)

    def match(self, method: str, path: str) -> tuple[Route, dict[str, str]] | None:
        """The route of a request and the values of its names, percent-decoded; None if there is none."""
        parts = path.strip("/").split("/")
        lower = path.strip("/").lower().split("/")
        found = _walk(self._root, method, parts, lower, 0)
        if found is None:
            return None
        route, values = found
        return route, {name: unquote(text) if "%" in text else text for name, text in reversed(values)}


def _grow(node: _Node, segment: str) -> _Node:
    """The node that `segment` leads to, made if it is new."""
    if "{" not in segment:
        return node.fixed.setdefault(segment.lower(), _Node())
    whole = re.fullmatch(r"\{(\w+)(:path)?\}", segment)
    if whole is None:
        pattern = "".join(
            f"(?P<{part[1:-1]}>.+?)" if part.startswith("{") else re.escape(part)
            for part in re.split(r"(\{\w+\})", segment)
        )
        return _same(node.mixed, re.compile(pattern, re.IGNORECASE))
    return _same(node.rest if whole[2] else node.named, whole[1])


def _same(branches: list[tuple[Any, _Node]], label: object) -> _Node:
    for known, node in branches:
        if known == label:
            return node
    branches.append((label, _Node()))
    return branches[-1][1]


_Found = tuple[Route, list[tuple[str, str]]]


def _walk(node: _Node, method: str, parts: list[str], lower: list[str], at: int) -> _Found | None:
    """Depth first: fixed text before names, names before paths; longest path first."""
    if at == len(parts):
        route = node.routes.get(method)
        return (route, []) if route is not None else None
    fixed = node.fixed.get(lower[at])
    if fixed is not None:
        found = _walk(fixed, method, parts, lower, at + 1)
        if found is not None:
            return found
    # A known first segment never stands for a name: an unknown ARM route is no blob of an account.
    names = at > 0 or fixed is None
    return next(_branches(node, method, parts, lower, at, names=names), None)


def _branches(
    node: _Node, method: str, parts: list[str], lower: list[str], at: int, *, names: bool
) -> Iterator[_Found]:
    for pattern, child in node.mixed if names else ():
        if matched := pattern.fullmatch(parts[at]):
            found = _walk(child, method, parts, lower, at + 1)
            if found is not None:
                found[1].extend(matched.groupdict().items())
                yield found
    if parts[at] and names:
        for name, child in node.named:
            found = _walk(child, method, parts, lower, at + 1)
            if found is not None:
                found[1].append((name, parts[at]))
                yield found
    for name, child in node.rest:
        for end in range(len(parts), at, -1):
            found = _walk(child, method, parts, lower, end)
            if found is not None:
                found[1].append((name, "/".join(parts[at:end])))
                yield found
