"""Secrets that a service must give back later: on disk only under a key that lies beside the store.

Whoever copies the store alone has nothing; whoever owns the twin's home could read its memory anyway.
"""

from __future__ import annotations

import base64
import json
import os
from pathlib import Path
from typing import Any

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from twinloop.localazure.core.tokens import write_private

_KEY_BITS = 256
_NONCE = 12  # bytes


def seal(home: Path, name: str, secret: Any) -> str:
    """A secret as text that says nothing.

    Args:
        home: the twin's home.
        name: what the secret belongs to; it opens under this name only.
        secret: anything that JSON has.
    """
    nonce = os.urandom(_NONCE)
    closed = AESGCM(_key(home)).encrypt(nonce, json.dumps(secret).encode(), name.encode())
    return base64.b64encode(nonce + closed).decode("ascii")


def unseal(home: Path, name: str, sealed: str) -> Any:
    """The secret.

    Raises:
        ValueError: it was sealed under another name, or under a key that is no longer there.
    """
    raw = base64.b64decode(sealed)
    try:
        return json.loads(AESGCM(_key(home)).decrypt(raw[:_NONCE], raw[_NONCE:], name.encode()))
    except InvalidTag:
        raise ValueError(f"the secrets of '{name}' cannot be opened with this twin's key") from None


def _key(home: Path) -> bytes:
    path = home / "secrets.key"
    if not path.exists():
        write_private(path, AESGCM.generate_key(_KEY_BITS))
    return path.read_bytes()
