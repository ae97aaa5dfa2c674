"""`make bench`: take every figure in one run, print the table, and with --write put it into the README."""

from __future__ import annotations

import argparse
import os
import platform
import re
import sys
import tempfile
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

from benchmarks import local_azure, pipelines, previews
from benchmarks.measure import Figure

CHECKOUT = Path(__file__).resolve().parent.parent
BETWEEN = re.compile(r"(<!-- figures -->\n).*(<!-- /figures -->)", re.DOTALL)
SUITES: dict[str, Callable[[Path], list[Figure]]] = {
    "azure": lambda scratch: local_azure.measure(CHECKOUT, scratch),
    "preview": lambda _scratch: previews.dev_stack(CHECKOUT),
    "up": lambda _scratch: previews.second_up(CHECKOUT),
    "scale": previews.many_resources,
    "pipeline": lambda _scratch: pipelines.measure(CHECKOUT),
}


def table(figures: list[Figure]) -> str:
    """The figures as Markdown, missed goals included."""
    head = "| what | measured | beside | ratio | goal | met |\n| --- | --- | --- | --- | --- | --- |\n"
    return head + "".join(map(_row, figures))


def _row(f: Figure) -> str:
    ratio = "" if f.ratio is None else f"{f.ratio:.2f}"
    met = "" if f.met is None else "yes" if f.met else "**no**"
    return f"| {f.what} | {f.ours} | {f.peer or f.note} | {ratio} | {f.goal} | {met} |\n"


def _heading() -> str:
    machine = f"{platform.system()} {platform.machine()}, {os.cpu_count()} shared cores"
    return f"Measured on {datetime.now(UTC):%Y-%m-%d}: {machine}, Python {platform.python_version()}.\n\n"


def main() -> int:
    """Run the suites that were asked for, all by default."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    parser.add_argument("suites", nargs="*", metavar="SUITE", help=f"of {', '.join(SUITES)}; all if none")
    parser.add_argument("--write", action="store_true", help="put the table into README.md, at its markers")
    given = parser.parse_args()
    if unknown := set(given.suites) - SUITES.keys():
        parser.error(f"unknown suites: {', '.join(sorted(unknown))} (known: {', '.join(SUITES)})")
    figures: list[Figure] = []
    for name in given.suites or SUITES:
        print(f"measuring: {name}", file=sys.stderr, flush=True)
        with tempfile.TemporaryDirectory(prefix="twinloop-bench-") as scratch:
            os.environ["TWINLOOP_HOME"] = str(Path(scratch) / "home")
            figures += SUITES[name](Path(scratch))
    text = _heading() + table(figures)
    print(text)
    if given.write:
        readme = CHECKOUT / "README.md"
        readme.write_text(BETWEEN.sub(lambda m: f"{m[1]}{text}{m[2]}", readme.read_text()))
    return 0


if __name__ == "__main__":
    sys.exit(main())
