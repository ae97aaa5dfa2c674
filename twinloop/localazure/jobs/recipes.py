"""What an environment is made of, however it was declared: curated, image, conda file, build."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any, Literal

from twinloop.localazure.core.ids import ArmId
from twinloop.localazure.core.twin import Twin
from twinloop.localazure.jobs import curated
from twinloop.localazure.jobs.asset_lookup import asset_properties
from twinloop.localazure.jobs.build_contexts import BadContext, read_context
from twinloop.localazure.jobs.curated import Asked
from twinloop.localazure.jobs.data import DataFailed, JobData
from twinloop.localazure.jobs.images import Base, UnknownImage, base_of, described, known_names
from twinloop.localazure.jobs.requirements import BadCondaFile, Wanted, read_conda

NOTE = "twinloop.environmentNote"  # property of a run: JSON list of sentences, where it is not the cloud's
FIDELITY = "TWINLOOP_ENVIRONMENT"  # variable of a job: how closely a curated environment is followed
Fidelity = Literal["near", "held", "exact"]
_FIDELITIES: tuple[Fidelity, ...] = ("near", "held", "exact")
_NOTHING = Wanted(python="", packages=())


class BadRecipe(ValueError):
    """An environment that cannot be had here; the message says what is missing and what to write instead."""


@dataclass(frozen=True, kw_only=True)
class Recipe:
    """An environment in the words of pip, with what is known of the image that the cloud would run."""

    name: str  # for messages
    base: Base
    wanted: Wanted = _NOTHING  # what its author wrote down; kept to the letter
    bare: bool = False  # Python and nothing else
    variables: dict[str, str] = field(default_factory=dict)
    notes: tuple[str, ...] = ()  # what is left out, in sentences


def recipe(twin: Twin, reference: str) -> Recipe:
    """What an environment is made of.

    Args:
        twin: the twin.
        reference: ARM id of a version in a workspace or registry, or address of a curated one.

    Raises:
        BadRecipe: it cannot be had here, or is gone.
    """
    if found := curated.asked(reference):
        return _curated(found)
    properties = asset_properties(twin, reference)
    if properties is None:
        raise BadRecipe(f"environment '{reference}' was deleted")
    arm_id = ArmId(reference)
    name = f"{arm_id.parent.name if arm_id.parent else ''}:{arm_id.name}"
    try:
        return _declared(twin, arm_id, name, properties)
    except (BadCondaFile, BadContext, UnknownImage, DataFailed) as error:
        raise BadRecipe(f"environment '{name}': {error}") from error


def fidelity(variables: Mapping[str, str]) -> Fidelity:
    """How closely a job wants its curated environment followed.

    Raises:
        BadRecipe: the word is none of those that are known.
    """
    given = variables.get(FIDELITY, "near").strip().lower()
    for known in _FIDELITIES:
        if given == known:
            return known
    raise BadRecipe(
        f"environment variable {FIDELITY}: '{given}' is not known; allowed: near (the project's packages "
        "where the names are the same), held (the versions that the environment is named after), exact (all)"
    )


def _curated(asked: Asked) -> Recipe:
    row = curated.find(asked.name)
    if row is None:
        raise BadRecipe(
            f"environment '{asked.name}' of registry 'azureml' is not known here, so what is in "
            f"its image would be a guess; {known_names()}. "
            "Or declare it: `environment:` with `image:` and `conda_file:`"
        )
    if asked.label and asked.label.lower() != "latest":
        raise BadRecipe(
            f"environment '{asked.name}': label '{asked.label}' is not known; "
            "write labels/latest or versions/N"
        )
    notes: tuple[str, ...] = ()
    if asked.version and asked.version != row.version:
        notes = (
            f"Version {asked.version} of {row.name} was asked for; all are the definition of {row.date}.",
        )
    if asked.name.lower() not in {row.name, f"azureml-{row.name}"}:
        notes += (f"'{asked.name}' is a former name; here it is {row.name} as defined on {row.date}.",)
    return Recipe(name=f"{row.name} (curated)", base=base_of(row.image), notes=notes)


def _declared(twin: Twin, arm_id: ArmId, name: str, properties: Mapping[str, Any]) -> Recipe:
    """An environment of a workspace."""
    if str(properties.get("osType") or "Linux").lower() != "linux":
        raise UnknownImage(f"os_type {properties['osType']} is not emulated; only linux is")
    image, conda, build = properties.get("image") or "", properties.get("condaFile"), properties.get("build")
    if build:
        made = _built(twin, arm_id, name, build)
    elif conda:
        beside = f"The image {image} itself is not run here: what it has beside the conda file is not there."
        made = Recipe(name=name, base=described(image), wanted=read_conda(conda), notes=(beside,))
    else:
        made = _plain(name, base_of(image))
    if properties.get("inferenceConfig"):
        ignored = "inference_config is for endpoints; a job does not look at it."
        made = replace(made, notes=(*made.notes, ignored))
    return made


def _plain(name: str, base: Base) -> Recipe:
    wanted = Wanted(python=f"=={base.python}.*" if base.python and not base.curated else "", packages=())
    return Recipe(name=name, base=base, wanted=wanted, bare=base.curated is None)


def _built(twin: Twin, arm_id: ArmId, name: str, build: Mapping[str, Any]) -> Recipe:
    workspace = "/".join(("", *arm_id.segments[:-4]))
    texts = JobData(twin, workspace).texts(str(build.get("contextUri") or ""))
    built = read_context(texts, str(build.get("dockerfilePath") or "Dockerfile"))
    plain = _plain(name, built.base)
    return replace(
        plain,
        wanted=Wanted(python=built.wanted.python or plain.wanted.python, packages=built.wanted.packages),
        bare=plain.bare and not built.wanted.packages,
        variables=built.variables,
        notes=(
            "The image is not built: what its Dockerfile installs by pip and conda is here.",
            *built.notes,
        ),
    )
