"""What settings must hold about resources that a stack takes: beside its own, and beside each other."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from infra.arm_ids import example_id, subscription_of
from infra.naming import RULES, Names
from infra.own_roles import made_guid, own_role, role_definition_id
from infra.rights.purposes import ci_purposes
from infra.sections.taken import GROUP, taken_ids
from infra.settings import EnvironmentSettings, Settings, SharedSettings
from infra.stackfile.refusals import Problem, remove_command, set_command
from infra.taken_roles import EXAMPLE


def place_rules(settings: Settings, stack: str) -> Iterator[Problem]:
    """The group that is taken lies where the stack's resources are made."""
    if settings.group is None:
        return
    own, given = settings.azure.subscription_id, subscription_of(settings.group.existing)
    if given != own:
        yield Problem(
            key="twinloop:group.existing",
            given=f"'{settings.group.existing}' is of subscription {given}",
            allowed=f"a group of azure-native:subscriptionId {own}: what this stack makes goes into it",
            next_step=set_command("azure-native:subscriptionId", given, stack),
        )


def apart_rules(settings: Settings, stack: str) -> Iterator[Problem]:
    """Nothing is taken under the id that the stack makes, or has made, itself; and nothing twice."""
    made = settings.own_names
    seen: dict[str, str] = {}
    for kind, taken in taken_ids(settings).items():
        key = _key_of(kind)
        if kind.startswith("zone/"):
            continue  # see infra/rules/zones.py: one group stands for all zones
        if taken.lower() == _own_id(made, kind).lower():
            yield Problem(
                key=key,
                given=f"'{taken}' is what this stack makes itself: the next up would delete it",
                allowed=f"a resource of another name, e.g. {_example_of(kind)}",
                next_step=remove_command(key.removesuffix(".existing"), stack),
            )
        first = seen.setdefault(taken.lower(), key)
        if first != key:
            yield Problem(
                key=key,
                given=f"'{taken}' is also {first}",
                allowed=f"{'a role' if kind.startswith('role/') else 'an identity'} for each purpose: "
                "each has the rights of its purpose only",
                next_step=remove_command(key.removesuffix(".existing"), stack),
            )


def purpose_rules(settings: SharedSettings, stack: str) -> Iterator[Problem]:
    """An identity is taken for a purpose that there is."""
    known = ci_purposes(settings.deployed_environments)
    for purpose in settings.identities:
        if purpose not in known:
            key = f"twinloop:identities.{purpose}"
            yield Problem(
                key=key,
                given="is for no purpose that this stack has",
                allowed=", ".join(known),
                next_step=remove_command(key, stack),
            )


def role_rules(settings: Settings, stack: str) -> Iterator[Problem]:
    """A role that is taken can be assigned where ours would be."""
    own = settings.azure.subscription_id
    shared = settings.shared.subscription_id or own if isinstance(settings, EnvironmentSettings) else own
    for word, one in settings.roles.items():
        where = own if word == "retrain-submitter" else shared
        given = subscription_of(one.existing)
        if given != where:
            key = f"twinloop:roles.{word}.existing"
            yield Problem(
                key=key,
                given=f"'{one.existing}' is of subscription {given}",
                allowed=f"a role of subscription {where}, where it is assigned",
                next_step=set_command(key, one.existing.replace(given, where), stack),
            )


def same_names(stacks: Mapping[str, Settings]) -> Iterator[Problem]:
    """Two stacks never make resources of the same names."""
    first: dict[tuple[str, ...], str] = {}
    for stack, settings in stacks.items():
        azure = settings.azure
        place = (azure.subscription_id, azure.location, settings.workload, settings.environment)
        other = first.setdefault(place, stack)
        if other != stack:
            yield Problem(
                key="twinloop:environment",
                given=f"'{settings.environment}' in Pulumi.{other}.yaml and in Pulumi.{stack}.yaml, "
                f"both in {azure.location} of subscription {azure.subscription_id}",
                allowed="another name in each: names in Azure are made of it",
                next_step=set_command("twinloop:environment", f"{settings.environment}2", stack),
            )


def taken_twice(environments: Mapping[str, EnvironmentSettings]) -> Iterator[Problem]:
    """A vault or an identity is of one environment: who has the rights of one has no word in another."""
    first: dict[str, str] = {}
    for stack, settings in environments.items():
        for kind, taken in taken_ids(settings).items():
            if kind != "vault" and not kind.startswith("identity/"):
                continue
            other = first.setdefault(taken.lower(), stack)
            if other != stack:
                yield Problem(
                    key=_key_of(kind),
                    given=f"'{taken}' is taken in Pulumi.{other}.yaml and in Pulumi.{stack}.yaml",
                    allowed="one of its own for each environment",
                    next_step=set_command(_key_of(kind), example_id(_token_of(kind)), stack),
                )


def _key_of(kind: str) -> str:
    section, _, purpose = kind.partition("/")
    section = {"resource_group": "group", "identity": "identities", "role": "roles"}.get(section, section)
    return f"twinloop:{section}{'.' + purpose if purpose else ''}.existing"


def _example_of(kind: str) -> str:
    return EXAMPLE if kind.startswith("role/") else example_id(_token_of(kind))


def _token_of(kind: str) -> str:
    return GROUP if kind == "resource_group" else RULES[kind.partition("/")[0]].of


def _own_id(made: Names, kind: str) -> str:
    name, _, purpose = kind.partition("/")
    if name == "role":
        return role_definition_id(made.subscription, made_guid(made, own_role(purpose)))
    if name == "network":
        return made.arm_id(RULES[name].of, virtualNetworkName=made.physical(name))
    return made.identity_id(purpose) if purpose else str(getattr(made, f"{name}_id"))
