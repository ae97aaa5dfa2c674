"""A word that means nothing here, with the known one that comes nearest to it."""

from __future__ import annotations

from collections.abc import Iterable
from difflib import get_close_matches


class UnknownWord(LookupError):
    """A word that is not known; the text says which are.

    Args:
        text: what is wrong, and what would be right.
        given: the word.
        known: words that it may have been meant to be.
    """

    def __init__(self, text: str, *, given: str = "", known: Iterable[str] = ()) -> None:
        super().__init__(text)
        self.given = given
        self.near = next(iter(get_close_matches(given.lower(), list(known), n=1)), "") if given else ""
        """The known word that is most like it; empty where none is."""
