"""What a step's environment is made of, by the same rules as the twin's; looked up where it is only named."""

from __future__ import annotations

import re
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from checks.environments import curated
from checks.environments.build_contexts import BadContext
from checks.environments.images import UnknownImage
from checks.environments.recipe import BadRecipe, Recipe, of_build, of_conda, of_curated, of_image
from checks.environments.requirements import BadCondaFile
from twinloop.loops import stores
from twinloop.loops.client import quietly
from twinloop.problems import BadUsage, NotFound, NotSupported

if TYPE_CHECKING:
    from azure.ai.ml import MLClient

    from twinloop.loops.written_steps import Environment

_ID = re.compile(r".*/environments/(?P<name>[^/]+)/versions/(?P<version>[^/]+)", re.IGNORECASE)
_NAME = re.compile(r"azureml:(?P<name>[^/:@]+)(?::(?P<version>[^/@]+)|@(?P<label>\w+))?")
_TEXT = 1 << 20  # bytes; what is longer is no list of requirements


@dataclass(frozen=True)
class Known:
    """What is known of an environment; `why` says what stands in the way where nothing is."""

    image: str  # as the cloud calls it
    recipe: Recipe | None = None
    why: str = ""


def known(client: MLClient, environment: Environment) -> Known:
    """What an environment is made of.

    Raises:
        BadUsage: its conda file or Dockerfile cannot be followed here.
        NotFound: the workspace has no such environment.
    """
    try:
        return _known(client, environment)
    except (UnknownImage, BadRecipe) as error:  # it may well be in the cloud
        return Known(environment.image or environment.reference, why=str(error))
    except (BadCondaFile, BadContext) as error:
        raise BadUsage(
            "What the step's environment needs cannot be read.",
            where=environment.where or environment.reference,
            given=str(error),
            allowed="docs/data-scientist/environments.md has the rule",
            next_step="put it right there, and run it again",
        ) from error


def _known(client: MLClient, given: Environment) -> Known:
    if given.conda is not None:
        return Known(given.image, of_conda(given.where, given.image, given.conda))
    if given.build is not None:
        return Known("", of_build(given.where, _texts(given.build), given.dockerfile))
    if given.reference:
        if asked := curated.asked(given.reference):
            recipe = of_curated(asked)
            return Known(recipe.base.image, recipe)
        return _registered(client, given.reference)
    return Known(given.image, of_image(given.where, given.image))


def _registered(client: MLClient, reference: str) -> Known:
    """An environment of the workspace."""
    from azure.core.exceptions import ResourceNotFoundError

    found = _ID.fullmatch(reference) or _NAME.fullmatch(reference)
    if found is None or "/registries/" in reference.lower():
        return Known(reference, why=f"{reference} is not of this workspace")
    parts = found.groupdict()
    try:
        with quietly():
            if version := parts.get("version"):
                entity: Any = client.environments.get(parts["name"], version=version)
            else:
                entity = client.environments.get(parts["name"], label=parts.get("label") or "latest")
    except ResourceNotFoundError as error:
        raise NotFound(
            "The workspace has no such environment.",
            where="environment",
            given=reference,
            next_step="name one that it has, or give image and conda_file in the file",
        ) from error
    name, image = f"{entity.name}:{entity.version}", str(entity.image or "")
    if entity.build is not None:
        return _built(client, name, str(entity.build.path), entity.build.dockerfile_path or "Dockerfile")
    if entity.conda_file:
        return Known(image, of_conda(name, image, entity.conda_file))
    return Known(image, of_image(name, image))


def _built(client: MLClient, name: str, context: str, dockerfile: str) -> Known:
    """A build context that lies in a store of the workspace."""
    try:
        with tempfile.TemporaryDirectory() as folder:
            here = stores.fetch(client, stores.address_of(client, context), Path(folder) / "context")
            return Known("", of_build(name, _texts(here), dockerfile))
    except (NotFound, NotSupported) as error:
        return Known("", why=f"its build context {context} cannot be fetched: {error}")


def _texts(folder: Path) -> dict[str, str]:
    """The small text files below a folder, by path."""
    texts = {}
    for path in sorted(folder.rglob("*")):
        if path.is_file() and path.stat().st_size <= _TEXT:
            try:
                texts[path.relative_to(folder).as_posix()] = path.read_text(encoding="utf-8")
            except UnicodeDecodeError:
                continue
    return texts
