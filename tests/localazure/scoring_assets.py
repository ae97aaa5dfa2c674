"""What an online deployment needs that is no ARM resource: an entry script, and an environment."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

BLOB_CONTRIBUTOR = "ba92f5b4-2d11-453d-a403-e96b0029c9fe"
ENTRY = b"import json\n\ndef init():\n    pass\n\ndef run(data):\n    return {'heard': json.loads(data)}\n"
IMAGE = "mcr.microsoft.com/azureml/openmpi4.1.0-ubuntu22.04"
CONDA = "dependencies: [python>=3.11, pip, {pip: [pyyaml]}]"  # the project's own interpreter satisfies it


def code_and_environment(twin: Any, workspace: str, account: str, entry: bytes = ENTRY) -> dict[str, Any]:
    """Register an entry script and an environment; what a deployment says to use both.

    Args:
        twin: the server.
        workspace: id of the workspace.
        account: name of a storage account.
        entry: the script.
    """
    group = workspace.partition("/providers/")[0]
    store = f"{group}/providers/Microsoft.Storage/storageAccounts/{account}"
    assert twin.grant("infra-engineer", BLOB_CONTRIBUTOR, store).status_code in (200, 201)
    container = f"{store}/blobServices/default/containers/scripts?api-version=2024-01-01"
    assert twin.call("PUT", container, {"properties": {}}).status_code in (200, 201)
    token = twin.token("infra-engineer", "https://storage.azure.com")
    url = f"{twin.base}/{account}/scripts/code/score.py"
    headers = {
        "authorization": f"Bearer {token}",
        "x-ms-version": "2023-11-03",
        "x-ms-blob-type": "BlockBlob",
    }
    assert twin.client.put(url, content=entry, headers=headers).status_code == 201
    at = f"https://{account}.blob.core.windows.net/scripts/code"
    code, environment = f"{workspace}/codes/score/versions/1", f"{workspace}/environments/here/versions/1"
    rows = ((code, {"codeUri": at}), (environment, {"image": IMAGE, "condaFile": CONDA}))
    for arm_id, properties in rows:
        made = twin.call("PUT", f"{arm_id}?api-version=2023-04-01-preview", {"properties": properties})
        assert made.status_code in (200, 201), made.text
    return {
        "environmentId": environment,
        "codeConfiguration": {"codeId": code, "scoringScript": "score.py"},
    }


def script_of(twin: Any, made: Mapping[str, tuple[Any, ...]]) -> None:
    """The same for a platform, as ARM types with the ids of what is made of each."""
    workspace = made["Microsoft.MachineLearningServices/workspaces"][0]
    code_and_environment(twin, workspace, made["Microsoft.Storage/storageAccounts"][0].rpartition("/")[2])
