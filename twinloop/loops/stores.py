"""Files of the workspace's stores: data, outputs and code, fetched with the client's own means.

MLClient uploads data and code but has no public door to fetch them again. Its functions for that are private.
This is the one file that touches them, and a test holds that they are still there.
"""

from __future__ import annotations

import re
import shutil
from pathlib import Path
from typing import TYPE_CHECKING, Any

from twinloop.loops.client import quietly, without_bars
from twinloop.problems import NotFound, NotSupported

if TYPE_CHECKING:
    from azure.ai.ml import MLClient

_ASSET = re.compile(r"azureml:(?P<name>[^/:@]+)(?::(?P<version>[^/@]+)|@(?P<label>\w+))?")
_ASSET_ID = re.compile(r".*/workspaces/[^/]+/data/(?P<name>[^/]+)/versions/(?P<version>[^/]+)", re.IGNORECASE)
_CODE_ID = re.compile(r".*/codes/(?P<name>[^/]+)/versions/(?P<version>[^/]+)", re.IGNORECASE)
# https://ACCOUNT.blob.SUFFIX/CONTAINER/BLOB, or with the account as the path's first part
_BLOB = re.compile(r"https?://[^/]+/(?:[^/]+\.blob\.[^/]+/)?(?P<container>[^/]+)/(?P<blob>.+)")


def address_of(client: MLClient, path: str) -> str:
    """The address in a datastore that a data path of a job stands for.

    Args:
        client: on the workspace.
        path: `azureml://...`, `azureml:NAME:VERSION`, `azureml:NAME@latest` or a data asset's id.

    Raises:
        NotSupported: it lies outside the workspace's stores.
    """
    if path.startswith("azureml://"):
        return path
    found = _ASSET_ID.fullmatch(path) or _ASSET.fullmatch(path)
    if found is None:
        raise NotSupported(
            "This data does not lie in a store of the workspace, so it cannot be fetched here.",
            where="the input of the step",
            given=path,
            allowed="azureml://datastores/..., azureml:NAME:VERSION, or a path on this machine",
            next_step="fetch it yourself and name the file: --set inputs.NAME.path=FILE",
        )
    parts = found.groupdict()
    with quietly():
        if version := parts.get("version"):
            return str(client.data.get(parts["name"], version=version).path)
        return str(client.data.get(parts["name"], label=parts.get("label") or "latest").path)


def fetch(client: MLClient, address: str, folder: Path, *, single: bool = False) -> Path:
    """Copy what lies at a datastore's address into a folder.

    Args:
        client: on the workspace.
        address: `azureml://.../datastores/NAME/paths/PATH`.
        folder: to write to; made if need be.
        single: the address is one file.

    Returns:
        The folder, or the file in it.

    Raises:
        NotFound: there is nothing at the address.
    """
    with quietly(), without_bars():
        from azure.ai.ml._artifacts._artifact_utilities import download_artifact_from_aml_uri

        operations: Any = client.datastores
        folder.mkdir(parents=True, exist_ok=True)
        download_artifact_from_aml_uri(address, str(folder), operations)
    files = [path for path in sorted(folder.rglob("*")) if path.is_file()]
    if not files:
        raise NotFound(
            "There is nothing at this address.",
            where="the stores of the workspace",
            given=address,
            next_step="see what the job has left: twinloop jobs show JOB",
        )
    if not single:
        return folder
    name = address.rstrip("/").rpartition("/")[2]
    return next((path for path in files if path.name == name), files[0])


def fetch_code(client: MLClient, code_id: str, folder: Path) -> Path:
    """Copy the source of a job, as it was submitted, into a folder.

    Raises:
        NotFound: the id names no code, or there is nothing behind it.
    """
    found = _CODE_ID.fullmatch(code_id)
    if found is None:
        raise NotFound(
            "This is no code of the workspace.",
            where="the code of the job",
            given=code_id,
            next_step="name the folder: --code FOLDER",
        )
    with quietly(), without_bars():
        from azure.ai.ml._artifacts._artifact_utilities import get_datastore_info
        from azure.ai.ml._utils._storage_utils import get_storage_client

        operations: Any = client._code
        code = operations.get(found["name"], found["version"])
        place = _BLOB.fullmatch(str(code.path))
        if place is None:
            raise NotFound(
                "The code lies at no blob's address.",
                where="the code of the job",
                given=str(code.path),
                next_step="name the folder: --code FOLDER",
            )
        info = get_datastore_info(
            client.datastores, client.datastores.get_default().name, container_name=place["container"]
        )
        folder.mkdir(parents=True, exist_ok=True)
        get_storage_client(**info).download(starts_with=place["blob"], destination=str(folder))
    if not any(folder.iterdir()):
        raise NotFound(
            "There is nothing behind this code.",
            where="the code of the job",
            given=code_id,
            next_step="name the folder: --code FOLDER",
        )
    return folder


def copy(source: Path, folder: Path) -> Path:
    """Copy a file or a folder of this machine below a folder; a job that writes into its input harms nobody.

    Raises:
        NotFound: it is not there.
    """
    if not source.exists():
        raise NotFound(
            "There is no such file or folder.",
            where=str(source),
            given=source.name,
            next_step="correct the path, then run it again",
        )
    folder.mkdir(parents=True, exist_ok=True)
    if source.is_file():
        return Path(shutil.copy2(source, folder / source.name))
    shutil.copytree(source, folder, dirs_exist_ok=True)
    return folder
