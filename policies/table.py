"""All rules, in the order in which they are told."""

from __future__ import annotations

from policies import clusters, computes, encryption, identities, keeping, keys, networks
from policies.rules import Rule

RULES: tuple[Rule, ...] = (
    *networks.RULES,
    *keys.RULES,
    *encryption.RULES,
    *identities.RULES,
    *computes.RULES,
    *clusters.RULES,
    *keeping.RULES,
)
