"""Entra-like tokens: RS256 JWTs signed with the twin's own key, verified on every call."""

from __future__ import annotations

import base64
import os
import uuid
from pathlib import Path
from typing import Any

import jwt
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa

from twinloop.localazure.core.clock import Clock
from twinloop.localazure.core.principal import Principal

LIFETIME = 3600  # seconds
_CACHE_SIZE = 1024


class InvalidToken(Exception):
    """The text is not a token of this twin, or it is no longer valid."""


class Tokens:
    """Issues and verifies the tokens of one tenant, for any audience: whoever takes one looks at that."""

    def __init__(self, key_file: Path, clock: Clock, tenant: str) -> None:
        self.tenant = tenant
        self.issuer = f"https://sts.windows.net/{tenant}/"
        self._clock = clock
        self._key = _load_or_make(key_file)
        self._public = self._key.public_key()
        numbers = self._public.public_numbers()
        self.kid = uuid.uuid5(uuid.NAMESPACE_OID, str(numbers.n)).hex
        self._cache: dict[str, tuple[Principal, float, str]] = {}

    def issue(self, principal: Principal, audience: str, seconds: float = LIFETIME) -> str:
        """A signed token that says who the caller is.

        Args:
            principal: who it names.
            audience: what `aud` becomes; a scope's `/.default` is the caller's to strip.
            seconds: how long it is valid.
        """
        now = int(self._clock.time())
        claims = {
            "aud": audience,
            "iss": self.issuer,
            "iat": now,
            "nbf": now,
            "exp": now + int(seconds),
            "oid": principal.id,
            "sub": principal.id,
            "tid": self.tenant,
            "appid": str(uuid.uuid5(uuid.NAMESPACE_OID, principal.id)),
            "name": principal.name,
            "groups": list(principal.groups),
            "idtyp": "user" if principal.kind == "User" else "app",
            "twin_kind": principal.kind,
            "ver": "1.0",
        }
        return jwt.encode(claims, self._key, algorithm="RS256", headers={"kid": self.kid})

    def verify(self, token: str) -> Principal:
        """Who a token names, whatever it is for.

        Raises:
            InvalidToken: it is forged, unsigned, expired, or of another tenant.
        """
        return self.verify_use(token)[0]

    def verify_use(self, token: str) -> tuple[Principal, str]:
        """Who a token names, and what it is for: its audience, without a slash at the end.

        Raises:
            InvalidToken: it is forged, unsigned, expired, or of another tenant.
        """
        now = self._clock.time()
        known = self._cache.get(token)
        if known is not None and now < known[1]:
            return known[0], known[2]
        claims = self.claims(token)
        if now >= claims["exp"]:
            self._cache.pop(token, None)
            raise InvalidToken(f"the token expired {int(now - claims['exp'])} s ago; get a new one")
        principal = Principal(
            claims["oid"], claims["twin_kind"], claims["name"], tuple(claims.get("groups", ())), claims["tid"]
        )
        if len(self._cache) >= _CACHE_SIZE:
            self._cache.clear()
        audience = str(claims["aud"]).rstrip("/")
        self._cache[token] = (principal, claims["exp"], audience)
        return principal, audience

    def claims(self, token: str) -> dict[str, Any]:
        """A token's claims; signature and issuer are checked, expiry is not (the twin's clock says that).

        Raises:
            InvalidToken: it is forged, unsigned, or of another tenant.
        """
        try:
            return jwt.decode(
                token,
                self._public,
                algorithms=["RS256"],
                issuer=self.issuer,
                options={"verify_aud": False, "verify_exp": False, "verify_nbf": False, "verify_iat": False,
                         "require": ["exp", "oid", "iss", "aud"]},
            )  # fmt: skip
        except jwt.PyJWTError as error:
            raise InvalidToken(f"the token does not verify: {error}") from error

    def jwks(self) -> dict[str, Any]:
        """The public key as a JSON web key set."""
        numbers = self._public.public_numbers()
        key = {
            "kty": "RSA",
            "use": "sig",
            "alg": "RS256",
            "kid": self.kid,
            "n": _b64(numbers.n),
            "e": _b64(numbers.e),
        }
        return {"keys": [key]}


def _b64(number: int) -> str:
    raw = number.to_bytes((number.bit_length() + 7) // 8, "big")
    return base64.urlsafe_b64encode(raw).rstrip(b"=").decode()


def _load_or_make(file: Path) -> rsa.RSAPrivateKey:
    if file.exists():
        key = serialization.load_pem_private_key(file.read_bytes(), None)
        if not isinstance(key, rsa.RSAPrivateKey):
            raise TypeError(f"{file}: not an RSA key; remove the file and start the twin again")
        return key
    key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    pem = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    write_private(file, pem)
    return key


def write_private(file: Path, content: bytes) -> None:
    """Write a file that only its owner can read, whole or not at all."""
    file.parent.mkdir(parents=True, exist_ok=True)
    part = file.with_name(f".{file.name}.{os.getpid()}")
    with os.fdopen(os.open(part, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "wb") as out:
        out.write(content)
        out.flush()
        os.fsync(out.fileno())
    part.replace(file)
