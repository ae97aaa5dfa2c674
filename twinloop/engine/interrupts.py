"""Ctrl-C and SIGTERM while a run goes: the first lets what runs come to its end, the second ends at once."""

from __future__ import annotations

import os
import signal
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

from twinloop.engine.deployment import Deployment

SIGNALS: Final = (signal.SIGINT, signal.SIGTERM)
_SHOW_CURSOR: Final = b"\x1b[?25h\n"


@contextmanager
def heeded(deployment: Deployment) -> Iterator[None]:
    """Inside, a signal stops the run: nothing new begins, what runs is finished and saved.

    A second one ends this process as a kill would; the next run goes on from the journal. Signals that are
    ignored (a job in the background) stay ignored, and outside the main thread nothing is changed.
    """
    if threading.current_thread() is not threading.main_thread():
        yield
        return

    def tell() -> None:
        deployment.report.say(
            "warning",
            "stopping: what runs is finished and saved, nothing new begins. "
            "Once more ends at once; the next run then finds out how far this one came",
        )

    def stop(number: int, _frame: object) -> None:
        if deployment.cancelled.is_set():
            if sys.stderr.isatty():
                os.write(sys.stderr.fileno(), _SHOW_CURSOR)
            signal.signal(number, signal.SIG_DFL)
            os.kill(os.getpid(), number)
        deployment.cancelled.set()
        # The main thread may be telling of something else right now, and waits for nobody in here.
        threading.Thread(target=tell, daemon=True).start()

    before = {number: signal.getsignal(number) for number in SIGNALS}
    mine = [number for number in SIGNALS if before[number] != signal.SIG_IGN]
    for number in mine:
        signal.signal(number, stop)
    try:
        yield
    finally:
        for number in mine:
            signal.signal(number, before[number] or signal.SIG_DFL)
