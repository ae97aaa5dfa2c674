"""Imports of Pulumi's SDK for Azure in a third of the time: only what is named, and no annotation evaluated.

A namespace of the SDK for Azure imports all that it has, some 300 modules, where a program wants ten of them;
and half of the time of a module goes into annotations that nobody reads. Both are put off until somebody
asks: what is not found by its name's own module is looked for in the whole namespace, as it is written.
"""

from __future__ import annotations
import __future__

import importlib.abc
import importlib.machinery
import importlib.util
import marshal
import re
import struct
import sys
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence
    from types import CodeType, ModuleType

PACKAGES = ("pulumi_azure_native",)
_WORD = re.compile(r"(?<=[a-z0-9])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])")


def install() -> None:
    """Import the SDKs this way from now on, in this process; what is imported already stays as it is."""
    if not any(isinstance(one, _Finder) for one in sys.meta_path):
        sys.meta_path.insert(0, _Finder())


class _Finder(importlib.abc.MetaPathFinder):
    """Finds what is below the packages, where the standard finder does."""

    def find_spec(
        self, fullname: str, path: Sequence[str] | None, target: ModuleType | None = None
    ) -> importlib.machinery.ModuleSpec | None:
        package, _, below = fullname.partition(".")
        if package not in PACKAGES or not below:
            return None
        spec = importlib.machinery.PathFinder.find_spec(fullname, path, target)
        if spec is None or type(spec.loader) is not importlib.machinery.SourceFileLoader:
            return None
        is_namespace = spec.submodule_search_locations is not None
        spec.loader = (_Namespace if is_namespace else _Source)(spec.loader.name, spec.loader.path)
        return spec


class _Source(importlib.machinery.SourceFileLoader):
    """A module whose annotations are texts until they are asked for, as PEP 563 has it."""

    def get_code(self, fullname: str) -> CodeType:
        """The module's code, kept beside Python's own compiled files under a name of its own."""
        path = self.get_filename(fullname)
        stats = self.path_stats(path)
        stamp = importlib.util.MAGIC_NUMBER + struct.pack("<dQ", stats["mtime"], stats["size"] or 0)
        kept = importlib.util.cache_from_source(path, optimization="texts")
        try:
            data = self.get_data(kept)
        except OSError:
            data = b""
        if data.startswith(stamp):
            found: CodeType = marshal.loads(data[len(stamp) :])  # noqa: S302 - as trusted as Python's own
            return found
        if sys.dont_write_bytecode:  # what is compiled here for nothing takes longer than what it saves
            return cast("CodeType", super().get_code(fullname))
        flags = __future__.annotations.compiler_flag
        code: CodeType = compile(self.get_data(path), path, "exec", flags=flags, dont_inherit=True)
        self.set_data(kept, stamp + marshal.dumps(code))
        return code


class _Namespace(_Source):
    """A namespace that imports a module when something of it is asked for."""

    def exec_module(self, module: ModuleType) -> None:
        """Put off what the namespace does when it is imported."""
        module.__dict__["__getattr__"] = partial(_named, module, partial(super().exec_module, module))


def _named(module: ModuleType, whole: Callable[[], None], name: str) -> Any:
    """What a namespace calls by a name: from the module of that name, or from the whole namespace."""
    if name.startswith("__") and name != "__all__":
        raise AttributeError(f"module {module.__name__!r} has no attribute {name!r}")
    for below in _modules(name):
        if (Path(module.__path__[0]) / f"{below}.py").is_file():
            found = importlib.import_module(f"{module.__name__}.{below}")
            if name in found.__dict__.get("__all__", ()):  # a function has the name of its module
                value = module.__dict__[name] = found.__dict__[name]
                return value
            if below == name:
                return found
    module.__dict__.pop("__getattr__", None)
    whole()
    return getattr(module, name)  # a namespace may have made itself a module of a class of its own


def _modules(name: str) -> Iterator[str]:
    """Names of the modules that may have it, the likeliest first."""
    plain = name.removesuffix("Args").removesuffix("_output")
    yield from dict.fromkeys((name, _WORD.sub("_", plain).lower(), "_inputs", "_enums"))
