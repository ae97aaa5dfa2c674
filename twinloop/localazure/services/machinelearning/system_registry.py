"""Microsoft's own registry `azureml`: the curated environments of the table, to read, for anybody signed in.

Nothing of it is stored. What else that registry has (components, models, data) is not emulated and says so.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from checks.environments.curated import REGISTRY, Curated, table
from checks.environments.images import known_names
from twinloop.localazure.core.errors import NotEmulated, ResourceNotFound
from twinloop.localazure.core.reply import Reply
from twinloop.localazure.core.request import Request
from twinloop.localazure.core.router import Router
from twinloop.localazure.core.twin import Twin
from twinloop.localazure.services.machinelearning.workspace_scope import PROVIDER

router = Router("machinelearning")
Doc = dict[str, Any]
SUBSCRIPTION = "a2e1b6c0-0000-4000-8000-000000000a21"  # the twin's own; Azure's is nobody's business
_HOME = f"/subscriptions/{SUBSCRIPTION}/resourceGroups/{REGISTRY}/providers/{PROVIDER}/registries/{REGISTRY}"
_DATA = f"/mferp/managementfrontend{_HOME}"
_ENVIRONMENTS = f"{_DATA}/environments"


@router.on("GET", f"/registrymanagement/v1.0/registries/{REGISTRY}/discovery")
def discovery(_request: Request, twin: Twin) -> Reply:
    """Where the registry is."""
    return Reply(
        200,
        {
            "registryName": REGISTRY,
            "primaryRegionResourceProviderUri": f"{twin.base}/",
            "resourceGroup": REGISTRY,
            "subscriptionId": SUBSCRIPTION,
            "serviceType": "workspacediscovery",
        },
    )


@router.on("GET", _ENVIRONMENTS)
def list_environments(_request: Request, _twin: Twin) -> Reply:
    """All names."""
    return _page(_container(row) for row in table().values())


@router.on("GET", f"{_ENVIRONMENTS}/{{name}}")
def get_environment(request: Request, _twin: Twin) -> Reply:
    """One name."""
    return Reply(200, _container(_row(request)))


@router.on("GET", f"{_ENVIRONMENTS}/{{name}}/versions")
def list_versions(request: Request, _twin: Twin) -> Reply:
    """Its one version: the table's."""
    row = _row(request)
    return _page([_version(row, row.version)])


@router.on("GET", f"{_ENVIRONMENTS}/{{name}}/versions/{{version}}")
def get_version(request: Request, _twin: Twin) -> Reply:
    """The table's version; a published number is answered with the same definition, which says so."""
    row, version = _row(request), request.params["version"]
    if version != row.version and not version.isdigit():
        raise ResourceNotFound(
            f"{_HOME}/environments/{row.name}/versions/{version}",
            f"The environment '{row.name}' has no version '{version}'. Versions that exist: {row.version}.",
        )
    return Reply(200, _version(row, version))


@router.on("GET", f"{_DATA}/{{rest:path}}")
def other(request: Request, _twin: Twin) -> Reply:
    """What the twin has no table of.

    Raises:
        NotEmulated: always.
    """
    raise NotEmulated(
        "GET", f"{request.params['rest']} of registry {REGISTRY}: it has curated environments only"
    )


def _row(request: Request) -> Curated:
    name = request.params["name"]
    row = table().get(name.lower())
    if row is None:
        raise ResourceNotFound(
            f"{_HOME}/environments/{name}",
            f"The environment '{name}' is not known to this twin; {known_names()}.",
        )
    return row


def _page(rows: Iterable[Doc]) -> Reply:
    return Reply(200, {"value": list(rows)})


def _container(row: Curated) -> Doc:
    numbers = {"latestVersion": row.version, "nextVersion": row.version, "isArchived": False}
    return _shown(row, "", row.name, {"description": _about(row), "tags": {}, "properties": {}, **numbers})


def _version(row: Curated, version: str) -> Doc:
    properties = {
        "description": _about(row),
        "image": row.image,
        "condaFile": None,
        "osType": "Linux",
        "environmentType": "Curated",
        "isAnonymous": False,
        "isArchived": False,
        "stage": None,
        "tags": {"Python": row.python, "OS": row.system} | ({"GPU": row.gpu} if row.gpu else {}),
        "properties": {"twinloop.source": row.source},
    }
    return _shown(row, f"/versions/{version}", version, properties)


def _about(row: Curated) -> str:
    return f"Curated environment as defined on {row.date}: {', '.join(row.packages)}"


def _shown(row: Curated, tail: str, name: str, properties: Doc) -> Doc:
    moment = f"{row.date}T00:00:00+00:00"
    who = {"createdAt": moment, "createdBy": "Microsoft", "createdByType": "User"}
    return {
        "id": f"azureml://registries/{REGISTRY}/environments/{row.name}{tail}",
        "name": name,
        "type": f"{PROVIDER}/registries/environments" + ("/versions" if tail else ""),
        "properties": {"provisioningState": "Succeeded", **properties},
        "systemData": who
        | {f"lastModified{key.removeprefix('created')}": value for key, value in who.items()},
    }
