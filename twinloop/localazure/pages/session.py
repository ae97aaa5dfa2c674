"""Who looks at a page: the link that opened it says so, then a cookie does; only this twin can sign either.

A link names a principal and ends after a day or two. Opening it sets a cookie that holds the same two facts,
and the address bar keeps nothing that opens anything. A cookie opens pages to read and nothing else: no route
of the API looks at it. What a page shows is decided for its principal at each look, by the roles that the API
goes by.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING
from urllib.parse import quote, urlencode, urlsplit

from twinloop.localazure.jobs.logs import holds, sign
from twinloop.localazure.services.machinelearning.jobs_rendering import STUDIO

if TYPE_CHECKING:
    from twinloop.localazure.core.principal import Principal
    from twinloop.localazure.core.request import Request
    from twinloop.localazure.core.twin import Twin

HOME = "/studio/"
_MOMENT = re.compile(r"[0-9]{1,12}")
_SESSION = "studio session"  # what is signed differs from a link: a link is no cookie


@dataclass(frozen=True)
class Viewer:
    """Someone who looks at pages."""

    twin: Twin
    principal: Principal

    @property
    def name(self) -> str:
        """As the tenant knows them."""
        return self.principal.name

    def may(self, action: str, scope: object, *, data: bool = False) -> bool:
        """Whether their roles allow it: the evaluator that the API asks."""
        return self.twin.authorization.allows(self.principal, action, str(scope), data=data)


def link(twin: Twin, principal_id: str, to: str = HOME) -> str:
    """An address that opens the pages as a principal, to read, for a day or two."""
    until, key = sign(twin, STUDIO, principal_id)
    words = urlencode({"to": to, "as": principal_id, "until": until, "key": key}, safe="/")
    return f"{twin.base}/studio/open?{words}"


def opened(request: Request, twin: Twin) -> Viewer | None:
    """Who a link of `link` lets in; None if it is not whole, too old, or of somebody who is gone."""
    given = request.query
    who = given.get("as", "")
    good = holds_safely(twin, STUDIO, who, given.get("until", ""), given.get("key", ""))
    return of(twin, who) if good else None


def returned(request: Request, twin: Twin) -> Viewer | None:
    """Who the request's cookie names, or its bearer token; None for neither."""
    if request.headers.get("authorization"):
        from twinloop.localazure.app import bearer

        return Viewer(twin, bearer(request, twin))
    for pair in request.headers.get("cookie", "").split(";"):
        name, _, value = pair.strip().partition("=")
        if name == _cookie_name(twin):
            who, _, rest = value.partition("~")
            until, _, key = rest.partition("~")
            if holds_safely(twin, _SESSION, who, until, key):
                return of(twin, who)
    return None


def cookie(viewer: Viewer) -> str:
    """The `Set-Cookie` header: scripts cannot read it, other sites cannot send it along."""
    until, key = sign(viewer.twin, _SESSION, viewer.principal.id)
    value = f"{viewer.principal.id}~{until}~{key}"
    left = int(until) - int(viewer.twin.clock.time())
    return (
        f"{_cookie_name(viewer.twin)}={value}; Path=/studio; Max-Age={left}; HttpOnly; Secure; SameSite=Lax"
    )


def local_target(text: str) -> str:
    """Where a link leads to: a page of ours, whatever the link says."""
    parts = urlsplit(text)
    ours = not parts.scheme and not parts.netloc and parts.path.startswith(HOME) and "\\" not in text
    return quote(text, safe="/?&=%-._~:+#") if ours else HOME


def of(twin: Twin, principal_id: str) -> Viewer | None:
    """The viewer with this id, as the directory knows them now."""
    found = twin.directory.find(principal_id)
    return Viewer(twin, found) if found is not None else None


def holds_safely(twin: Twin, place: str, name: str, until: str, key: str) -> bool:
    """Whether this twin signed it and it is not too old; whatever a stranger wrote."""
    return bool(_MOMENT.fullmatch(until)) and holds(twin, place, name, until, key)


def _cookie_name(twin: Twin) -> str:
    """Browsers keep one jar for all ports of localhost: each twin has a name of its own in it."""
    return f"twinloop_studio_{urlsplit(twin.base).port or 0}"
