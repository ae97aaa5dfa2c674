"""How a command's process looks for garbage: rarely, and not at its end."""

from __future__ import annotations

import atexit
import gc


def rarely() -> None:
    """Leave alone what lives to the end anyway, which is nearly all that a command makes.

    Importing Pulumi's classes, or the client of Azure ML, makes a million objects. To look through them for
    garbage again and again took a fifth of a preview's time, and once more at the very end a third.
    """
    gc.set_threshold(1_000_000, 50, 1000)
    atexit.register(gc.freeze)
