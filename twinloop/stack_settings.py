"""Settings of a stack file, its secrets opened where the passphrase of their backend is at hand."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterable

    from infra.settings import Settings


def load(path: Path) -> Settings:
    """The settings; a placeholder stands for each secret that is not opened here.

    Raises:
        SettingsError: the file is no stack file, or says what cannot be meant.
    """
    from infra.stackfile import files as stack_files

    return stack_files.load(path, opened(path))


def closed(path: Path) -> tuple[str, ...]:
    """Keys of settings that are encrypted and cannot be opened here.

    Raises:
        SettingsError: the file is no stack file.
    """
    from infra.stackfile import files as stack_files

    return stack_files.closed(path, opened(path))


def sealed(path: Path) -> tuple[str, ...]:
    """Ciphertexts of the file that cannot be opened here; none where it is no stack file."""
    found = _sealed(path)
    return tuple(sorted(set(found.ciphertexts) - opened_texts(*found).keys()))


def opened(path: Path) -> dict[str, str]:
    """The texts of the file's encrypted values, by their ciphertexts; what cannot be opened is left out."""
    return opened_texts(*_sealed(path))


class _Sealed(NamedTuple):
    """What of a stack file is encrypted, and with what it is opened."""

    ciphertexts: tuple[str, ...] = ()
    salt: str = ""
    stack: str = ""


def _sealed(path: Path) -> _Sealed:
    text = path.read_text(encoding="utf-8") if path.is_file() else ""
    if "secure:" not in text and '"secure"' not in text:
        return _Sealed()  # the usual file is not parsed for it
    import yaml

    try:
        document: Any = yaml.safe_load(text)
    except yaml.YAMLError:
        return _Sealed()  # whoever reads the settings says so
    if not isinstance(document, dict) or not isinstance(document.get("config"), dict):
        return _Sealed()
    from infra.stackfile.secret_settings import secure_places

    found = (one for key, value in document["config"].items() for _, one in secure_places(value, str(key)))
    return _Sealed(tuple(found), str(document.get("encryptionsalt") or ""), path.name)


def opened_texts(ciphertexts: Iterable[str], salt: str, stack: str) -> dict[str, str]:
    """What the passphrase of this process opens, by ciphertext."""
    given = _passphrase()
    if not given or not salt:
        return {}
    from twinloop.passphrase import Crypter, WrongPassphrase

    crypter, found = Crypter(given, salt, stack), {}
    for text in ciphertexts:
        try:
            found[text] = crypter.open(text)
        except WrongPassphrase:
            continue  # sealed with another key: a placeholder stands in, and is listed
    return found


def _passphrase() -> str:
    if given := os.environ.get("PULUMI_CONFIG_PASSPHRASE"):
        return given
    file = os.environ.get("PULUMI_CONFIG_PASSPHRASE_FILE")
    try:
        return Path(file).read_text(encoding="utf-8").strip() if file else ""
    except OSError:
        return ""
