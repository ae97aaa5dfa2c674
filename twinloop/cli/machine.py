"""What this machine has: each look answers for one thing, and says what to type where it is missing."""

from __future__ import annotations

import json
import os
import platform
import shutil
import socket
import subprocess
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from enum import StrEnum
from importlib import metadata
from pathlib import Path

from twinloop.clouds.home import Home


class Use(StrEnum):
    """What somebody wants to do on this machine."""

    TWIN = "twin"
    PULUMI = "pulumi"
    AZURE = "azure"
    REVIEW = "review"
    TESTS = "tests"


WORDS = {
    Use.TWIN: "bring stacks up and run jobs on the local twin",
    Use.PULUMI: "run the official Pulumi CLI, on the twin or on Azure",
    Use.AZURE: "act on Azure",
    Use.REVIEW: "review a change between two revisions",
    Use.TESTS: "run all tests, none skipped",
}
PYTHONS = ((3, 11), (3, 13))
SPACE = 2  # GB free: an environment of a job with its packages takes up to 1 GB
_WAIT = 20  # seconds for a program to say its version


@dataclass(frozen=True, kw_only=True)
class Finding:
    """One thing that was looked for."""

    what: str
    uses: tuple[Use, ...]
    found: str
    """What there is, or what is wrong with it."""
    ok: bool
    fix: str = ""
    """What to type or to do; empty where all is well."""


Look = Callable[[Home], Finding]


def python(_home: Home) -> Finding:
    """The interpreter, and whether the platform is one that we run on."""
    (low, high), here = PYTHONS, sys.version_info[:2]
    ok = low <= here <= high and platform.system() in {"Linux", "Darwin"}
    return Finding(
        what="Python and platform",
        uses=(Use.TWIN,),
        found=f"Python {platform.python_version()}, {platform.system()} {platform.machine()}",
        ok=ok,
        fix="" if ok else "Python 3.11 to 3.13 on Linux or macOS (Windows: in WSL 2); then: make setup",
    )


def packages(home: Home) -> Finding:
    """The packages of the lock, in their versions."""
    wrong = [f"{name} {found or 'missing'} (lock: {wanted})" for name, wanted, found in unmet(home.checkout)]
    return Finding(
        what="packages of the lock",
        uses=(Use.TWIN,),
        found="as locked" if not wrong else ", ".join(wrong[:3]) + (", ..." if len(wrong) > 3 else ""),  # noqa: PLR2004
        ok=not wrong,
        fix="make setup" if wrong else "",
    )


def unmet(checkout: Path) -> Iterator[tuple[str, str, str]]:
    """Packages that are not here as `requirements.lock` has them: name, version of the lock, version here."""
    from packaging.requirements import Requirement

    lock = checkout / "requirements.lock"
    lines = lock.read_text().splitlines() if lock.is_file() else []
    for line in lines:
        if not line[:1].isalnum() or "==" not in line:
            continue
        wanted = Requirement(line.rstrip(" \\"))
        if wanted.marker is not None and not wanted.marker.evaluate():
            continue
        try:
            here = metadata.version(wanted.name)
        except metadata.PackageNotFoundError:
            here = ""
        version = next(iter(wanted.specifier)).version
        if here != version:
            yield wanted.name, version, here


def disk(home: Home) -> Finding:
    """Space and rights where the twin lives."""
    folder = next(one for one in (home.root, *home.root.parents) if one.exists())
    free = shutil.disk_usage(folder).free / 1e9
    writable = os.access(folder, os.W_OK)
    return Finding(
        what="room for the twin",
        uses=(Use.TWIN,),
        found=f"{free:.0f} GB free in {folder}" if writable else f"{folder} cannot be written",
        ok=writable and free >= SPACE,
        fix="" if writable and free >= SPACE else "name another folder: export TWINLOOP_HOME=/path/with/room",
    )


def loopback(_home: Home) -> Finding:
    """Whether a server may listen on this machine, and a proxy keeps off it."""
    try:
        with socket.create_server(("127.0.0.1", 0)):
            found, fix = "ports can be opened on 127.0.0.1", ""
    except OSError as error:
        found, fix = f"no port can be opened on 127.0.0.1: {error.strerror}", "allow loopback connections"
    return Finding(what="loopback network", uses=(Use.TWIN,), found=found, ok=not fix, fix=fix)


def git(_home: Home) -> Finding:
    """git: a job's commit is recorded with it, and a review takes its base from it."""
    version = version_of("git", "--version")
    return _program("git", (Use.TWIN, Use.REVIEW), version, "install git")


