"""Shared access signatures by user delegation: made, and held to their expiry, permissions and scope.

The text that is signed is the one that Azure documents and its clients sign, so a signature made by the twin
and one made by `generate_blob_sas` with a key from `get_user_delegation_key` are verified by the same few
lines. A delegation key is derived, not stored: from the twin's secret, the account, and the words the key
stands for.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from urllib.parse import quote, urlencode

from twinloop.localazure.core.tokens import write_private
from twinloop.localazure.core.twin import Twin
from twinloop.localazure.storage.errors import AuthenticationFailed, PermissionMismatch

VERSION = "2025-11-05"
SERVICE = "00000000-0000-0000-0000-000000000000"  # delegates what the platform signs on its own behalf
_DELEGATED_USER_SINCE = "2025-07-05"  # from here on two more lines are signed
_KEY_FILE = "delegation.key"
_KEY_FIELDS = ("skoid", "sktid", "skt", "ske", "sks", "skv")
_TAIL = ("sip", "spr", "sv", "sr", "snapshot", "ses", "rscc", "rscd", "rsce", "rscl", "rsct")
_MAX_KEY_LIFE = timedelta(days=7)


@dataclass(frozen=True)
class Grant:
    """What a verified signature allows."""

    owner: str  # object id of the principal that delegated; SERVICE for the platform itself
    permissions: str
    account: str
    container: str
    path: str  # blob or directory; empty for the whole container
    is_directory: bool

    def covers(self, name: str) -> bool:
        """Whether the blob of that name is within the signed scope."""
        if not self.path:
            return True
        return name == self.path or (self.is_directory and name.startswith(f"{self.path}/"))


def mint(
    twin: Twin,
    account: str,
    container: str,
    path: str = "",
    *,
    permissions: str,
    lifetime: timedelta,
    owner: str = SERVICE,
) -> str:
    """A signature as a query string, for a blob or (no `path`) a container.

    Args:
        twin: whose secret signs.
        account: name of the storage account.
        container: name of the container.
        path: name of the blob; empty for all of the container.
        permissions: letters in Azure's order, e.g. `rcwl`.
        lifetime: how long it holds; at most seven days.
        owner: object id of the principal on whose rights it rests.
    """
    now = twin.clock.now()
    start, expiry = _text(now - timedelta(minutes=15)), _text(now + min(lifetime, _MAX_KEY_LIFE))
    fields = {
        "sp": permissions,
        "st": start,
        "se": expiry,
        "sr": "b" if path else "c",
        "sv": VERSION,
        "skoid": owner,
        "sktid": twin.seed.tenant,
        "skt": start,
        "ske": expiry,
        "sks": "b",
        "skv": VERSION,
    }
    signature = _sign(
        delegation_key(twin, account, fields), _string_to_sign(fields, account, container, path)
    )
    return urlencode(fields | {"sig": signature}, quote_via=quote)


def delegation_key(twin: Twin, account: str, fields: Mapping[str, str]) -> str:
    """Base64 of the key that `fields` (skoid, sktid, skt, ske, sks, skv) name for this account."""
    words = "\n".join([account, *(fields.get(name, "") for name in _KEY_FIELDS)])
    return base64.b64encode(hmac.digest(_secret(twin), words.encode(), hashlib.sha256)).decode()


def verify(
    twin: Twin, account: str, container: str, path: str, query: Mapping[str, str], *, secure: bool
) -> Grant:
    """Check a signature against the address it is used at.

    Raises:
        AuthenticationFailed: it was signed for something else, has expired, or is of an unknown kind.
    """
    if not query.get("skoid"):
        raise AuthenticationFailed(
            "The signature is not a user-delegation one. The twin hands out no account keys: "
            "use an Entra token, or a signature made with get_user_delegation_key."
        )
    kind = query.get("sr", "")
    signed_path = {"c": "", "b": path, "d": _directory(path, query)}.get(kind)
    if signed_path is None:
        raise AuthenticationFailed(
            f"sr={kind!r} is not supported; allowed: b (blob), c (container), d (directory)."
        )
    key = delegation_key(twin, account, query)
    expected = _sign(key, _string_to_sign(query, account, container, signed_path))
    if not hmac.compare_digest(expected.encode(), query.get("sig", "").encode()):
        raise AuthenticationFailed(
            f"Signature did not match for '{account}/{container}{'/' + signed_path if signed_path else ''}': "
            "it was signed for another account, container, blob or time, or changed on the way."
        )
    _check_time(twin, query)
    if query.get("spr") == "https" and not secure:
        raise AuthenticationFailed("The signature allows https only.")
    if query.get("sip"):
        raise AuthenticationFailed("The twin does not emulate signatures bound to an address (sip).")
    return Grant(query["skoid"], query.get("sp", ""), account, container, signed_path, kind == "d")


def require(grant: Grant, letters: str, name: str) -> None:
    """Demand one of the permission `letters` for the blob `name` (empty: the container itself).

    Raises:
        PermissionMismatch: the signature does not have it.
    """
    if not grant.covers(name):
        raise PermissionMismatch(f"The signature covers '{grant.path}', not '{name}'.")
    if not any(letter in grant.permissions for letter in letters):
        raise PermissionMismatch(f"The signature has '{grant.permissions}'; this needs one of '{letters}'.")


def parse_time(text: str) -> datetime:
    """A signature's time, `2026-11-21T10:00:00Z` or a date.

    Raises:
        AuthenticationFailed: it is not a time.
    """
    try:
        moment = datetime.fromisoformat(text)
    except ValueError as error:
        raise AuthenticationFailed(f"{text!r} is not a time such as 2026-11-21T10:00:00Z.") from error
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)


def _check_time(twin: Twin, query: Mapping[str, str]) -> None:
    now = twin.clock.now()
    for opens in (query.get("st"), query.get("skt")):
        if opens and now < parse_time(opens):
            raise AuthenticationFailed(f"Signature not valid before {opens}; now is {_text(now)}.")
    for closes in (query.get("se", ""), query.get("ske", "")):
        if now >= parse_time(closes):
            raise AuthenticationFailed(
                f"Signature not valid in the specified time frame: it expired at {closes}, now is "
                f"{_text(now)}."
            )


def _directory(path: str, query: Mapping[str, str]) -> str | None:
    """The first `sdd` parts of the path: the directory that the signature names."""
    depth = query.get("sdd", "")
    return "/".join(path.split("/")[: int(depth)]) if depth.isdigit() else None


def _string_to_sign(fields: Mapping[str, str], account: str, container: str, path: str) -> str:
    resource = f"/blob/{account}/{container}" + (f"/{path}" if path else "")
    names = [*_KEY_FIELDS, "saoid", "suoid", "scid"]
    if fields.get("sv", "") >= _DELEGATED_USER_SINCE:
        names += ["skdutid", "sduoid"]
    lines = [fields.get("sp", ""), fields.get("st", ""), fields.get("se", ""), resource]
    return "\n".join([*lines, *(fields.get(name, "") for name in (*names, *_TAIL))])


def _sign(key: str, text: str) -> str:
    return base64.b64encode(hmac.digest(base64.b64decode(key), text.encode(), hashlib.sha256)).decode()


def _secret(twin: Twin) -> bytes:
    """The twin's own signing secret, made on first use; in a file of its own, as every key is."""
    known: bytes | None = twin.services.get(_KEY_FILE)
    if known is None:
        file = twin.azure / _KEY_FILE
        if not file.exists():
            write_private(file, secrets.token_bytes(32))
        known = twin.services[_KEY_FILE] = file.read_bytes()
    return known


def _text(moment: datetime) -> str:
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
