"""Assignments of Azure Policy, the built-in definitions that this twin knows, and who complies."""

from __future__ import annotations

from typing import Any

from checks.catalogue.policies import DEFINITIONS, PolicyDefinition, by_id, policy_definitions
from twinloop.localazure.core import policy
from twinloop.localazure.core.errors import InvalidRequest, ResourceNotFound
from twinloop.localazure.core.ids import ArmId
from twinloop.localazure.core.reply import Reply
from twinloop.localazure.core.request import Request
from twinloop.localazure.core.resources import Doc, ResourceHooks, on_type
from twinloop.localazure.core.router import Router
from twinloop.localazure.core.twin import Twin

router = Router("Microsoft.Authorization")
_EFFECTS_WITH_IDENTITY = {"modify", "deployifnotexists"}


@on_type(policy.ASSIGNMENTS)
class PolicyAssignmentHooks(ResourceHooks):
    """An assignment is of a known definition, with parameters that it has, and an identity where it acts."""

    def validate(self, body: dict[str, Any], old: Doc | None, request: Request, twin: Twin) -> None:
        """Definition, parameters, effect, identity."""
        del old, twin
        properties = body["properties"]
        given = str(properties["policyDefinitionId"])
        definition = by_id().get(given.lower())
        if definition is None:
            message = (
                f"The policy definition '{ArmId(given).name}' could not be found. Built-in definitions that "
                f"this twin knows: GET {DEFINITIONS.rstrip('/')} lists them; others are not emulated."
            )
            raise ResourceNotFound(given, message, code="PolicyDefinitionNotFound")
        effect = _check_parameters(properties.get("parameters") or {}, definition, request)
        kind = str((body.get("identity") or {}).get("type") or "None").lower()
        if effect.lower() in _EFFECTS_WITH_IDENTITY and kind == "none":
            message = (
                f"The policy assignment '{request.arm_id.name}' has the effect '{effect}', which needs a "
                "managed identity: give 'identity' and 'location'."
            )
            raise InvalidRequest("ResourceIdentityRequired", message, target="identity")
        if kind != "none" and not body.get("location"):
            message = f"The policy assignment '{request.arm_id.name}' has an identity and needs a 'location'."
            raise InvalidRequest("LocationRequired", message, target="location")

    def render(self, doc: Doc, twin: Twin, api_version: str) -> dict[str, Any]:
        """Its scope."""
        del twin, api_version
        scope = ArmId(doc["id"]).parent
        return {"properties": {"scope": scope.text if scope else "/"}}


def _check_parameters(given: dict[str, Any], definition: PolicyDefinition, request: Request) -> str:
    """The effect that is meant, once every parameter is known and allowed."""
    known = ["effect", *definition.parameters]
    unknown = [name for name in given if name not in known]
    if unknown:
        message = (
            f"The policy assignment '{request.arm_id.name}': '{definition.name}' has no parameters "
            f"{', '.join(unknown)}; it has {', '.join(known)}."
        )
        raise InvalidRequest("UndefinedPolicyParameter", message)
    effect = str((given.get("effect") or {}).get("value") or definition.effects[0])
    allowed = [*definition.effects, "Disabled"]
    if effect.lower() not in {one.lower() for one in allowed}:
        message = (
            f"The policy assignment '{request.arm_id.name}' gives the parameter 'effect' the value "
            f"'{effect}'; '{definition.name}' allows {', '.join(allowed)}."
        )
        raise InvalidRequest("PolicyParameterValueNotAllowed", message)
    if "logAnalytics" in definition.parameters and not (given.get("logAnalytics") or {}).get("value"):
        message = (
            f"The policy assignment '{request.arm_id.name}' is missing the parameter 'logAnalytics' of "
            f"'{definition.name}': the ARM id of a log workspace."
        )
        raise InvalidRequest("MissingPolicyParameter", message)
    return effect


def _shown(definition: PolicyDefinition) -> dict[str, Any]:
    parameters: dict[str, Any] = {
        "effect": {"type": "String", "allowedValues": [*definition.effects, "Disabled"]}
    }
    for name, default in definition.parameters.items():
        kind = {bool: "Boolean", tuple: "Array", list: "Array"}.get(type(default), "String")
        parameters[name] = {"type": kind, "defaultValue": default}
    return {
        "id": definition.id,
        "name": definition.guid,
        "type": "Microsoft.Authorization/policyDefinitions",
        "properties": {
            "displayName": definition.name,
            "policyType": "BuiltIn",
            "mode": "All",
            "metadata": {"category": "Machine Learning", "source": definition.source},
            "parameters": parameters,
        },
    }


@router.on("GET", "/providers/Microsoft.Authorization/policyDefinitions")
@router.on("GET", "/subscriptions/{subscriptionId}/providers/Microsoft.Authorization/policyDefinitions")
def list_definitions(request: Request, twin: Twin) -> Reply:
    """The built-in definitions that this twin knows; their rules are in the catalogue, not in the answer."""
    del request, twin
    return Reply(200, {"value": [_shown(one) for one in policy_definitions()]})


@router.on("GET", "/providers/Microsoft.Authorization/policyDefinitions/{name}")
def get_definition(request: Request, twin: Twin) -> Reply:
    """One of them."""
    del twin
    found = by_id().get((DEFINITIONS + request.params["name"]).lower())
    if found is None:
        message = (
            f"The policy definition '{request.params['name']}' could not be found. "
            f"GET {DEFINITIONS.rstrip('/')} lists those that this twin knows."
        )
        raise ResourceNotFound(request.params["name"], message, code="PolicyDefinitionNotFound")
    return Reply(200, _shown(found))


@router.on(
    "POST",
    "/{scope:path}/providers/Microsoft.PolicyInsights/policyStates/latest/queryResults",
    action="Microsoft.PolicyInsights/policyStates/queryResults/action",
    scope="/{scope}",
)
def query_states(request: Request, twin: Twin) -> Reply:
    """Who complies with what, judged now; `Unknown` where the twin cannot judge, with the reason."""
    found = list(policy.states(twin, ArmId("/" + request.params["scope"])))
    return Reply(200, {"@odata.count": len(found), "value": found})
