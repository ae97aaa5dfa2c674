"""The pages cost nothing until somebody looks."""

from __future__ import annotations

import subprocess
import sys

SCRIPT = """
import sys
from pathlib import Path
from twinloop.localazure.app import build
from twinloop.localazure.core.twin import Twin
twin = Twin(Path(sys.argv[1]))
build(twin)
late = ("twinloop.pictures", "twinloop.localazure.pages.", "grandalf")
print(*sorted(name for name in sys.modules if name.startswith(late)))
"""


def test_what_draws_pages_is_not_imported_when_the_twin_begins(tmp_path):
    done = subprocess.run(
        [sys.executable, "-c", SCRIPT, str(tmp_path)], capture_output=True, text=True, check=True
    )
    assert done.stdout.split() == ["twinloop.localazure.pages.routes"]
