"""Before anything is touched: is every type that the program declares emulated, and was its plan judged?

What a program declares is known only by running it, so an `up` of a program that is new to the twin is
previewed first. A program, settings, rules and catalogue that were carried out once, and a state that nobody
has written since, are known by their digest, and go straight on.
"""

from __future__ import annotations

import hashlib
import json
import re
from importlib import metadata
from pathlib import Path
from typing import TYPE_CHECKING, Any

from twinloop import __version__
from twinloop.clouds import stack_file
from twinloop.clouds.files import write_durably
from twinloop.engine import Stack
from twinloop.engine.backend import Backend
from twinloop.problems import NotSupported
from twinloop.stacks.packs import FOLDER

if TYPE_CHECKING:
    from collections.abc import Iterable

    from twinloop.stacks.target import Target

PREFIX = "azure-native:"
KUBERNETES = "kubernetes:"
_PACKAGES = ("pulumi", "pulumi-azure-native", "pulumi-kubernetes")


def refuse_not_emulated(types: Iterable[str], emulated: Iterable[dict[str, Any]], target: Target) -> None:
    """Refuse, by name, what the twin cannot make.

    Args:
        types: Pulumi type tokens of the plan.
        emulated: rows of the twin's `/_twin/emulates`.
        target: what the command acts on.

    Raises:
        NotSupported: some types have no row in the catalogue, or no route on the twin.
    """
    from checks.catalogue.resource_types import resource_types

    _refuse_what_runs(types := set(types), target)
    known = resource_types()
    made = {_shape(row["path"]) for row in emulated if row["method"] == "PUT"}
    refused = sorted(
        token
        for token in {one for one in types if one.startswith(PREFIX)}
        if token not in known or _shape(known[token].path) not in made
    )
    if refused:
        raise NotSupported(
            f"The local Azure does not emulate {len(refused)} type(s) of this program; nothing was touched.",
            where=f"the program of stack {target.stack}",
            given="\n".join(refused),
            allowed=f"{len(known)} types: "
            + ", ".join(sorted(token.removeprefix(PREFIX) for token in known)),
            next_step=f"twinloop up -s {target.stack} --cloud azure, or leave them out by the settings",
        )


def _refuse_what_runs(types: set[str], target: Target) -> None:
    """A cluster of the twin keeps the kinds of its table and those of definitions; nothing runs in it."""
    from checks.kubernetes.kinds import by_type, type_of_token

    refused = []
    for token in sorted(one for one in types if one.startswith(KUBERNETES)):
        try:
            version, kind = type_of_token(token)
        except ValueError:
            continue  # a component of the package, of which the provider speaks
        group = version.rpartition("/")[0]
        own = "." not in group or group.endswith(".k8s.io")  # of Kubernetes, not of a definition
        if own and (version, kind) not in by_type():
            refused.append(token)
    if refused:
        raise NotSupported(
            f"The twin's clusters do not keep {len(refused)} kind(s) of this program; nothing was touched.",
            where=f"the program of stack {target.stack}",
            given="\n".join(refused),
            allowed=", ".join(sorted(kind.token.removeprefix(KUBERNETES) for kind in by_type().values())),
            next_step=f"twinloop up -s {target.stack} --cloud azure, or leave them out of the program",
        )


def _shape(path: str) -> str:
    """A URL template without the names of its parameters, in which twin and provider may differ."""
    return re.sub(r"\{[^}]*\}", "{}", path).lower().rstrip("/")


def is_vetted(target: Target) -> bool:
    """Whether this very program with these very settings was carried out, and nothing happened since."""
    return _remembered(target).get(target.stack) == digest(target)


def remember(target: Target) -> None:
    """Note that the program as it stands was judged and carried out, on the state as it stands."""
    write_durably(
        _file(target), json.dumps(_remembered(target) | {target.stack: digest(target)}, indent=2) + "\n"
    )


def digest(target: Target) -> str:
    """Of everything that decides what a program declares, who judges it, and what stands."""
    import checks

    checkout = target.home.checkout
    program = stack_file.program_folder(checkout)
    rules = Path(str(checks.__file__)).parent
    sources = [target.file.path, checkout / "Pulumi.yaml"]
    for folder in (program, rules, checkout / FOLDER):
        sources += sorted(
            path for path in folder.rglob("*") if path.suffix in {".py", ".toml", ".json", ".csv"}
        )
    summary = hashlib.sha256(__version__.encode())
    for package in _PACKAGES:
        summary.update(f"{package} {metadata.version(package)}\0".encode())
    backend = Backend(
        Stack(project=target.project, name=target.stack, backend=target.home.state, passphrase="")
    )
    sources += [path for path in (backend.checkpoint, backend.journal) if path.exists()]
    for path in sources:
        facts = path.stat()
        summary.update(f"{path}\0{facts.st_size}\0{facts.st_mtime_ns}\0".encode())
    return summary.hexdigest()


def _file(target: Target) -> Path:
    return target.home.root / "vetted.json"


def _remembered(target: Target) -> dict[str, str]:
    try:
        content = json.loads(_file(target).read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}
    return content if isinstance(content, dict) else {}
