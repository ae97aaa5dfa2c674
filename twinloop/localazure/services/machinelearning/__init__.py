"""Azure Machine Learning on the local Azure: workspaces, computes, datastores, assets, registries, jobs.

Every module of this package may have a `router` and an `attach(twin)`; the package speaks for all of them.
"""

from __future__ import annotations

import importlib
import pkgutil
from collections.abc import Iterator
from functools import cache
from types import ModuleType
from typing import TYPE_CHECKING

from twinloop.localazure.core.router import Router

if TYPE_CHECKING:
    from twinloop.localazure.core.twin import Twin


def __getattr__(name: str) -> Router:
    """The package's routes, gathered when the app asks for them: its modules import each other freely."""
    if name == "router":
        return _gathered()
    raise AttributeError(name)


def attach(twin: Twin) -> None:
    """Hang every module on a twin."""
    for module in _modules():
        hang = getattr(module, "attach", None)
        if callable(hang):
            hang(twin)


@cache
def _gathered() -> Router:
    gathered = Router("machinelearning")
    seen: set[int] = set()
    for module in _modules():
        found = getattr(module, "router", None)
        if isinstance(found, Router) and id(found) not in seen:
            seen.add(id(found))
            gathered.include(found)
    return gathered


def _modules() -> Iterator[ModuleType]:
    for info in sorted(pkgutil.iter_modules(__path__), key=lambda info: info.name):
        yield importlib.import_module(f"{__name__}.{info.name}")
