"""The model that a deployment names: in its workspace, or in a registry that whoever deploys may read."""

from __future__ import annotations

import re

from twinloop.localazure.core.ids import ArmId
from twinloop.localazure.core.principal import Principal
from twinloop.localazure.core.resources import kind_of
from twinloop.localazure.jobs.references import Data, References
from twinloop.localazure.services.machinelearning.asset_store import assets

_REGISTRIES = "Microsoft.MachineLearningServices/registries"
_OF_REGISTRY = re.compile(
    r"azureml://registries/(?P<registry>[^/]+)/models/(?P<name>[^/]+)/versions/(?P<version>[^/]+)"
)


def model(look: References, given: str, caller: Principal) -> Data | None:
    """Where a model lies, and its ARM id; None, with the reason among the problems, if it does not exist.

    Raises:
        AuthorizationFailed: it is in a registry that the caller may not read.
    """
    named = _OF_REGISTRY.fullmatch(given)
    if named is None:
        arm_id = given.removeprefix("azureml:")
        if "/models/" not in arm_id.lower():
            look.problems.append(
                f"model '{given}' is not the id of a version of a model, .../models/NAME/versions/V"
            )
            return None
        return look.data(arm_id, "")
    registries = {doc["name"].lower(): doc for _, doc in look.twin.store.list(kind_of(_REGISTRIES))}
    registry = registries.get(named["registry"].lower())
    if registry is None:
        there = ", ".join(sorted(registries)) or "none"
        look.problems.append(
            f"registry '{named['registry']}' does not exist on this twin; there are: {there}"
        )
        return None
    look.twin.authorize(caller, f"{_REGISTRIES}/assets/read", registry["id"])
    store = assets(look.twin, ArmId(registry["id"]), "models")
    found = store.find(named["name"], named["version"])
    if found is None:
        versions = ", ".join(str(one["version"]) for one in store.versions(named["name"])) or "none"
        look.problems.append(
            f"model '{named['name']}' version '{named['version']}' does not exist in registry "
            f"'{named['registry']}'; its versions: {versions}"
        )
        return None
    properties = found["properties"]
    arm_id = store.id(found["name"], found["version"]).text
    return Data(str(properties["modelUri"]), str(properties.get("modelType") or ""), arm_id)
