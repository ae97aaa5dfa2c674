"""Passphrase secrets of the engine's own states: what does not open is an error of the engine."""

from __future__ import annotations

from typing import ClassVar

from twinloop import passphrase
from twinloop.engine.errors import PassphraseWrong
from twinloop.passphrase import derive_ahead

__all__ = ["Crypter", "derive_ahead"]


class Crypter(passphrase.Crypter):
    """Seals and opens the secrets of one stack.

    Raises:
        PassphraseWrong: by each method that needs the key, where it is not the stack's.
    """

    wrong: ClassVar[type[Exception]] = PassphraseWrong
