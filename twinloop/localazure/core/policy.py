"""Azure Policy at the moment of a write: what is denied, what is put right, and what is only remembered.

Assignments are resources (`services/policy.py`); definitions are the built-in ones of
`checks/catalogue/policies.toml`. Bodies are judged as they were sent, before a service adds its defaults, as
Azure Resource Manager does. What a definition asks and this twin cannot judge is never denied and never
called compliant: its state is `Unknown`, with the reason.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from checks.catalogue.policies import Condition, PolicyDefinition, by_id
from twinloop.localazure.core.bodies import put
from twinloop.localazure.core.errors import ArmError
from twinloop.localazure.core.ids import ArmId

if TYPE_CHECKING:
    from twinloop.localazure.core.twin import Twin

ASSIGNMENTS = "Microsoft.Authorization/policyAssignments"
_KIND = f"arm/{ASSIGNMENTS.lower()}"
_ENFORCED = "default"


@dataclass(frozen=True)
class Assigned:
    """One assignment in force, with what it assigns."""

    id: str
    name: str
    display_name: str
    scope: ArmId
    not_scopes: tuple[ArmId, ...]
    enforced: bool
    effect: str
    parameters: Mapping[str, Any]
    definition: PolicyDefinition

    def covers(self, arm_id: ArmId) -> bool:
        """Whether a resource lies in its scope, and in none that it leaves out."""
        return arm_id.within(self.scope) and not any(arm_id.within(out) for out in self.not_scopes)

    def judges(self, arm_type: str) -> bool:
        """Whether it looks at resources of this type at all."""
        return arm_type.lower() == self.definition.type.lower() and self.effect.lower() != "disabled"


def assigned(twin: Twin) -> list[Assigned]:
    """All assignments, by id; read again only when one has changed."""
    version = twin.store.version(_KIND)
    seen, known = twin.services.get("policy", (-1, []))
    if seen != version:
        known = [_read(doc) for _, doc in twin.store.list(_KIND)]
        twin.services["policy"] = (version, known)
    return known  # type: ignore[no-any-return]


def apply(arm_type: str, arm_id: ArmId, body: dict[str, Any], twin: Twin) -> None:
    """Let a body pass, put right what a Modify policy sets, or raise.

    Raises:
        ArmError: 403 RequestDisallowedByPolicy, with every policy that denies it.
    """
    here = [one for one in assigned(twin) if one.enforced and one.judges(arm_type) and one.covers(arm_id)]
    for one in here:
        sets = one.definition.sets
        if sets and one.effect.lower() == "modify" and one.definition.broken_by(body, one.parameters):
            put(body, sets["path"], sets["to"])
    denied = [
        one for one in here if one.effect.lower() == "deny" and one.definition.broken_by(body, one.parameters)
    ]
    if denied:
        raise _disallowed(arm_id, denied)


def states(twin: Twin, scope: ArmId) -> Iterator[dict[str, Any]]:
    """Whether each resource below a scope complies with each assignment that looks at it."""
    for one in assigned(twin):
        kind = f"arm/{one.definition.type.lower()}"
        for _, doc in twin.store.list(kind):
            arm_id = ArmId(doc["id"])
            if one.judges(one.definition.type) and one.covers(arm_id) and arm_id.within(scope):
                yield _state(one, doc, twin)


def _state(one: Assigned, doc: Mapping[str, Any], twin: Twin) -> dict[str, Any]:
    definition = one.definition
    if definition.unevaluated:
        said = "Unknown"
    elif definition.lacks:
        said = "Compliant" if _has(doc["id"], definition.lacks, twin) else "NonCompliant"
    else:
        said = "NonCompliant" if definition.broken_by(doc["body"], one.parameters) else "Compliant"
    return {
        "resourceId": doc["id"],
        "resourceType": definition.type,
        "policyAssignmentId": one.id,
        "policyAssignmentName": one.name,
        "policyAssignmentScope": one.scope.text,
        "policyDefinitionId": definition.id,
        "policyDefinitionAction": one.effect.lower(),
        "complianceState": said,
        "isCompliant": said == "Compliant",
        **({"complianceReasonCode": f"not emulated: {definition.unevaluated}"} if said == "Unknown" else {}),
    }


def _has(resource_id: str, lacks: Mapping[str, str], twin: Twin) -> bool:
    """Whether something of a kind hangs on a resource, with one element in its list that is switched on."""
    below = f"{ArmId(resource_id).key}/providers/{lacks['type'].lower()}/"
    for _, doc in twin.store.list(f"arm/{lacks['type'].lower()}", below):
        value: Any = doc["body"]
        for step in lacks["some"].split("."):
            value = (value or {}).get(step)
        if any(element.get(lacks["with"]) is True for element in value or ()):
            return True
    return False


def _disallowed(arm_id: ArmId, denied: list[Assigned]) -> ArmError:
    identifiers = [
        {
            "policyAssignment": {"name": one.display_name or one.name, "id": one.id},
            "policyDefinition": {"name": one.definition.name, "id": one.definition.id},
        }
        for one in denied
    ]
    wanted = "; ".join(
        f"{one.path}{_words(one, deny)}" for deny in denied for one in deny.definition.violates[-1:]
    )
    return ArmError(
        403,
        "RequestDisallowedByPolicy",
        f"Resource '{arm_id.name}' was disallowed by policy. Policy identifiers: "
        f"'{json.dumps(identifiers)}'. What would be allowed: {wanted}.",
        target=arm_id.name,
        info=[
            {
                "type": "PolicyViolation",
                "info": {
                    "policyDefinitionDisplayName": one.definition.name,
                    "policyDefinitionId": one.definition.id,
                    "policyDefinitionEffect": one.effect,
                    "policyAssignmentId": one.id,
                    "policyAssignmentName": one.name,
                    "policyAssignmentDisplayName": one.display_name,
                    "policyAssignmentScope": one.scope.text,
                    "policyAssignmentParameters": {"effect": {"value": one.effect}},
                },
            }
            for one in denied
        ],
    )


def _words(condition: Condition, one: Assigned) -> str:
    given = {**one.definition.parameters, **one.parameters}
    if condition.empty:
        return " that is not empty"
    if condition.starts_not:
        text = condition.starts_not
        for name, value in given.items():
            text = text.replace(f"${name}", str(value))
        return f" that begins with {text}"
    value = condition.value_not
    named = isinstance(value, str) and value.startswith("$")
    return f" = {json.dumps(given.get(value[1:]) if named else value)}"


def _read(doc: Mapping[str, Any]) -> Assigned:
    properties = doc["body"]["properties"]
    definition = by_id()[str(properties["policyDefinitionId"]).lower()]
    given = {name: one.get("value") for name, one in (properties.get("parameters") or {}).items()}
    return Assigned(
        id=doc["id"],
        name=doc["name"],
        display_name=properties.get("displayName") or "",
        scope=ArmId(str(ArmId(doc["id"]).parent or "/")),
        not_scopes=tuple(ArmId(one) for one in properties.get("notScopes") or ()),
        enforced=str(properties.get("enforcementMode", _ENFORCED)).lower() == _ENFORCED,
        effect=str(given.get("effect") or definition.effects[0]),
        parameters=given,
        definition=definition,
    )
