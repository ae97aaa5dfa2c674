"""The rules as plain functions: what the tool asks in its own process, and the pack answers over gRPC."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping

from checks.findings import Finding, Severity
from checks.plan import Resource
from policies.levels import level
from policies.rules import Breach, Planned, Rule
from policies.table import RULES


def findings(stack: str, resources: Iterable[Resource], config: Mapping[str, str]) -> tuple[Finding, ...]:
    """Every breach of every rule; one that the stack's settings make mandatory refuses.

    Args:
        stack: its name.
        resources: all that the stack is to have; what is taken is somebody else's and is not judged.
        config: the stack's settings by key with namespace, structured values as JSON text.
    """
    planned = Planned(resources=tuple(one for one in resources if not one.taken))
    return tuple(found for rule in RULES for found in _of(rule, planned, stack, config))


def _of(rule: Rule, planned: Planned, stack: str, config: Mapping[str, str]) -> Iterator[Finding]:
    severity: Severity = "refuse" if level(rule.advisory_in, config) == "mandatory" else "warn"
    for urn, breach in _breaches(rule, planned):
        yield Finding(
            severity=severity,
            rule=rule.name,
            stack=stack,
            resource=urn,
            what=breach.what,
            why=rule.why,
            fix=breach.fix,
            source=rule.source,
        )


def _breaches(rule: Rule, planned: Planned) -> Iterator[tuple[str, Breach]]:
    if rule.whole is not None:
        yield from ((breach.urn, breach) for breach in rule.whole(planned))
        return
    for resource in planned.resources:
        yield from ((resource.urn, breach) for breach in rule.breaches(resource))
