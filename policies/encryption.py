"""Encryption on the way, and by the customer's own keys where the settings ask for them."""

from __future__ import annotations

from collections.abc import Iterator

from checks.plan import Resource
from policies import kinds
from policies.reading import is_known, value_at
from policies.rules import Breach, Demand, Planned, Rule, name_of

_TLS = ("TLS1_2", "TLS1_3")
_OWN_KEY = {
    kinds.ML_WORKSPACE: ("encryption.status", "enabled"),
    kinds.STORAGE: ("encryption.keySource", "microsoft.keyvault"),
    kinds.IMAGES: ("encryption.status", "enabled"),
}


def _tls(type_: str, path: str, allowed: tuple[str, ...] = _TLS, default: str = "TLS1_0") -> Demand:
    return Demand(
        type=type_, path=path, allowed=allowed, default=default, fix=f"{path} {allowed[0]} in the program"
    )


def _has_own_key(resource: Resource) -> bool:
    path, value = _OWN_KEY[resource.type]
    return str(value_at(resource.inputs, path)).lower() == value


def _own_keys(planned: Planned) -> Iterator[Breach]:
    """Where one store has the customer's key, all have, and the vault keeps it."""
    stores = planned.of(*_OWN_KEY)
    if not any(map(_has_own_key, stores)):
        return
    for store in stores:
        if not _has_own_key(store):
            path, value = _OWN_KEY[store.type]
            yield Breach(
                urn=store.urn,
                what=f"{name_of(store)} is encrypted by Azure's key ({path} is not {value}), others "
                "beside it by the customer's",
                fix="name the key for it too where the settings ask for customer-managed keys, or for none",
            )
    for vault in planned.of(kinds.VAULT):
        kept = value_at(vault.inputs, "properties.enablePurgeProtection")
        if is_known(kept) and kept is not True:
            yield Breach(
                urn=vault.urn,
                what=f"{name_of(vault)} holds keys that data is encrypted with, and can be purged",
                fix="purgeProtection: true under twinloop:vault (one-way)",
            )


RULES = (
    Rule(
        name="tls-1-2",
        title="Nothing answers below TLS 1.2, and nothing without TLS.",
        why="older versions can be read or changed on the way",
        source="Microsoft cloud security benchmark v1, DP-3: Encrypt sensitive data in transit; "
        "Azure Policy fe83a0eb-a853-422d-aac2-1bffd182c5d0",
        advisory_in=frozenset(),
        demands=(
            _tls(kinds.STORAGE, "minimumTlsVersion"),
            Demand(
                type=kinds.STORAGE,
                path="enableHttpsTrafficOnly",
                allowed=(True,),
                default=True,
                fix="enableHttpsTrafficOnly True in infra/estate/storage.py",
            ),
            _tls(kinds.EVENT_HUBS, "minimumTlsVersion", ("1.2", "1.3"), "1.2"),
            _tls(kinds.TOPIC, "minimumTlsVersionAllowed", ("1.2", "1.3"), "1.0"),
            _tls(kinds.COSMOS, "minimalTlsVersion", ("Tls12", "Tls13"), "Tls12"),
        ),
    ),
    Rule(
        name="own-keys-everywhere-or-nowhere",
        title="Where one store has the customer's key, all have, and the vault cannot lose it.",
        why="data is as safe as its worst copy; and a purged key is the end of all data under it",
        source="Microsoft cloud security benchmark v1, DP-5 and DP-6; "
        "Azure Policy ba769a63-b8cc-4b2d-abf6-ac33c7204be8",
        whole=_own_keys,
    ),
)
