"""Which policies of Azure guard an environment, and how hard: the section `policies` of the settings.

Words and effects are those of `checks/catalogue/policies.toml`; what is left out is not assigned.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Annotated, Literal

from infra.sections.shapes import Section, example

Audit = Annotated[Literal["Audit"] | None, example("Audit")]
AuditOrDeny = Annotated[Literal["Audit", "Deny"] | None, example("Audit")]
Switched = Annotated[Literal["Audit", "Deny", "Modify"] | None, example("Deny")]
Logged = Annotated[Literal["AuditIfNotExists", "DeployIfNotExists"] | None, example("AuditIfNotExists")]


class Policies(Section):
    """One effect per guard, as Azure Policy names it."""

    workspace_private: Switched = None
    workspace_private_link: Audit = None
    workspace_user_identity: AuditOrDeny = None
    workspace_own_key: AuditOrDeny = None
    workspace_approved_outbound: AuditOrDeny = None
    workspace_logs: Logged = None
    compute_no_local_auth: Switched = None
    instance_idle_shutdown: AuditOrDeny = None
    instance_updates: Audit = None
    compute_in_network: Audit = None
    registry_models_only: AuditOrDeny = None

    def effects(self) -> Iterator[tuple[str, str]]:
        """What is assigned: the catalogue's word, and the effect."""
        for field, info in type(self).model_fields.items():
            effect = getattr(self, field)
            if effect is not None:
                yield str(info.alias), str(effect)
