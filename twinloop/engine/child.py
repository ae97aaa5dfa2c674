"""The program's process in the child transport: Pulumi's SDK against the monitor at an address.

Runs as a script under the program's own interpreter, so it imports nothing but the standard library and
pulumi.
"""

from __future__ import annotations

import asyncio
import atexit
import contextlib
import contextvars
import gc
import importlib
import json
import linecache
import logging
import os
import queue
import resource
import runpy
import sys
import threading
import traceback
from collections.abc import Awaitable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any, TextIO


def main() -> int:
    """Run one plan after the other, as they come on stdin; 0 when there are no more."""
    # Pulumi's classes are a million objects that live to the end: to look through them again and again took
    # a tenth of the time.
    gc.set_threshold(1_000_000, 50, 1000)
    atexit.register(gc.freeze)  # nor at the very end, which took as long as a whole stack
    plans: queue.Queue[str] = queue.Queue()
    busy = threading.Event()
    channel = os.fdopen(os.dup(0))
    # The program's own stdin is empty.
    empty = os.open(os.devnull, os.O_RDONLY)
    os.dup2(empty, 0)
    os.close(empty)
    threading.Thread(target=_receive, args=(channel, plans, busy), daemon=True).start()
    for name in sys.argv[1:]:
        with contextlib.suppress(Exception):  # the program imports it again, and says what is wrong with it
            # A module that is lazy is loaded when it is looked at.
            getattr(importlib.import_module(name), "__all__", None)
    while line := plans.get():
        plan = json.loads(line)
        busy.set()
        status = _told(plan)
        busy.clear()
        _mark(plan["mark"], status)
    return 0


def _receive(channel: TextIO, plans: queue.Queue[str], busy: threading.Event) -> None:
    """Pass plans on; where the one that gave them has gone in the middle of a run, end with it."""
    for line in channel:
        busy.set()
        plans.put(line)
    if busy.is_set():
        os._exit(1)
    plans.put("")


def _mark(mark: str, status: int) -> None:
    """Say on both streams that a run has ended, and how."""
    for stream, last in ((sys.stdout, ""), (sys.stderr, str(status))):
        stream.write(f"{mark}{last}\n")
        stream.flush()


def _told(plan: dict[str, Any]) -> int:
    """Run the program of one plan; the status says whether it ended well, stderr what went wrong."""
    _limit(plan["memory"])
    try:
        with _as_main(Path(plan["main"])):
            contextvars.Context().run(_run, plan)
    except SystemExit as end:
        if isinstance(end.code, str):
            sys.stderr.write(f"{end.code}\n")
        return end.code if isinstance(end.code, int) else int(end.code is not None)
    except BaseException as error:  # noqa: BLE001 (the program may raise anything; its own part is shown)
        message = f"{error}\n" if type(error).__name__ == "RunError" else _explained(error, plan["main"])
        sys.stderr.write(message)
        return 1
    return 0


def _run(plan: dict[str, Any]) -> None:
    from pulumi import runtime

    os.environ["PULUMI_CONFIG"], os.environ["PULUMI_CONFIG_SECRET_KEYS"] = plan["config"], plan["secret_keys"]
    runtime.set_all_config(runtime.get_config_env(), runtime.get_config_secret_keys_env())
    runtime.configure(
        runtime.Settings(
            project=plan["project"],
            stack=plan["stack"],
            monitor=plan["address"],
            engine=plan["address"],
            parallel=plan["parallel"],
            dry_run=plan["dry_run"],
            organization=plan["organization"],
            root_directory=str(Path(plan["main"]).parent),
        )
    )
    logging.getLogger("asyncio").setLevel(logging.CRITICAL)
    loop = asyncio.new_event_loop()
    asyncio.set_event_loop(loop)
    executor = ThreadPoolExecutor(max(64, 4 * plan["parallel"]))
    loop.set_default_executor(executor)
    try:
        loop.run_until_complete(runtime.run_in_stack(lambda: start(str(Path(plan["main"]) / "__main__.py"))))
    finally:
        executor.shutdown(wait=True)
        sys.stdout.flush()


@contextlib.contextmanager
def _as_main(folder: Path) -> Iterator[None]:
    """The program's own view of the process; the next one imports its own modules anew."""
    path, modules = list(sys.path), set(sys.modules)
    os.chdir(folder)
    sys.path.insert(0, str(folder))
    sys.argv = [str(folder / "__main__.py")]
    try:
        yield
    finally:
        sys.path[:] = path
        for name in set(sys.modules) - modules:
            origin = getattr(sys.modules[name], "__file__", None)
            if origin and Path(origin).is_relative_to(folder):
                del sys.modules[name]


def _limit(memory: int) -> None:
    """Let the kernel hold this process, and each that it starts, to a limit that nobody can raise again."""
    _, most = resource.getrlimit(resource.RLIMIT_AS)
    if memory and (most == resource.RLIM_INFINITY or memory < most):
        with contextlib.suppress(ValueError, OSError):  # macOS has no limit of address space
            resource.setrlimit(resource.RLIMIT_AS, (memory, memory))


def start(script: str) -> Awaitable[None]:
    """Run the program's main file, inside its stack resource; what is returned is to be awaited."""
    from pulumi import log, runtime

    runtime.register_stack_transformation(_SourcesKept())
    # Several calls for each resource, a tenth of the time; the engine drops what is said there.
    log.debug = _unsaid
    runpy.run_path(script, run_name="__main__")
    # The registrations have to be under way before the SDK starts to wait for the end: it waits for them
    # one by one,
    # in linear time, but for outputs that are still open by looking at all of them again and again.
    return asyncio.sleep(0)


def _unsaid(*_words: object, **_options: object) -> None:
    """Say nothing."""


class _SourcesKept:
    """A transformation that transforms nothing: it keeps the SDK from asking for every source file anew.

    For each resource the SDK takes a stack trace, and for each file of it the standard library asks whether
    it has changed since it was read: 40 % of a preview of 4,000 resources. An entry without a time is not
    asked for.
    """

    def __init__(self) -> None:
        self._known = 0

    def __call__(self, _args: object) -> None:
        if len(linecache.cache) == self._known:
            return
        for name, entry in list(linecache.cache.items()):
            # An entry that was not read yet has one field, one that was: size, time, lines, full name.
            size, *fields = entry
            if isinstance(size, int) and fields:
                linecache.cache[name] = (size, None, *fields[1:])  # type: ignore[assignment]
        self._known = len(linecache.cache)


def _explained(error: BaseException, folder: str) -> str:
    frames = traceback.extract_tb(error.__traceback__)
    own = next((index for index, frame in enumerate(frames) if frame.filename.startswith(folder)), None)
    shown = "".join(traceback.format_list(frames[own:])) if own is not None else ""
    return f"the program raised {type(error).__name__}: {error}\n{shown}"


if __name__ == "__main__":
    sys.exit(main())
