"""An environment in the words of pip, with what is known of the image that the cloud would run."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any, Literal

from packaging.requirements import Requirement

from checks.environments import curated
from checks.environments.build_contexts import read_context
from checks.environments.curated import Asked
from checks.environments.images import Base, base_of, described, known_names
from checks.environments.requirements import Wanted, read_conda

FIDELITY = "TWINLOOP_ENVIRONMENT"  # variable of a job: how closely a curated environment is followed
Fidelity = Literal["near", "held", "exact"]
_FIDELITIES: tuple[Fidelity, ...] = ("near", "held", "exact")
_NOTHING = Wanted(python="", packages=())


class BadRecipe(ValueError):
    """An environment that cannot be had here; the message says what is missing and what to write instead."""


@dataclass(frozen=True, kw_only=True)
class Recipe:
    """What an environment is made of."""

    name: str  # for messages
    base: Base
    wanted: Wanted = _NOTHING  # what its author wrote down; kept to the letter
    bare: bool = False  # Python and nothing else
    variables: dict[str, str] = field(default_factory=dict)
    notes: tuple[str, ...] = ()  # what is left out, in sentences


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


def of_curated(asked: Asked) -> Recipe:
    """What a curated environment has.

    Raises:
        BadRecipe: it is not in the table, or the label is none.
    """
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


def of_conda(name: str, image: str, conda: Any) -> Recipe:
    """What an image with a conda file has; the file decides, and any image will do.

    Args:
        name: for messages.
        image: the container image.
        conda: the file's text, or what it holds.

    Raises:
        BadCondaFile: it cannot be read.
    """
    beside = f"The image {image} itself is not run here: what it has beside the conda file is not there."
    return Recipe(name=name, base=described(image), wanted=read_conda(conda), notes=(beside,))


def of_image(name: str, image: str) -> Recipe:
    """What an image alone has.

    Raises:
        UnknownImage: nothing is known of it.
    """
    return _plain(name, base_of(image))


def of_build(name: str, files: Mapping[str, str], dockerfile: str = "Dockerfile") -> Recipe:
    """What a build context comes to.

    Args:
        name: for messages.
        files: texts of the context by path below it.
        dockerfile: path of the Dockerfile in it.

    Raises:
        BadContext: it does what cannot be done without a container.
        UnknownImage: nothing is known of the image that it begins with.
    """
    built = read_context(files, dockerfile)
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


def demanded(recipe: Recipe, fidelity: Fidelity) -> Wanted:
    """What the project's interpreter must have to run an environment."""
    row = recipe.base.curated
    if row is None or fidelity != "near":
        return to_build(recipe, fidelity)
    names = (Requirement(text).name for text in row.packages)
    return Wanted(python=recipe.wanted.python, packages=(*recipe.wanted.packages, *names))


def to_build(recipe: Recipe, fidelity: Fidelity) -> Wanted:
    """What a virtual environment is built of: what was written down, and what a curated image has.

    Of a curated image the frameworks that it is named after are held to their published versions, and with
    `exact` everything is; its other packages come in the versions that fit this Python.
    """
    row, own = recipe.base.curated, recipe.wanted
    if row is None:
        return own
    written = {Requirement(text).name.lower() for text in own.packages}
    packages = []
    for text in row.packages:
        one = Requirement(text)
        if one.name.lower() not in written:
            packages.append(text if fidelity == "exact" or one.name in row.frameworks else one.name)
    python = own.python or (f"=={row.python}.*" if fidelity == "exact" else "")
    return Wanted(python=python, packages=(*own.packages, *packages))


def _plain(name: str, base: Base) -> Recipe:
    wanted = Wanted(python=f"=={base.python}.*" if base.python and not base.curated else "", packages=())
    return Recipe(name=name, base=base, wanted=wanted, bare=base.curated is None)
