"""Prepares what Pulumi needs before its first `up` on Azure; may be run again at any time.

    python -m setup.first_deploy --deployer OBJECT_ID              make what is missing
    python -m setup.first_deploy --deployer OBJECT_ID --check      change nothing, say what is missing
    python -m setup.first_deploy --deployer OBJECT_ID --ci         and what CI needs, once shared is up

Exit codes: 0 all is there; 1 Azure failed; 2 wrong words; 4 something must be asked of somebody else, who is
named with the command to type; 6 something is missing: with --check anything, with --ci its identities.
"""

from __future__ import annotations

import argparse
import json
import sys
import uuid
from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from azure.core.exceptions import AzureError

from infra.settings import Settings, SharedSettings
from infra.stackfile.files import closed, load
from infra.stackfile.refusals import SettingsError, set_command
from setup.first_deploy import ci
from setup.first_deploy.azure import Azure, Denied, NotSignedIn
from setup.first_deploy.roles import lacking
from setup.first_deploy.wanted import CONTAINER, KEY, Deployer, Wanted, home, namespaces, wanted

FAILED, USAGE, ASK, MISSING = 1, 2, 4, 6


@dataclass(frozen=True, kw_only=True)
class Line:
    """What came of one thing."""

    what: str
    state: str
    """there, made, changed, missing, denied, or waits (for something that is not there yet)."""
    ask: str = ""
    command: str = ""
    why: str = ""


def main(argv: list[str] | None = None) -> int:
    """Run the command line; returns the exit code."""
    given = _arguments().parse_args(argv)
    try:
        files = sorted(Path().glob("Pulumi.*.yaml"))
        by_name = {file.name.split(".")[1]: load(file) for file in files}
        stacks = list(by_name.values())
        _refuse_closed(files)
        shared = _shared(stacks)
        who = Deployer(object_id=str(uuid.UUID(given.deployer)), kind=given.kind)
    except (SettingsError, ValueError) as error:
        sys.stderr.write(f"{error}\nrun it in the checkout; --deployer takes an object id of Entra, a GUID\n")
        return USAGE
    azure = Azure()
    sys.stderr.write(f"{'looking at' if given.check else 'preparing'} {azure.host}\n")
    lines: list[Line] = []
    try:
        for line in _all(azure, shared, stacks, who, given):
            lines.append(line)
            sys.stderr.write(f"  {line.state:8} {line.what}\n")
    except (AzureError, NotSignedIn) as error:
        sys.stderr.write(f"stopped: {error}\nwhat was made stays; run it again\n")
        return FAILED
    return _end(lines, shared, lacking(by_name), as_json=given.json)


def _refuse_closed(files: list[Path]) -> None:
    """Names and places of what is prepared are made of settings, so none of those may be encrypted.

    Raises:
        ValueError: some are.
    """
    needed = ("azure-native:", *(f"twinloop:{key}" for key in ("kind", "workload", "environment", "group")))
    found = [f"{file.name}: {key}" for file in files for key in closed(file) if key.startswith(needed)]
    if found:
        raise ValueError(
            "settings that names are made of are encrypted, and this script opens no secrets:\n  "
            + "\n  ".join(found)
            + "\nset them without --secret: they stand in every name and id anyway"
        )


def _arguments() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m setup.first_deploy",
        description=(__doc__ or "").partition("\n")[0],
        epilog=(__doc__ or "").partition("\n")[2],
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--deployer", required=True, metavar="OBJECT_ID", help="who will run `pulumi up`")
    parser.add_argument(
        "--kind", choices=("User", "Group", "ServicePrincipal"), default="User", help="what the deployer is"
    )
    parser.add_argument("--check", action="store_true", help="change nothing; say what is missing")
    parser.add_argument(
        "--ci",
        action="store_true",
        help="let the identities of CI read, or change, the state: after `up -s shared`",
    )
    parser.add_argument("--json", action="store_true", help="one JSON object on stdout")
    return parser


def _shared(stacks: list[Settings]) -> SharedSettings:
    found = [one for one in stacks if isinstance(one, SharedSettings)]
    if len(found) != 1:
        raise ValueError(f"one stack file of kind shared is needed here; found {len(found)} in {Path.cwd()}")
    return found[0]


def _all(
    azure: Azure, shared: SharedSettings, stacks: list[Settings], who: Deployer, given: argparse.Namespace
) -> Iterator[Line]:
    check: bool = given.check
    for subscription in dict.fromkeys(one.azure.subscription_id for one in stacks):
        yield _providers(azure, subscription, check=check)
    for one in wanted(shared, stacks, who):
        yield _one(azure, one, check=check)
    if given.ci:
        yield from _of_ci(azure, shared, check=check)


