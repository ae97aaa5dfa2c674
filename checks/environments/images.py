"""Container images by name: what is known of their Python, and which of them a job can be run for here."""

from __future__ import annotations

import re
from dataclasses import dataclass

from checks.environments import curated
from checks.environments.curated import Curated

KNOWN = (
    "mcr.microsoft.com/azureml/curated/<name>, Azure ML's base images (mcr.microsoft.com/azureml/openmpi..., "
    "base..., minimal-...), and python:<minor>"
)
_MINOR = re.compile(r"(\d\.\d+)")
_AZUREML = re.compile(
    r"mcr\.microsoft\.com/azureml/(?P<name>(openmpi|base|minimal-|mlflow-)[^:@/]*)([:@].*)?", re.IGNORECASE
)
_PYTHON = re.compile(r"(?:[\w.:/-]+/)?python(?:[:@](?P<tag>.*))?", re.IGNORECASE)
_UBUNTU = re.compile(r"ubuntu(\d\d)\.?(\d\d)", re.IGNORECASE)
_PY = re.compile(r"py(?:thon)?(\d)\.?(\d+)", re.IGNORECASE)
_CUDA = re.compile(r"cuda(\d+\.\d+)", re.IGNORECASE)


class UnknownImage(ValueError):
    """An image of which nothing is known; the message says what to write instead."""


@dataclass(frozen=True, kw_only=True)
class Base:
    """What an image brings before anything is installed into it."""

    image: str
    python: str = ""  # minor version; empty where it does not matter or is not known
    system: str = ""
    gpu: str = ""
    curated: Curated | None = None


def base_of(image: str) -> Base:
    """What is known of an image that is used as it is, or that a Dockerfile begins with.

    Raises:
        UnknownImage: nothing is; it would be a guess what a job finds in it.
    """
    if known := curated.of_image(image):
        return Base(image=image, python=known.python, system=known.system, gpu=known.gpu, curated=known)
    if "azureml/curated/" in image.lower():
        raise UnknownImage(f"image '{image}' is a curated one that is not in the table; {known_names()}")
    found = _AZUREML.fullmatch(image)
    if found:
        name = found["name"]
        return Base(image=image, python=_dotted(_PY.search(name)), system=_system(name), gpu=_gpu(name))
    if found := _PYTHON.fullmatch(image):
        minor = _MINOR.match(found["tag"] or "")
        return Base(image=image, python=minor[1] if minor else "", system="Debian")
    raise UnknownImage(
        f"image '{image}': what is in it is not known here, as no container is run; known are {KNOWN}. "
        "Give a conda file beside the image (conda_file:), which then says all that the job needs"
    )


def described(image: str) -> Base:
    """What an image says of itself by its name, where a conda file decides what Python has: any will do."""
    try:
        return base_of(image)
    except UnknownImage:
        return Base(image=image, system=_system(image), gpu=_gpu(image))


def known_names() -> str:
    """The curated environments, for messages."""
    return f"curated environments that are: {', '.join(sorted(curated.table()))}"


def _system(name: str) -> str:
    found = _UBUNTU.search(name)
    return f"Ubuntu {found[1]}.{found[2]}" if found else ""


def _gpu(name: str) -> str:
    found = _CUDA.search(name)
    return f"CUDA {found[1]}" if found else ""


def _dotted(found: re.Match[str] | None) -> str:
    return f"{found[1]}.{found[2]}" if found else ""
