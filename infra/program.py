"""The program: what is built follows the settings' kind, never the stack's name."""

from __future__ import annotations

from infra.outputs import Contract
from infra.settings import Settings, SharedSettings


def build(settings: Settings) -> Contract:
    """Declare what the settings describe; only the namespaces of that kind are imported."""
    if isinstance(settings, SharedSettings):
        from infra.shared import build_shared

        return build_shared(settings)
    from infra.environment import build_environment

    return build_environment(settings)
