"""The program's process in the child transport: Pulumi's SDK against the monitor at an address.

Runs as a script under the program's own interpreter, so it imports nothing but the standard library and
pulumi.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import linecache
import logging
import os
import resource
import runpy
import sys
import threading
import traceback
from collections.abc import Awaitable
from concurrent.futures import ThreadPoolExecutor
from typing import Any


def main(plan: dict[str, Any]) -> int:
    """Run the program of the plan; the status says whether it ended well, stderr what went wrong."""
    _limit(plan["seconds"], plan["memory"])
    import pulumi
    from pulumi import runtime

    threading.Thread(target=_end_with, args=(plan["lifeline"],), daemon=True).start()
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
            root_directory=os.path.dirname(plan["main"]),  # noqa: PTH120 (a string is what the SDK wants)
        )
    )
    script = os.path.join(plan["main"], "__main__.py")  # noqa: PTH118
    sys.path.insert(0, plan["main"])
    sys.argv = [script]
    logging.getLogger("asyncio").setLevel(logging.CRITICAL)
    loop = asyncio.new_event_loop()
    asyncio.set_event_loop(loop)
    executor = ThreadPoolExecutor(max(64, 4 * plan["parallel"]))
    loop.set_default_executor(executor)

    try:
        loop.run_until_complete(runtime.run_in_stack(lambda: start(script)))
    except pulumi.RunError as error:
        sys.stderr.write(f"{error}\n")
        return 1
    except Exception as error:  # noqa: BLE001 (the program may raise anything; its own part is shown)
        sys.stderr.write(_explained(error, plan["main"]))
        return 1
    finally:
        executor.shutdown(wait=True)
        sys.stdout.flush()
    return 0


def _limit(seconds: int, memory: int) -> None:
    """Let the kernel hold this process, and all that it starts, to limits that nobody can raise again."""
    cores = os.cpu_count() or 1
    wanted = {resource.RLIMIT_CPU: seconds * cores, resource.RLIMIT_AS: memory}
    for kind, limit in wanted.items():
        _, most = resource.getrlimit(kind)
        if limit and (most == resource.RLIM_INFINITY or limit < most):
            with contextlib.suppress(ValueError, OSError):  # macOS has no limit of address space
                resource.setrlimit(kind, (limit, limit))


def _end_with(lifeline: int) -> None:
    """End this process when the one that started it has ended."""
    os.read(lifeline, 1)
    os._exit(1)


def start(script: str) -> Awaitable[None]:
    """Run the program's main file, inside its stack resource; what is returned is to be awaited."""
    from pulumi import runtime

    runtime.register_stack_transformation(_SourcesKept())
    runpy.run_path(script, run_name="__main__")
    # The registrations have to be under way before the SDK starts to wait for the end: it waits for them
    # one by one,
    # in linear time, but for outputs that are still open by looking at all of them again and again.
    return asyncio.sleep(0)


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


def _explained(error: Exception, folder: str) -> str:
    frames = traceback.extract_tb(error.__traceback__)
    own = next((index for index, frame in enumerate(frames) if frame.filename.startswith(folder)), None)
    shown = "".join(traceback.format_list(frames[own:])) if own is not None else ""
    return f"the program raised {type(error).__name__}: {error}\n{shown}"


if __name__ == "__main__":
    sys.exit(main(json.loads(sys.argv[1])))