def pulumi(_home: Home) -> Finding:
    """The official CLI with its Python language host, not older than the SDK's protocol."""
    version = version_of("pulumi", "version")
    host = shutil.which("pulumi-language-python")
    sdk = metadata.version("pulumi")
    if version and not host:
        version, fix = "", "the CLI's folder lacks pulumi-language-python: install the whole distribution"
    else:
        fix = f"install the Pulumi CLI (this project's SDK is {sdk}); then: twinloop doctor --for pulumi"
    return _program("pulumi", (Use.PULUMI, Use.AZURE), version, fix)


def backend(_home: Home) -> Finding:
    """Where the team's state of real stacks lies."""
    url = os.environ.get("PULUMI_BACKEND_URL") or _credentials_url()
    return Finding(
        what="Pulumi backend",
        uses=(Use.AZURE,),
        found=url or "not logged in",
        ok=bool(url),
        fix="" if url else "pulumi login azblob://...; see docs/infra-engineer/first-deploy.md",
    )


def _credentials_url() -> str:
    file = Path(os.environ.get("PULUMI_HOME") or Path.home() / ".pulumi") / "credentials.json"
    try:
        return str(json.loads(file.read_text()).get("current") or "")
    except (OSError, ValueError, AttributeError):
        return ""


def azure_cli(_home: Home) -> Finding:
    """azure-cli, and whether somebody is signed in."""
    version = version_of("az", "version", "--output", "tsv") if shutil.which("az") else ""
    return _program(
        "az", (Use.AZURE,), version, "install azure-cli (a virtual environment of its own will do)"
    )


def signed_in(_home: Home) -> Finding:
    """Whether there are credentials that the provider and the SDK would use on Azure; none is read."""
    if os.environ.get("ARM_CLIENT_ID") and os.environ.get("ARM_TENANT_ID"):
        found = "a service principal by ARM_CLIENT_ID"
    else:
        folder = Path(os.environ.get("AZURE_CONFIG_DIR") or Path.home() / ".azure")
        found = f"az account of {folder}" if (folder / "azureProfile.json").is_file() else ""
    return Finding(
        what="signed in to Azure",
        uses=(Use.AZURE,),
        found=found or "nobody",
        ok=bool(found),
        fix="" if found else "az login --tenant TENANT",
    )


def browser(_home: Home) -> Finding:
    """A browser that tests can drive."""
    found = next(
        (name for name in ("chromium", "chromium-browser", "google-chrome") if shutil.which(name)), ""
    )
    driver = shutil.which("chromedriver")
    return _program(
        "chromium and chromedriver",
        (Use.TESTS,),
        f"{found} and chromedriver" if found and driver else "",
        "install Chromium with its driver (Debian: apt-get install chromium chromium-driver)",
    )


def actionlint(_home: Home) -> Finding:
    """The linter of workflows."""
    version = version_of("actionlint", "-version")
    return _program(
        "actionlint", (Use.TESTS,), version, "go install github.com/rhysd/actionlint/cmd/actionlint@latest"
    )


LOOKS: tuple[Look, ...] = (
    python,
    packages,
    disk,
    loopback,
    git,
    pulumi,
    backend,
    azure_cli,
    signed_in,
    browser,
    actionlint,
)


def look(home: Home, uses: frozenset[Use]) -> list[Finding]:
    """What these uses need, found or not. What all need (the twin's needs) is looked at for every use."""
    wanted = (
        uses
        | {Use.TWIN}
        | ({Use.PULUMI} if Use.AZURE in uses else set())
        | ({Use.PULUMI} if Use.TESTS in uses else set())
    )
    return [found for found in (one(home) for one in LOOKS) if wanted.intersection(found.uses)]


def version_of(program: str, *words: str) -> str:
    """The first line that a program says of its version; empty where there is none, or it does not run."""
    path = shutil.which(program)
    if path is None:
        return ""
    try:
        done = subprocess.run(
            [path, *words],
            capture_output=True,
            text=True,
            timeout=_WAIT,
            check=True,
            stdin=subprocess.DEVNULL,
        )
    except (OSError, subprocess.SubprocessError):
        return ""
    return (done.stdout.strip() or done.stderr.strip()).splitlines()[0] if done.stdout or done.stderr else ""


def _program(what: str, uses: tuple[Use, ...], version: str, fix: str) -> Finding:
    return Finding(
        what=what, uses=uses, found=version or "not found", ok=bool(version), fix="" if version else fix
    )
