"""Keys and tokens of endpoints: made by the twin, sealed in its store, shown to those who may ask."""

from __future__ import annotations

import hmac
import secrets
from typing import Any

from twinloop.localazure.core.ids import ArmId
from twinloop.localazure.core.principal import Principal
from twinloop.localazure.core.sealing import seal, unseal
from twinloop.localazure.core.tokens import InvalidToken
from twinloop.localazure.core.twin import Twin

KEYS = "mlendpointkeys"  # sealed, by the key of the endpoint
NAMES = ("primaryKey", "secondaryKey")
TOKEN_SECONDS = 3600.0  # of this twin's own choosing; `expiryTimeUtc` says it to the caller
_BYTES = 24
Doc = dict[str, Any]


def make(twin: Twin, endpoint: ArmId, given: Doc | None = None) -> None:
    """Give an endpoint its two keys, those that are given or new ones."""
    keys = {name: str((given or {}).get(name) or secrets.token_urlsafe(_BYTES)) for name in NAMES}
    _keep(twin, endpoint, keys)


def of(twin: Twin, endpoint: ArmId) -> Doc:
    """Both keys of an endpoint, made if it has none yet."""
    kept = twin.store.get(KEYS, endpoint.key)
    if kept is None:
        make(twin, endpoint)
        kept = twin.store.get(KEYS, endpoint.key) or {}
    opened: Doc = unseal(twin.home, endpoint.key, kept["sealed"])
    return opened


def renew(twin: Twin, endpoint: ArmId, name: str, value: str = "") -> None:
    """Replace one key: by a value, or by a new one.

    The client sends the present key along (azure-ai-ml 1.35.2, `_regenerate_online_keys`)
    and wants another.
    """
    keys = of(twin, endpoint)
    fresh = value if value and value != keys[name] else secrets.token_urlsafe(_BYTES)
    _keep(twin, endpoint, keys | {name: fresh})


def forget(twin: Twin, endpoint: ArmId) -> None:
    """Drop the keys of an endpoint that is gone."""
    twin.store.delete(KEYS, endpoint.key)


def opens(twin: Twin, endpoint: ArmId, given: str) -> bool:
    """Whether this is one of the endpoint's keys."""
    return any(hmac.compare_digest(key.encode(), given.encode()) for key in of(twin, endpoint).values())


def token(twin: Twin, endpoint: ArmId, caller: Principal) -> Doc:
    """A token for this endpoint alone, as `POST .../token` answers it."""
    now = int(twin.clock.time())
    return {
        "accessToken": twin.tokens.issue(caller, _audience(endpoint), TOKEN_SECONDS),
        "tokenType": "Bearer",
        "expiryTimeUtc": now + int(TOKEN_SECONDS),
        "refreshAfterTimeUtc": now + int(TOKEN_SECONDS / 2),
    }


def token_opens(twin: Twin, endpoint: ArmId, given: str) -> bool:
    """Whether this is a token of the endpoint that is still good."""
    try:
        return twin.tokens.verify_use(given)[1] == _audience(endpoint)
    except InvalidToken:
        return False


def _audience(endpoint: ArmId) -> str:
    return f"endpoint:{endpoint.key}"


def _keep(twin: Twin, endpoint: ArmId, keys: Doc) -> None:
    twin.store.put(KEYS, endpoint.key, {"sealed": seal(twin.home, endpoint.key, keys)})
