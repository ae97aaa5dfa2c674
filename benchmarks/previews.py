"""Previews in a cold process: the dev stack, and N containers; embedded engine beside the official CLI."""

from __future__ import annotations

import json
import os
import shutil
import statistics
import subprocess
import sys
from pathlib import Path

from benchmarks.measure import Figure, pairs, wall
from benchmarks.pulumi_project import containers_project, served_provider

NO_PEER = "no `pulumi` on PATH: not compared"
SIZES = (500, 1000, 4000)
RUNS = 5
TWINLOOP = (sys.executable, "-m", "twinloop")
PREVIEW = "preview of the dev stack, cold process"
PREVIEW_GOAL = "at most 0.6 of the official CLI"


def dev_stack(checkout: Path) -> list[Figure]:
    """`twinloop preview -s dev` beside `pulumi preview -s dev`: first of creates, then with nothing to do."""
    if not shutil.which("pulumi"):
        ours = statistics.median(wall(_preview(), cwd=checkout) for _ in range(RUNS))
        return [Figure(what=PREVIEW, ours=f"{ours:.2f} s", goal=PREVIEW_GOAL, note=NO_PEER)]
    wall([*TWINLOOP, "up", "-s", "shared", "--yes"], cwd=checkout)
    try:
        figures = [_beside_official(checkout, f"{PREVIEW}, all to create")]
        wall([*TWINLOOP, "up", "-s", "dev", "--yes"], cwd=checkout)
        return [*figures, _beside_official(checkout, f"{PREVIEW}, unchanged")]
    finally:
        wall([*TWINLOOP, "twin", "stop"], cwd=checkout)


def _beside_official(checkout: Path, what: str) -> Figure:
    """Both engines: the same program, state and provider (served to the official one)."""
    with served_provider() as port:
        printed = subprocess.run(
            [*TWINLOOP, "twin", "env", "-s", "dev", "--json"],
            cwd=checkout,
            capture_output=True,
            text=True,
            check=True,
        ).stdout
        variables = json.loads(printed)["result"]
        env = os.environ | variables["set"] | {"PULUMI_DEBUG_PROVIDERS": f"azure-native:{port}"}
        file = Path(os.environ["TWINLOOP_HOME"]) / "Pulumi.dev.yaml"
        official = ["pulumi", "preview", "-s", "dev", "--non-interactive", "--config-file", str(file)]
        # once through our wrapper, which makes the stack and its settings file where they are missing
        wall([*TWINLOOP, "twin", "env", "-s", "dev", "--", *official[:5]], cwd=checkout)
        ours, theirs, ratio = pairs(
            lambda: wall(_preview(), cwd=checkout), lambda: wall(official, cwd=checkout, env=env), runs=RUNS
        )
    peer = f"official CLI {theirs:.2f} s"
    return Figure(
        what=what, ours=f"{ours:.2f} s", peer=peer, ratio=ratio, goal=PREVIEW_GOAL, met=ratio <= 0.6
    )


def _preview() -> list[str]:
    return [*TWINLOOP, "preview", "-s", "dev"]


def second_up(checkout: Path) -> list[Figure]:
    """First `up` of dev on a fresh twin; then an unchanged one beside a preview of the same state."""
    began = {name: [*TWINLOOP, name, "-s", "dev"] for name in ("preview", "up")}
    wall([*TWINLOOP, "twin", "start"], cwd=checkout)
    try:
        wall([*TWINLOOP, "up", "-s", "shared", "--yes"], cwd=checkout)
        fresh = wall(began["preview"], cwd=checkout)
        first = wall([*began["up"], "--yes"], cwd=checkout)
        ours, theirs, ratio = pairs(
            lambda: wall([*began["up"], "--yes", "--expect-no-changes"], cwd=checkout),
            lambda: wall(began["preview"], cwd=checkout),
            runs=5,
        )
    finally:
        wall([*TWINLOOP, "twin", "stop"], cwd=checkout)
    return [
        Figure(
            what="`up` of the dev stack on a fresh twin",
            ours=f"{first:.1f} s",
            peer=f"its preview {fresh:.1f} s",
            ratio=first / fresh,
            goal="at most 2x preview",
            met=first / fresh <= 2,
        ),
        Figure(
            what="second `up`, nothing changed",
            ours=f"{ours:.2f} s",
            peer=f"preview {theirs:.2f} s",
            ratio=ratio,
            goal="within 10 % of preview",
            met=ratio <= 1.1,
        ),
    ]


def many_resources(scratch: Path) -> list[Figure]:
    """Previews of creates of N containers, declared as the platform does it, beside the plain idiom."""
    figures = []
    taken: dict[int, float] = {}
    for count in SIZES:
        project = containers_project(scratch / f"embedded-{count}", count=count, drop_aliases=True)
        taken[count] = statistics.median(project.embedded() for _ in range(3 if count < max(SIZES) else 1))
        goal, met = ("at most 20 s", taken[count] <= 20) if count == max(SIZES) else ("", None)
        figures.append(
            Figure(
                what=f"preview of {count:,} resources, embedded engine",
                ours=f"{taken[count]:.1f} s",
                goal=goal,
                met=met,
            )
        )
    growth = (taken[4000] / 4000) / (taken[500] / 500)
    what = "time per resource at 4,000 beside that at 500"
    figures.append(Figure(what=what, ours=f"{growth:.2f}x", goal="linear: at most 1.2x", met=growth <= 1.2))
    return figures + _official(scratch, taken)


def _official(scratch: Path, embedded: dict[int, float]) -> list[Figure]:
    if not shutil.which("pulumi"):
        return [Figure(what="the same under the official CLI", ours="", note=NO_PEER)]
    figures = []
    with served_provider() as port:
        took: dict[tuple[int, bool], float] = {}
        for count, drop in ((1000, True), (1000, False), (4000, True), (4000, False)):
            project = containers_project(scratch / f"official-{count}-{drop}", count=count, drop_aliases=drop)
            project.prepare_official()
            took[count, drop] = project.official(port)
        for count in (1000, 4000):
            ratio = embedded[count] / took[count, True]
            what = f"preview of {count:,} resources, embedded beside official"
            peer = f"official CLI {took[count, True]:.1f} s"
            figures.append(Figure(what=what, ours=f"{embedded[count]:.1f} s", peer=peer, ratio=ratio))
        speedup = took[4000, False] / took[4000, True]
        figures.append(
            Figure(
                what="official CLI at 4,000: aliases dropped beside the plain idiom",
                ours=f"{took[4000, True]:.1f} s",
                peer=f"plain idiom {took[4000, False]:.1f} s",
                ratio=1 / speedup,
                goal="at least 4x faster",
                met=speedup >= 4,
            )
        )
    return figures
