"""All rules, in the order in which they are told."""

from __future__ import annotations

from policies import computes, encryption, identities, keeping, keys, kubernetes, networks
from policies.rules import Rule

RULES: tuple[Rule, ...] = (
    *networks.RULES,
    *keys.RULES,
    *encryption.RULES,
    *identities.RULES,
    *computes.RULES,
    *kubernetes.RULES,
    *keeping.RULES,
)
