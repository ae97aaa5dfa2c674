"""Passphrase secrets as Pulumi stores them: PBKDF2-SHA256 of the passphrase, AES-256-GCM per value."""

from __future__ import annotations

import base64
import binascii
import hashlib
import os
import threading
from concurrent.futures import Future
from typing import ClassVar, Final, Self

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

ROUNDS: Final = 1_000_000
_PROBE: Final = "pulumi"


class WrongPassphrase(Exception):
    """The key does not open what was sealed."""

    def __init__(self, stack: str) -> None:
        super().__init__(f"the passphrase does not open the secrets of stack '{stack}'")
        self.stack = stack


class _Keys:
    """The keys of this process: each takes a third of a second, on purpose, and is derived once."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._keys: dict[tuple[str, bytes], Future[bytes]] = {}

    def get(self, passphrase: str, salt: bytes) -> bytes:
        """The key; derived here, unless another thread is at it or was."""
        with self._lock:
            known = self._keys.get((passphrase, salt))
            future = known or self._keys.setdefault((passphrase, salt), Future())
        if known is None:
            try:
                future.set_result(hashlib.pbkdf2_hmac("sha256", passphrase.encode(), salt, ROUNDS, 32))
            except BaseException as error:  # whoever asked meanwhile must not wait for ever
                future.set_exception(error)
                raise
        return future.result()


_KEYS: Final = _Keys()


def derive_ahead(passphrase: str, salt_line: str) -> None:
    """Begin to derive a stack's key in a thread; it does not hold up what is done meanwhile."""
    try:
        salt = base64.b64decode(salt_line.split(":")[1])
    except (IndexError, binascii.Error):
        return  # whoever opens the state says so
    threading.Thread(target=_KEYS.get, args=(passphrase, salt), daemon=True).start()


class Crypter:
    """Seals and opens the secrets of one stack; the key is derived when it is first needed."""

    wrong: ClassVar[type[Exception]] = WrongPassphrase

    def __init__(self, passphrase: str, salt_line: str, stack: str) -> None:
        self._salt_line = salt_line
        self._salt = salt_line.partition(":")[2].partition(":")[0]
        self._passphrase = passphrase
        self._stack = stack
        self._aes: AESGCM | None = None
        self._lock = threading.Lock()

    @classmethod
    def fresh(cls, passphrase: str, stack: str) -> Self:
        """A crypter with a salt of its own."""
        # The key is derived when the first secret is sealed or the state is written: a preview needs neither.
        return cls(passphrase, "", stack)

    @property
    def salt(self) -> str:
        """The salt alone, base64; needs no key."""
        with self._lock:
            if not self._salt:
                self._salt = base64.b64encode(os.urandom(8)).decode()
            return self._salt

    @property
    def salt_line(self) -> str:
        """What the state file holds of the key: the salt, and a word sealed with it."""
        salt = self.salt
        with self._lock:
            if not self._salt_line:
                self._aes = AESGCM(_KEYS.get(self._passphrase, base64.b64decode(salt)))
                self._salt_line = f"v1:{salt}:{self._sealed(self._aes, _PROBE)}"
            return self._salt_line

    def ahead(self) -> None:
        """Begin to derive the key in a thread, unless it is there."""
        derive_ahead(self._passphrase, f"v1:{self.salt}:")

    def check(self) -> None:
        """Derive the key and hold it against the salt line.

        Raises:
            WrongPassphrase: it is not the passphrase the stack was made with.
        """
        self._cipher()

    def _cipher(self) -> AESGCM:
        if self._aes is None:
            version, _, rest = self.salt_line.partition(":")
            salt, _, probe = rest.partition(":")
            if version != "v1" or not probe:
                raise self.wrong(self._stack)
            aes = AESGCM(_KEYS.get(self._passphrase, base64.b64decode(salt)))
            if self._open(aes, probe) != _PROBE:
                raise self.wrong(self._stack)
            self._aes = aes
        return self._aes

    def seal(self, text: str) -> str:
        """`v1:<nonce>:<ciphertext>`, both base64."""
        return self._sealed(self._cipher(), text)

    def _sealed(self, aes: AESGCM, text: str) -> str:
        nonce = os.urandom(12)
        sealed = aes.encrypt(nonce, text.encode(), None)
        return f"v1:{base64.b64encode(nonce).decode()}:{base64.b64encode(sealed).decode()}"

    def open(self, ciphertext: str) -> str:
        """The text that `seal` was given.

        Raises:
            WrongPassphrase: the text was sealed with another key.
        """
        return self._open(self._cipher(), ciphertext)

    def _open(self, aes: AESGCM, ciphertext: str) -> str:
        try:
            _version, nonce, sealed = ciphertext.split(":")
            return aes.decrypt(base64.b64decode(nonce), base64.b64decode(sealed), None).decode()
        except (ValueError, binascii.Error, InvalidTag):
            raise self.wrong(self._stack) from None
