"""How a folder's path is written at a place of a shell command: a twin may lie where Azure's jobs never do.

On Azure the folder of a job has a plain name and paths stand in commands as they are. A checkout on a laptop
may lie in a folder with blanks in its name; only that part of a path is quoted, all else is as on Azure.
"""

from __future__ import annotations

import re
import shlex

_IN_DOUBLE = re.compile(r'([\\"$`])')


def written(folder: str, command: str, position: int) -> str:
    """The folder's path so that the shell reads it as one word, or as a part of the quotes it stands in.

    Args:
        folder: an absolute path.
        command: the whole command.
        position: where in the command the path is to stand.
    """
    quote = open_quote(command, position)
    if quote == '"':
        return _IN_DOUBLE.sub(r"\\\1", folder)
    if quote == "'":
        return folder.replace("'", "'\\''")
    return shlex.quote(folder)


def open_quote(command: str, position: int) -> str:
    """The quote that is open at a place of a command; empty outside quotes."""
    quote, escaped = "", False
    for character in command[:position]:
        if escaped:
            escaped = False
        elif character == "\\" and quote != "'":
            escaped = True
        elif character == quote:
            quote = ""
        elif not quote and character in "'\"":
            quote = character
    return quote
