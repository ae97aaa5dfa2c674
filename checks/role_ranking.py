"""Which role to name to someone who lacks a right: one made for it, else a general one, then the smallest."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from functools import lru_cache

from checks.permissions import RoleDefinition, allows

# Rights that nearly every role carries so that the portal works with it; they say nothing of its purpose.
AMBIENT = frozenset(
    (
        "microsoft.authorization/*/read",
        "microsoft.insights/alertrules/*",
        "microsoft.insights/alertrules/read",
        "microsoft.resourcehealth/availabilitystatuses/read",
        "microsoft.resources/deployments/*",
        "microsoft.resources/deployments/read",
        "microsoft.resources/subscriptions/locations/read",
        "microsoft.resources/subscriptions/operationresults/read",
        "microsoft.resources/subscriptions/read",
        "microsoft.resources/subscriptions/resourcegroups/deployments/*",
        "microsoft.resources/subscriptions/resourcegroups/read",
        "microsoft.resources/subscriptions/resourcegroups/resources/read",
        "microsoft.resources/subscriptions/resources/read",
        "microsoft.support/*",
    )
)
PART = 3  # provider, type and the kind of child: as far as what a role is for is told apart
BREADTH_LEVELS = 6  # deeper wildcards than this count as one right: no Azure operation is told apart by it


def roles_allowing(
    action: str, roles: Mapping[str, RoleDefinition], *, data: bool = False
) -> tuple[RoleDefinition, ...]:
    """Roles that allow an action, the one to grant or to name in a refusal first.

    Roles whose own rights centre on the action's provider come first, the more so the earlier; then general
    ones (Reader, Contributor, Owner); then those made for something else. Among equals, those for another
    part of the provider come last, and fewest rights first.
    """
    wanted = action.lower()
    found = (role for role in roles.values() if allows(role, wanted, data=data))
    return tuple(
        sorted(
            found,
            key=lambda role: (_distance(role, wanted), _is_aside(role, wanted), breadth(role), role.name),
        )
    )


@lru_cache(maxsize=4096)
def breadth(role: RoleDefinition) -> int:
    """How much a role allows, as a number to compare roles by: the earlier a wildcard stands, the more."""
    return sum(
        10 ** (BREADTH_LEVELS - min(_literals(pattern), BREADTH_LEVELS)) for pattern in _patterns(role)
    )


def shares(role: RoleDefinition) -> dict[str, float]:
    """How much of a role's own rights each provider has, from 0 to 1; empty for a general role."""
    own = [pattern.partition("/")[0] for pattern in _own(role)]
    counts = Counter(provider for provider in own if "*" not in provider)
    return {provider: times / counts.total() for provider, times in counts.items()}


def _distance(role: RoleDefinition, action: str) -> float:
    """From 0, made for nothing else, to 1; 2 for a general role; 3 where this is held beside a purpose."""
    found = shares(role)
    if not found:
        return 2.0
    share = found.get(action.partition("/")[0], 0.0)
    return 1.0 - share if share == max(found.values()) and action not in AMBIENT else 3.0


def _is_aside(role: RoleDefinition, action: str) -> bool:
    """Whether most of a role's own rights are on one part of a resource that the action is not on.

    A labeller may read the workspace, and yet is nobody's answer to who may: four of its six rights are on
    `workspaces/labeling`.
    """
    own = [tuple(pattern.split("/")[:PART]) for pattern in _own(role)]
    parts = Counter(part for part in own if len(part) == PART and not any("*" in segment for segment in part))
    part, times = parts.most_common(1)[0] if parts else ((), 0)
    return times * 2 > len(own) and tuple(action.split("/")[:PART]) != part


def _own(role: RoleDefinition) -> Iterable[str]:
    return (pattern.lower() for pattern in _patterns(role) if pattern.lower() not in AMBIENT)


def _patterns(role: RoleDefinition) -> Iterable[str]:
    return (one for permission in role.permissions for one in (*permission.actions, *permission.data_actions))


def _literals(pattern: str) -> int:
    """Number of segments that a pattern pins down; all that count when it has no wildcard."""
    return sum("*" not in segment for segment in pattern.split("/")) if "*" in pattern else BREADTH_LEVELS


__all__ = ["AMBIENT", "breadth", "roles_allowing", "shares"]
