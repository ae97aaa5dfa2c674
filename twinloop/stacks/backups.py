"""Good copies of a stack's state: what each run left in the history, and what stood before it was changed."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path

    from twinloop.engine.backend import Backend


def newest_good(backend: Backend) -> Path | None:
    """The newest copy that can be read; None where there is none."""
    aside = backend.checkpoint.with_name(f"{backend.checkpoint.name}.bak")
    found = [*backend.history.glob("*.checkpoint.json"), *backend.backups.glob("*.json")]
    found += [aside] if aside.exists() else []
    for path in sorted(found, key=lambda path: path.stat().st_mtime_ns, reverse=True):
        if _is_good(path):
            return path
    return None


def _is_good(path: Path) -> bool:
    try:
        latest = json.loads(path.read_text(encoding="utf-8"))["checkpoint"]["latest"]
    except (OSError, ValueError, KeyError, TypeError):
        return False
    return isinstance(latest, dict) and isinstance(latest.get("resources") or [], list)