def _of_ci(azure: Azure, shared: SharedSettings, *, check: bool) -> Iterator[Line]:
    for purpose, arm_id in ci.identities(shared).items():
        what = f"rights of {purpose} on the state and the key"
        try:
            found = azure.get(arm_id, ci.api_version())
        except Denied as denied:
            ask = f"a Reader of {arm_id.partition('/providers/')[0]}, to run this"
            yield Line(what=what, state="denied", ask=ask, command="the same command", why=str(denied))
            continue
        if found is None:
            why = f"the shared stack makes {arm_id}, or its owner"
            yield Line(what=what, state="waits", command="pulumi up -s shared", why=why)
            continue
        for one in ci.rights(shared, purpose, found):
            yield _one(azure, one, check=check)


def _providers(azure: Azure, subscription: str, *, check: bool) -> Line:
    what = f"resource providers of subscription {subscription}"
    lacking: list[str] = []
    try:
        lacking = [name for name in namespaces() if not azure.registered(subscription, name)]
        if not lacking:
            return Line(what=what, state="there")
        if check:
            return Line(what=f"{what}: {', '.join(lacking)}", state="missing")
        for name in lacking:
            azure.register(subscription, name)
        return Line(what=f"{what}: {', '.join(lacking)}", state="made")
    except Denied as denied:
        names = lacking or namespaces()
        command = "; ".join(f"az provider register --subscription {subscription} -n {name}" for name in names)
        ask = f"a Contributor of subscription {subscription}"
        return Line(what=what, state="denied", ask=ask, command=command, why=str(denied))


def _one(azure: Azure, one: Wanted, *, check: bool) -> Line:
    try:
        found = azure.get(one.id, one.api_version)
        if found is not None and _holds(found, one.body):
            return Line(what=one.what, state="there")
        if check:
            return Line(what=one.what, state="missing", ask=one.ask, command=one.command)
        azure.put(one.id, one.api_version, one.body)
    except Denied as denied:
        return Line(what=one.what, state="denied", ask=one.ask, command=one.command, why=str(denied))
    return Line(what=one.what, state="made" if found is None else "changed")


def _holds(found: Any, body: Any) -> bool:
    """Whether what is there has all that is wanted; more is of no concern, and case is not in names."""
    if isinstance(body, Mapping):
        return isinstance(found, Mapping) and all(
            _holds(found.get(key), value) for key, value in body.items()
        )
    if isinstance(body, list):
        return isinstance(found, list) and len(found) == len(body) and all(map(_holds, found, body))
    if isinstance(body, str) and isinstance(found, str):
        return found.lower() == body.lower()
    return bool(found == body)


def _end(lines: list[Line], shared: Settings, settings: list[tuple[str, str, str]], *, as_json: bool) -> int:
    asked = [line for line in lines if line.state == "denied"]
    waiting = [line for line in lines if line.state == "waits"]
    missing = [line for line in lines if line.state == "missing"] + waiting
    names = home(shared)
    following = [
        f"export AZURE_STORAGE_ACCOUNT={names.physical('storage')}",
        f"pulumi login azblob://{CONTAINER}",
        f"pulumi stack init shared --secrets-provider azurekeyvault://{names.vault}.vault.azure.net/keys/{KEY}",
        *(set_command(key, value, stack) for stack, key, value in settings),
        "pulumi up -s shared",
    ]
    if as_json:
        result = {
            "lines": [asdict(line) for line in lines],
            "settings": [{"stack": stack, "key": key, "value": value} for stack, key, value in settings],
            "next": [] if asked or missing else following,
        }
        sys.stdout.write(json.dumps(result, indent=2) + "\n")
    elif asked:
        sys.stdout.write(_letter(asked))
    elif waiting:
        sys.stdout.write(
            f"{len(waiting)} of these wait for the identities of CI, which the shared stack makes.\n"
            "What to type next:\n\n"
            "  pulumi up -s shared\n  and this command again\n"
        )
    elif not missing:
        sys.stdout.write(
            "All is there. What to type next:\n\n" + "".join(f"  {line}\n" for line in following)
        )
    if asked:
        return ASK
    return MISSING if missing else 0


def _letter(asked: list[Line]) -> str:
    """What to ask of whom, to be sent as it stands."""
    parts = [f"You may not do {len(asked)} of these. Ask, with the commands, then run this again.\n"]
    for whom in dict.fromkeys(line.ask for line in asked):
        parts.append(f"\nAsk {whom}:\n")
        parts += [f"\n  # {line.what}\n  {line.command}\n" for line in asked if line.ask == whom]
    return "".join(parts)


if __name__ == "__main__":
    sys.exit(main())
