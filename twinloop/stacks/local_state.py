"""What a stack has on the twin only: passphrase, opened configuration, a stack file for the official CLI."""

from __future__ import annotations

import json
import secrets
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from twinloop.clouds import process, stack_file
from twinloop.clouds.files import write_durably
from twinloop.clouds.seed import SETTINGS
from twinloop.engine import Stack
from twinloop.engine import passphrase as passphrases
from twinloop.engine.backend import Backend
from twinloop.engine.passphrase import Crypter
from twinloop.problems import NotSupported
from twinloop.stack_settings import opened_texts

if TYPE_CHECKING:
    from collections.abc import Mapping

    from twinloop.clouds.home import Home
    from twinloop.clouds.stack_file import StackFile
    from twinloop.stacks.target import Target

PLACEHOLDER = "placeholder-on-the-twin"
OURS = (SETTINGS, "azure-native:")


@dataclass(frozen=True)
class Configuration:
    """A stack's configuration as its program is given it on the twin.

    Args:
        values: full key -> text.
        secret_keys: keys that hold a secret.
        placeholders: secrets that could not be decrypted here; a placeholder stands in.
        hushed: texts that nothing that is told may hold.
    """

    values: Mapping[str, str]
    secret_keys: frozenset[str]
    placeholders: tuple[str, ...]
    hushed: frozenset[str] = frozenset()


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
    if not file.secure:
        return Configuration(values=file.flat({}), secret_keys=frozenset(), placeholders=())
    plain = _opened(file, nothing=closed)
    values = file.flat(plain)
    return Configuration(
        values=values,
        secret_keys=frozenset(file.secure),
        placeholders=placeholders(file, closed=closed),
        hushed=_hushed(file, plain, values),
    )


def placeholders(file: StackFile, *, closed: bool = False) -> tuple[str, ...]:
    """Places of secrets that cannot be decrypted here, so that on the twin placeholders stand in.

    Args:
        file: the stack file.
        closed: open no secret, even where that could be done.
    """
    found = {} if closed else opened_texts(file.ciphertexts(), file.salt, file.name)
    return tuple(place for place, text in file.secure_places() if text not in found)


def texts(file: StackFile) -> dict[str, str]:
    """The text of each of the file's secrets, by its ciphertext, or what stands for it here."""
    return _opened(file)


def config_file(home: Home, file: StackFile, state: Path, plain: Mapping[str, str] | None = None) -> Path:
    """Write `.twinloop/Pulumi.<stack>.yaml` for `--config-file`: own salt, no `secretsprovider`.

    Args:
        home: of the twin.
        file: the team's stack file, which stays as it is.
        state: the stack's state file; its salt is taken over where there is one.
        plain: what `texts` answered, where this process has taken the twin's passphrase on since.
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
        opened = texts(file) if plain is None else plain
        replaced = {ciphertext: crypter.seal(text) for ciphertext, text in opened.items()}
    content: dict[str, Any] = {"config": file.resealed(replaced)}
    if file.environments:
        content["environment"] = list(file.environments)
    if salt:
        content["encryptionsalt"] = salt
    head = f"# Made by Twinloop from {file.path.name}, for the official CLI on the twin. Edit that file.\n"
    write_durably(path, head + yaml.safe_dump(content, sort_keys=False, allow_unicode=True), mode=0o600)
    return path


def _opened(file: StackFile, *, nothing: bool = False) -> dict[str, str]:
    """Ciphertext -> plain text, or what stands for it."""
    sealed = file.ciphertexts()
    found = {} if nothing else opened_texts(sealed, file.salt, file.name)
    left = dict.fromkeys((one for one in sealed if one not in found), PLACEHOLDER)
    return left | (_stand_ins(file, found) if left else {}) | found


def _hushed(file: StackFile, plain: Mapping[str, str], values: Mapping[str, str]) -> frozenset[str]:
    """What a run masks: every secret, but of our settings what becomes names or is one of a few values."""
    places = file.secure_places()
    ours = [place for place, _ in places if place.startswith(OURS)]
    if not any(key.startswith(SETTINGS) for key in file.raw):
        ours = []
    texts = {plain[text] for place, text in places if place not in ours}
    if ours:
        from infra.stackfile.files import read
        from infra.stackfile.refusals import SettingsError
        from infra.stackfile.secret_settings import secrets_of

        try:
            texts |= secrets_of(read(values, source=file.path.name, stack=file.name), ours).hidden
        except SettingsError:
            texts |= {plain[text] for place, text in places if place in ours}
    return frozenset(texts)


def _stand_ins(file: StackFile, found: dict[str, str]) -> dict[str, str]:
    """What stands for settings of ours that stay closed: of a type that the program takes."""
    ours = [one for key in file.raw if key.startswith(OURS) for one in file.ciphertexts(key)]
    if not any(key.startswith(SETTINGS) for key in file.raw) or set(ours) <= found.keys():
        return {}
    from infra.stackfile.files import placeholders as of_settings

    made = of_settings(file.path, found)
    return {one: made[one] for one in ours}


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
