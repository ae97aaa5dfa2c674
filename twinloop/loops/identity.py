"""Who the caller is in the cloud's eyes, read from the claims of the token that every call carries."""

from __future__ import annotations

import base64
import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from twinloop.loops.runs import WorkspaceHistory

if TYPE_CHECKING:
    from azure.ai.ml import MLClient

# What a person is called by, best first; tokens of personal and of work accounts name it differently.
_NAMES = ("upn", "unique_name", "preferred_username", "email", "name")


@dataclass(frozen=True)
class Identity:
    """An account: what it is called, and whether a person or a program is behind it."""

    name: str
    kind: str  # "user", "managed identity" or "service principal"


def who_is(client: MLClient) -> Identity:
    """The account that the client speaks for."""
    return identity_of(WorkspaceHistory(client).token())


def identity_of(token: str) -> Identity:
    """The account that a token was given to. Its signature is not looked at: the cloud does that."""
    claims = _claims(token)
    person = next((str(claims[key]) for key in _NAMES if claims.get(key)), "")
    if person and claims.get("idtyp") != "app":
        return Identity(person, "user")
    program = str(
        claims.get("app_displayname") or claims.get("appid") or claims.get("azp") or claims.get("oid") or ""
    )
    if claims.get("xms_mirid"):
        return Identity(str(claims["xms_mirid"]).rpartition("/")[2], "managed identity")
    return Identity(program or "an account that its token does not name", "service principal")


def _claims(token: str) -> dict[str, Any]:
    """The middle part of a JWT; empty where it is none."""
    parts = token.split(".")
    if len(parts) != 3:  # noqa: PLR2004 - header, claims, signature
        return {}
    try:
        found = json.loads(base64.urlsafe_b64decode(parts[1] + "=" * (-len(parts[1]) % 4)))
    except ValueError:
        return {}
    return found if isinstance(found, dict) else {}
