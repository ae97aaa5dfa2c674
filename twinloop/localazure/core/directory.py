"""The tenant's directory: which principals exist, and which secret speaks for whom."""

from __future__ import annotations

import hashlib
import json
import secrets
from dataclasses import asdict
from pathlib import Path

from twinloop.localazure.core.principal import Principal, PrincipalKind
from twinloop.localazure.core.store import Store
from twinloop.localazure.core.tokens import write_private
from twinloop.localazure.seed import Seed

PRINCIPALS = "directory.principals"
SECRETS = "directory.secrets"  # sha256 of a secret -> principal id; never the secret itself


class Directory:
    """Personas and groups come from the seed, managed identities from their resources."""

    def __init__(self, store: Store, seed: Seed, personas_file: Path) -> None:
        self._store = store
        self._file = personas_file
        self.seed = seed
        self.use(seed)

    def use(self, seed: Seed) -> None:
        """Take over a new seed; every persona gets a secret of its own, kept over restarts."""
        self.seed = seed
        known: dict[str, str] = json.loads(self._file.read_text("utf-8")) if self._file.exists() else {}
        wanted = {name: known.get(name) or secrets.token_urlsafe(32) for name in seed.personas}
        if wanted != known:
            write_private(self._file, json.dumps(wanted, indent=2).encode())
        self._of_secret = {_digest(secret): name for name, secret in wanted.items()}
        self._by_id = {p.object_id: p.name for p in seed.personas.values()}

    def find(self, object_id: str) -> Principal | None:
        """The principal with this object id, or None."""
        key = object_id.lower()
        if key in self._by_id:
            return self.seed.persona_principal(self._by_id[key])
        if key in self.seed.groups:
            return Principal(key, "Group", self.seed.groups[key], (), self.seed.tenant)
        doc = self._store.get(PRINCIPALS, key)
        return (
            Principal(doc["id"], doc["kind"], doc["name"], tuple(doc["groups"]), doc["tenant"])
            if doc
            else None
        )

    def add(self, object_id: str, name: str, kind: PrincipalKind = "ManagedIdentity") -> Principal:
        """Make a principal, as Azure does for an identity."""
        principal = Principal(object_id.lower(), kind, name, (), self.seed.tenant)
        self._store.put(PRINCIPALS, principal.id, asdict(principal))
        return principal

    def remove(self, object_id: str) -> None:
        """Remove a principal; its role assignments stay behind, as Azure's do."""
        self._store.delete(PRINCIPALS, object_id.lower())
        for key, doc in self._store.list(SECRETS):
            if doc["principal"] == object_id.lower():
                self._store.delete(SECRETS, key)

    def of_secret(self, secret: str) -> Principal | None:
        """Who holds this secret, or None."""
        digest = _digest(secret)
        if digest in self._of_secret:
            return self.seed.persona_principal(self._of_secret[digest])
        doc = self._store.get(SECRETS, digest)
        return self.find(doc["principal"]) if doc else None

    def make_secret(self, object_id: str) -> str:
        """A new secret that speaks for a principal; only its digest is kept.

        Raises:
            KeyError: no principal has this object id.
        """
        if self.find(object_id) is None:
            raise KeyError(f"no principal {object_id!r} in tenant {self.seed.tenant}")
        secret = secrets.token_urlsafe(32)
        self._store.put(SECRETS, _digest(secret), {"principal": object_id.lower()})
        return secret

    def revoke_secret(self, secret: str) -> None:
        """End a secret made by `make_secret`."""
        self._store.delete(SECRETS, _digest(secret))


def _digest(secret: str) -> str:
    return hashlib.sha256(secret.encode()).hexdigest()
