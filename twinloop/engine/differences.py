"""What changes between two sets of properties, path by path, for people and for `replaceOnChanges`."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any, cast

from twinloop.engine import paths
from twinloop.engine.model import ChangeKind, PropertyChange
from twinloop.engine.paths import MISSING, Path
from twinloop.engine.provider_calls import Difference
from twinloop.engine.values import UNKNOWN, Properties, Secret, holds_secret, masked


def structural(old: Any, new: Any, path: Path = ()) -> Iterator[tuple[Path, ChangeKind]]:
    """Every place at which two values differ, as deep as both have the same shape."""
    if isinstance(old, Secret) and isinstance(new, Secret):
        old, new = old.value, new.value
    if old is MISSING or new is MISSING:
        if old is not new:
            yield path, "add" if old is MISSING else "delete"
    elif isinstance(old, dict) and isinstance(new, dict):
        for key in sorted(old.keys() | new.keys()):
            yield from structural(old.get(key, MISSING), new.get(key, MISSING), (*path, key))
    elif isinstance(old, list) and isinstance(new, list):
        for index in range(max(len(old), len(new))):
            before = old[index] if index < len(old) else MISSING
            after = new[index] if index < len(new) else MISSING
            yield from structural(before, after, (*path, index))
    elif not _equal(old, new):
        yield path, "update"


def _equal(old: Any, new: Any) -> bool:
    """Whether two leaves are the same: 1 and 1.0 are, 0 and false, which Python takes for equal, are not."""
    if new is UNKNOWN or old != new:
        return False
    return type(old) is type(new) or not (isinstance(old, bool) or isinstance(new, bool))


def forced(
    difference: Difference, old: Properties, new: Properties, patterns: Iterable[str]
) -> tuple[str, ...]:
    """The changed paths that `replaceOnChanges` makes a reason for replacement."""
    wanted = [paths.parse(pattern) for pattern in patterns]
    if not wanted or not difference.changed:
        return ()
    changed = (
        [paths.parse(path) for path in difference.detailed]
        if difference.detailed
        else [path for path, _ in structural(old, new)]
    )
    return tuple(
        paths.render(path) for path in changed if any(paths.touches(pattern, path) for pattern in wanted)
    )


def changes(
    difference: Difference,
    old: Properties,
    new: Properties,
    replaces: Iterable[str],
    hide: Iterable[str] = (),
) -> tuple[PropertyChange, ...]:
    """The way from old to new, path by path: the provider's detailed diff, else that of the inputs."""
    reasons = [paths.parse(path) for path in replaces]
    hidden = [paths.parse(path) for path in hide]
    found: list[tuple[Path, str]]
    if difference.detailed:
        found = [(paths.parse(path), kind) for path, kind in difference.detailed.items()]
    else:
        found = list(structural(old, new))
        keys = {paths.parse(key)[:1] for key in difference.keys}
        found = [item for item in found if not keys or item[0][:1] in keys]
    result = []
    for path, kind in sorted(found, key=lambda item: paths.render(item[0])):
        if any(paths.touches(pattern, path) for pattern in hidden):
            continue
        word = kind if kind.endswith("replace") or not _reason(path, reasons) else f"{kind}-replace"
        before, after = _shown(old, path), _shown(new, path)
        result.append(PropertyChange(paths.render(path), cast(ChangeKind, word), before, after))
    return tuple(result)


def _reason(path: Path, reasons: list[Path]) -> bool:
    return any(path[: len(reason)] == reason or reason[: len(path)] == path for reason in reasons)


def _shown(values: Properties, path: Path) -> Any:
    for depth in range(1, len(path)):
        if isinstance(paths.get(values, path[:depth]), Secret):
            return "[secret]"
    value = paths.get(values, path)
    return None if value is MISSING else masked(value)


def ignoring(old: Properties, new: Properties, patterns: Iterable[str]) -> Properties:
    """The new inputs with the old values at every ignored path."""
    result: Any = new
    for pattern in patterns:
        for path in paths.expand(paths.parse(pattern), old, new):
            result = paths.put(result, path, paths.get(old, path))
    return dict(result)


def mark_secret(outputs: Properties, names: Iterable[str]) -> Properties:
    """The outputs with the named ones secret."""
    marked = dict(outputs)
    for name in names:
        if name in marked and not isinstance(marked[name], Secret) and not _inner(marked[name]):
            marked[name] = Secret(marked[name])
    return marked


def _inner(value: Any) -> bool:
    return holds_secret(value) and isinstance(value, Secret)
