"""Guard rails: built-in policies of Azure, assigned to the environment's resource group.

They hold whoever writes: this program, the portal, another tool. Which effect an environment has is in its
settings; which definition that is, in `checks/catalogue/policies.toml`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import pulumi
from pulumi_azure_native import authorization

from checks.catalogue.policies import PolicyDefinition, policy_for
from infra.sections.policies import Policies

ACTING = ("Modify", "DeployIfNotExists")  # effects that write, by an identity


@dataclass(frozen=True, kw_only=True)
class GuardRailsArgs:
    """What is guarded, and what definitions have to be told."""

    scope: str
    group: pulumi.Resource
    location: str
    settings: Policies
    parameters: Mapping[str, pulumi.Input[Any]]  # of definitions, by their own names
    identity_id: pulumi.Input[str] | None  # for effects that write
    after: Sequence[pulumi.Resource]  # the grants of that identity


class GuardRails(pulumi.ComponentResource):
    """One assignment per guard; a definition that writes acts as the identity `policy`."""

    def __init__(self, name: str, args: GuardRailsArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("twinloop:infra:GuardRails", name, None, opts)
        for word, effect in args.settings.effects():
            definition, acts = policy_for(word, effect), effect in ACTING
            authorization.PolicyAssignment(
                f"{name}-{word}",
                policy_assignment_name=word,
                scope=args.scope,
                policy_definition_id=definition.id,
                display_name=definition.name,
                description=f"{effect}: declared by the platform; change twinloop:policies.{word} there",
                enforcement_mode=authorization.EnforcementMode.DEFAULT,
                parameters=_parameters(definition, effect, args.parameters),
                identity=authorization.IdentityArgs(
                    type=authorization.ResourceIdentityType.USER_ASSIGNED,
                    user_assigned_identities=[args.identity_id],
                )
                if acts and args.identity_id is not None
                else None,
                location=args.location if acts else None,
                opts=pulumi.ResourceOptions(
                    parent=self, depends_on=[args.group, *(args.after if acts else ())]
                ),
            )
        self.register_outputs({})


def acting(settings: Policies | None) -> tuple[str, ...]:
    """Roles that the identity `policy` needs: none where nothing writes."""
    if settings is None:
        return ()
    found = [policy_for(word, effect).roles for word, effect in settings.effects() if effect in ACTING]
    return tuple(dict.fromkeys(role for roles in found for role in roles))


def _parameters(
    definition: PolicyDefinition, effect: str, known: Mapping[str, pulumi.Input[Any]]
) -> dict[str, authorization.ParameterValuesValueArgs]:
    given = {"effect": effect} | {name: known[name] for name in definition.parameters if name in known}
    return {name: authorization.ParameterValuesValueArgs(value=value) for name, value in given.items()}
