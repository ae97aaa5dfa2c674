"""What identities are for: the machines of an environment, and CI per environment that it deploys."""

from __future__ import annotations

ENVIRONMENT = ("workspace", "training", "build")


def ci_purposes(environments: tuple[str, ...]) -> tuple[str, ...]:
    """Purposes of CI's identities: one that previews everything, and two per environment that it deploys."""
    return ("ci-preview", *(f"ci-{task}-{name}" for name in environments for task in ("deploy", "models")))
