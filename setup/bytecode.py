"""Compiles the byte code of what the project imports; called by venv.sh.

pulumi_azure_native alone has some 250 namespaces, and compiling them all takes longer than the demo. Only
those that the program imports are compiled; of everything else, all that is installed.
"""

from __future__ import annotations

import ast
import compileall
import re
import sys
import sysconfig
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
SITE = Path(sysconfig.get_path("purelib"))
OWN = ("infra", "checks", "policies", "twinloop", "components")
GENERATED = "pulumi_azure_native"


def namespaces_in_use() -> set[str]:
    """Names of the namespaces of pulumi_azure_native that the project's own code imports."""
    used: set[str] = set()
    for path in (file for room in OWN for file in (ROOT / room).rglob("*.py")):
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.ImportFrom) and node.module == GENERATED:
                used |= {alias.name for alias in node.names}
            elif isinstance(node, ast.ImportFrom) and (node.module or "").startswith(GENERATED + "."):
                used.add(str(node.module).split(".")[1])
            elif isinstance(node, ast.Import):
                used |= {a.name.split(".")[1] for a in node.names if a.name.startswith(GENERATED + ".")}
    return used


def older_versions() -> re.Pattern[str]:
    """Matches the files that nothing here imports: other namespaces and modules of single API versions."""
    unused = (
        {d.name for d in (SITE / GENERATED).iterdir() if d.is_dir()} - namespaces_in_use() - {"__pycache__"}
    )
    names = "|".join(sorted(map(re.escape, unused)))
    tests = r"/(tests?|testing/data)/"
    return re.compile(rf"/{GENERATED}/({names})/|/{GENERATED}/[a-z]+/v20\w+/|{tests}")


def targets() -> Iterator[Path]:
    """Folders to compile, the project's own first."""
    yield from (ROOT / room for room in OWN)
    yield SITE


if __name__ == "__main__":
    skip = older_versions()
    for folder in targets():
        compileall.compile_dir(folder, quiet=2, workers=0, rx=skip)
    sys.exit(0)
