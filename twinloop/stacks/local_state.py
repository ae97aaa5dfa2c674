"""What a stack has on the twin only: passphrase, opened configuration, a stack file for the official CLI."""

from __future__ import annotations

import json
import os
import secrets
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from twinloop.clouds import process, stack_file
from twinloop.clouds.files import write_durably
from twinloop.engine import Stack
from twinloop.engine import passphrase as passphrases
from twinloop.engine.backend import Backend
from twinloop.engine.errors import PassphraseWrong
from twinloop.engine.passphrase import Crypter
from twinloop.problems import NotSupported

if TYPE_CHECKING:
    from collections.abc import Mapping

    from twinloop.clouds.home import Home
    from twinloop.clouds.stack_file import StackFile
    from twinloop.stacks.target import Target

PLACEHOLDER = "placeholder-on-the-twin"


@dataclass(frozen=True)
class Configuration:
    """A stack's configuration as its program is given it on the twin.

    Args:
        values: full key -> text.
        secret_keys: keys that hold a secret.
        placeholders: secret keys whose value could not be decrypted here; a placeholder stands in.
    """

    values: Mapping[str, str]
    secret_keys: frozenset[str]
    placeholders: tuple[str, ...]


def passphrase(home: Home) -> str:
    """The passphrase of the twin's state; made at random once."""
    with process.exclusively(home.lock):
        if not home.passphrase.exists():
            write_durably(home.passphrase, secrets.token_urlsafe(32) + "\n", mode=0o600)
    return home.passphrase.read_text(encoding="utf-8").strip()


def derive_ahead(target: Target) -> None:
    """Begin to derive the key of a state that has secrets; it is ready by the time the engine is imported."""
    stack = Stack(project=target.project, name=target.stack, backend=target.home.state, passphrase="")
    state = Backend(stack).checkpoint
    try:
        text = state.read_text(encoding="utf-8")
    except OSError:
        return
    if '"ciphertext"' in text and (salt := _salt_of_state(state)):
        passphrases.derive_ahead(passphrase(target.home), salt)


def configuration(file: StackFile, *, closed: bool = False) -> Configuration:
    """What the program is given.

    Args:
        file: the stack file.
        closed: open no secret, even where that could be done.

    Raises:
        NotSupported: the stack file or the project uses what only the official CLI resolves.
    """
    if file.environments:
        raise NotSupported(
            "The embedded engine does not resolve ESC environments.",
            where=f"{file.path.name}: environment",
            given=", ".join(file.environments),
            allowed="configuration in the stack file itself",
            next_step=f"twinloop preview -s {file.name} --engine pulumi",
        )
    if defaults := stack_file.project_config(file.path.parent):
        raise NotSupported(
            "The embedded engine does not read configuration of the whole project.",
            where="Pulumi.yaml: config",
            given=", ".join(defaults),
            allowed=f"the same keys in {file.path.name}",
            next_step=f"twinloop preview -s {file.name} --engine pulumi",
        )
    plain = dict.fromkeys(file.ciphertexts(), PLACEHOLDER) if closed else _opened(file)[0]
    return Configuration(
        values=file.flat(plain),
        secret_keys=frozenset(file.secure),
        placeholders=file.secure if closed else placeholders(file),
    )


def placeholders(file: StackFile) -> tuple[str, ...]:
    """Secret keys whose value cannot be decrypted here, so that on the twin a placeholder stands in."""
    _, closed = _opened(file)
    return tuple(key for key in file.secure if closed.intersection(file.ciphertexts(key)))


def config_file(home: Home, file: StackFile, state: Path) -> Path:
    """Write `.twinloop/Pulumi.<stack>.yaml` for `--config-file`: own salt, no `secretsprovider`.

    Args:
        home: of the twin.
        file: the team's stack file, which stays as it is.
        state: the stack's state file; its salt is taken over where there is one.
    """
    import yaml

    path = home.root / file.path.name
    salt = _salt(path) or _salt_of_state(state)
    replaced: dict[str, str] = {}
    if file.secure:
        crypter = (
            Crypter(passphrase(home), salt, file.name) if salt else Crypter.fresh(passphrase(home), file.name)
        )
        salt = crypter.salt_line
        plain, _ = _opened(file)
        replaced = {ciphertext: crypter.seal(text) for ciphertext, text in plain.items()}
    content: dict[str, Any] = {"config": file.resealed(replaced)}
    if file.environments:
        content["environment"] = list(file.environments)
    if salt:
        content["encryptionsalt"] = salt
    head = f"# Made by Twinloop from {file.path.name}, for the official CLI on the twin. Edit that file.\n"
    write_durably(path, head + yaml.safe_dump(content, sort_keys=False, allow_unicode=True), mode=0o600)
    return path


def _opened(file: StackFile) -> tuple[dict[str, str], set[str]]:
    """Ciphertext -> plain text, and the ciphertexts that stay closed here."""
    given = _team_passphrase()
    crypter = Crypter(given, file.salt, file.name) if given and file.salt else None
    found = {ciphertext: _open(crypter, ciphertext) for ciphertext in file.ciphertexts()}
    closed = {ciphertext for ciphertext, text in found.items() if text is None}
    return {ciphertext: PLACEHOLDER if text is None else text for ciphertext, text in found.items()}, closed


def _open(crypter: Crypter | None, ciphertext: str) -> str | None:
    try:
        return crypter.open(ciphertext) if crypter else None
    except PassphraseWrong:
        return None


def _team_passphrase() -> str:
    if given := os.environ.get("PULUMI_CONFIG_PASSPHRASE"):
        return given
    file = os.environ.get("PULUMI_CONFIG_PASSPHRASE_FILE")
    try:
        return Path(file).read_text(encoding="utf-8").strip() if file else ""
    except OSError:
        return ""


def _salt(path: Path) -> str:
    if not path.exists():
        return ""
    return next(
        (
            line.partition(":")[2].strip()
            for line in path.read_text(encoding="utf-8").splitlines()
            if line.startswith("encryptionsalt:")
        ),
        "",
    )


def _salt_of_state(state: Path) -> str:
    try:
        latest = json.loads(state.read_text(encoding="utf-8"))["checkpoint"]["latest"] or {}
        return str(latest["secrets_providers"]["state"]["salt"])
    except (OSError, ValueError, KeyError, TypeError):
        return ""
