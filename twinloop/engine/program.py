"""Runs the program in this process: Pulumi's SDK talks to our monitor as to an object."""

from __future__ import annotations

import asyncio
import contextvars
import linecache
import logging
import os
import sys
import threading
import traceback
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from twinloop.engine import child, prints
from twinloop.engine.deployment import Deployment
from twinloop.engine.errors import ProgramFailed
from twinloop.engine.model import Program

# The working directory, sys.path and sys.argv are the process's: one program at a time.
_ALONE = threading.Lock()


def run(program: Program, deployment: Deployment, monitor: Any) -> None:
    """Run the program to its end.

    Raises:
        ProgramFailed: it raised; the message has the part of the traceback that is the program's own.
    """
    failure: list[BaseException] = []

    def work() -> None:
        try:
            contextvars.Context().run(_run, program, deployment, monitor)
        except BaseException as error:  # noqa: BLE001 (carried to the caller's thread, whatever it is)
            failure.append(error)

    thread = threading.Thread(target=work, name="pulumi-program")
    with _ALONE:
        thread.start()
        thread.join()
    if failure:
        raise _explained(failure[0], program) from failure[0]


def _run(program: Program, deployment: Deployment, monitor: Any) -> None:
    import pulumi.runtime
    from pulumi.runtime import settings

    stack = deployment.stack
    pulumi.runtime.set_all_config(dict(program.config), sorted(program.secret_keys))
    settings.configure(
        settings.Settings(
            project=stack.project,
            stack=stack.name,
            monitor=monitor,
            engine=monitor,
            parallel=deployment.options.parallel,
            dry_run=deployment.dry_run,
            organization=stack.organization,
            root_directory=str(program.main.parent),
        )
    )
    # The SDK leaves futures unobserved when a program fails; asyncio would log each of them.
    logging.getLogger("asyncio").setLevel(logging.CRITICAL)
    executor = ThreadPoolExecutor(max(64, 4 * deployment.options.parallel), thread_name_prefix="pulumi-rpc")
    loop = asyncio.new_event_loop()
    loop.set_default_executor(executor)
    asyncio.set_event_loop(loop)
    try:
        report = deployment.report
        with (
            prints.told(lambda line: report.say("info", line), lambda: report.telling),
            _as_main(program.main.resolve()),
        ):
            main = str(program.main.resolve() / "__main__.py")
            loop.run_until_complete(pulumi.runtime.run_in_stack(lambda: child.start(main)))
    finally:
        executor.shutdown(wait=True)
        _forget_tasks(loop)
        loop.close()
        asyncio.set_event_loop(None)


def _forget_tasks(loop: asyncio.AbstractEventLoop) -> None:
    tasks = asyncio.all_tasks(loop)
    for task in tasks:
        task.cancel()
    if tasks:
        loop.run_until_complete(asyncio.gather(*tasks, return_exceptions=True))


@contextmanager
def _as_main(folder: Path) -> Iterator[None]:
    """The program's own view of the process: its folder is the working directory and first on the path."""
    before = (Path.cwd(), list(sys.path), list(sys.argv), set(sys.modules))
    os.chdir(folder)
    sys.path.insert(0, str(folder))
    sys.argv = [str(folder / "__main__.py")]
    try:
        yield
    finally:
        os.chdir(before[0])
        sys.path[:] = before[1]
        sys.argv = before[2]
        linecache.clearcache()
        # The next run, maybe of another program, imports its own `settings` and `network` anew.
        for name in set(sys.modules) - before[3]:
            origin = getattr(sys.modules[name], "__file__", None)
            if origin and Path(origin).is_relative_to(folder):
                del sys.modules[name]


def _explained(error: BaseException, program: Program) -> ProgramFailed:
    if isinstance(error, SystemExit):
        return ProgramFailed(f"the program ended itself with status {error.code}")
    name = type(error).__name__
    if name == "RunError":
        return ProgramFailed(str(error))
    folder = str(program.main.resolve())
    frames = traceback.extract_tb(error.__traceback__)
    own = next((index for index, frame in enumerate(frames) if frame.filename.startswith(folder)), None)
    shown = "".join(traceback.format_list(frames[own:])) if own is not None else ""
    return ProgramFailed(f"the program raised {name}: {error}\n{shown}".rstrip())
