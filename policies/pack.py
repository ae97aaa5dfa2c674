"""The rules as a pulumi-policy pack: what `pulumi preview --policy-pack policies` starts."""

from __future__ import annotations

import json
import os
from collections.abc import Mapping, Sequence
from typing import Any

from pulumi_policy import (
    EnforcementLevel,
    Policy,
    PolicyPack,
    PolicyResource,
    ReportViolation,
    ResourceValidationArgs,
    ResourceValidationPolicy,
    StackValidationArgs,
    StackValidationPolicy,
)
from pulumi_policy.proxy import UnknownValueError

from checks.plan import UNKNOWN, Resource
from policies.levels import level
from policies.rules import Planned, Rule
from policies.table import RULES

NAME = "twinloop"


def serve() -> None:
    """Serve the pack; returns when the engine ends it."""
    PolicyPack(name=NAME, policies=policies(settings(os.environ)))


def settings(environment: Mapping[str, str]) -> dict[str, str]:
    """The stack's settings, as an engine hands them to a pack when it starts it."""
    given = json.loads(environment.get("PULUMI_CONFIG") or "{}")
    return {str(key): str(value) for key, value in given.items()}


def policies(config: Mapping[str, str]) -> list[Policy]:
    """Every rule as a policy, as strict as the stack's settings make it."""
    declared: set[str] = set()
    return [_policy(rule, EnforcementLevel(level(rule.advisory_in, config)), declared) for rule in RULES]


def _policy(rule: Rule, strictness: EnforcementLevel, declared: set[str]) -> Policy:
    """One policy.

    Args:
        rule: what it is made of.
        strictness: what a violation does.
        declared: URNs that resource policies were asked about. What a stack only reads is among its resources
            at the end, and in no such question: it is somebody else's, and is not judged.
    """

    def validate(args: ResourceValidationArgs, report: ReportViolation) -> None:
        declared.add(args.urn)
        if _concerned(rule, args.resource_type):
            for breach in rule.breaches(_declared(args)):
                report(rule.told(breach), None)

    def validate_stack(args: StackValidationArgs, report: ReportViolation) -> None:
        mine = tuple(_standing(one) for one in args.resources if one.urn in declared)
        for breach in rule.whole(Planned(resources=mine)) if rule.whole else ():
            report(rule.told(breach), breach.urn)

    if rule.whole is None:
        return ResourceValidationPolicy(
            name=rule.name, description=rule.title, enforcement_level=strictness, validate=validate
        )
    return StackValidationPolicy(
        name=rule.name, description=rule.title, enforcement_level=strictness, validate=validate_stack
    )


def _concerned(rule: Rule, type_: str) -> bool:
    asked = {*rule.types, *(demand.type for demand in rule.demands)}
    return type_ in asked or (rule.check is not None and not rule.types)


def _declared(args: ResourceValidationArgs) -> Resource:
    return Resource(
        stack=_stack(args.urn),
        urn=args.urn,
        type=args.resource_type,
        name=args.name,
        inputs=plain(args.props),
        protect=bool(args.opts.protect),
    )


def _standing(resource: PolicyResource) -> Resource:
    return Resource(
        stack=_stack(resource.urn),
        urn=resource.urn,
        type=resource.resource_type,
        name=resource.name,
        inputs=plain(resource.props),
        depends_on=tuple(needed.urn for needed in resource.dependencies),
        protect=bool(resource.opts.protect),
    )


def _stack(urn: str) -> str:
    return urn.split("::", 1)[0].rpartition(":")[2]


def plain(value: Any) -> Any:
    """A value as plain data; the SDK's proxies raise where only the cloud knows."""
    if isinstance(value, Mapping):
        return {key: _known(value, key) for key in value}
    if isinstance(value, Sequence) and not isinstance(value, str):
        return [_known(value, index) for index in range(len(value))]
    return value


def _known(container: Any, key: Any) -> Any:
    try:
        return plain(container[key])
    except UnknownValueError:
        return UNKNOWN
