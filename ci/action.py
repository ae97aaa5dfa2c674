"""What the review action runs: reads its inputs, runs `twinloop`, writes the files, the summary and outputs.

    INPUTS='{"command": "preview", "stack-name": "dev"}' python3 ci/action.py

Inputs come as JSON in a variable, never within a command line that a shell reads.
"""

from __future__ import annotations

import json
import os
import sys
from dataclasses import replace
from pathlib import Path

import comment
import plan
from github import Answered, GitHub
from inputs import BadInput, Inputs, read
from runners import Runner, runner_of

USAGE, REFUSED = 2, 4


def command_line(asked: Inputs, style: str) -> list[str]:
    """What is typed for an input."""
    tool = str(asked.work_dir / ".venv/bin/twinloop")
    if asked.command == "review":
        return [tool, *_review(asked, style)]
    command = [tool, asked.command, "-s", asked.stacks[0], "--cloud", asked.cloud, "--json"]
    command += ["--parallel", str(asked.parallel)]
    command += [part for urn in asked.targets for part in ("--target", urn)]
    if asked.refresh and asked.command != "refresh":
        command.append("--refresh")
    if asked.expect_no_changes:
        command.append("--expect-no-changes")
    return command + (["--yes"] if asked.command != "preview" else [])


def _review(asked: Inputs, style: str) -> list[str]:
    stacks = [part for stack in asked.stacks for part in ("-s", stack)]
    options = {
        "--against": asked.against,
        "--cloud": asked.cloud if asked.against == "live" else "",
        "--base": asked.base,
        "--time-limit": asked.time_limit,
        "--memory-limit": asked.memory_limit,
        "--fail-on": asked.fail_on,
        "--annotations": style,
        "--markdown": str(asked.out / "comment.md"),
        "--html": str(asked.out / "review.html"),
        "--summary": str(asked.out / "summary.md"),
    }
    return [
        "review",
        *stacks,
        *(part for name, text in options.items() if text for part in (name, text)),
        "--json",
    ]


def run(asked: Inputs, runner: Runner) -> int:
    """Run the command and leave its files in the folder `output-dir`; the tool's own exit code."""
    asked.out.mkdir(parents=True, exist_ok=True)
    if asked.command == "review":
        code = _run_review(asked, runner)
    elif asked.command == "up" and asked.digest and not _same_steps(asked, runner):
        code = REFUSED
    else:
        file = asked.out / f"{asked.command}.json"
        code = runner.run(command_line(asked, runner.style), asked, file)
        page = plan.markdown(plan.read(file), asked.command)
        (asked.out / "comment.md").write_text(page, "utf-8")
        (asked.out / "summary.md").unlink(missing_ok=True)  # of the look before it
    (asked.out / "exit-code").write_text(str(code), "utf-8")
    return code


def _run_review(asked: Inputs, runner: Runner) -> int:
    file = asked.out / "printed.json"
    # what the tool says on stderr is obeyed here: its annotations are among it
    code = runner.run(command_line(asked, runner.style), asked, file, obeyed=True)
    reviewed = plan.read(file)
    file.unlink()
    if "digest" in reviewed:
        (asked.out / "digest").write_text(reviewed["digest"], "utf-8")
        document = {key: found for key, found in reviewed.items() if key not in plan.WRAPPING}
        (asked.out / "review.json").write_text(json.dumps(document), "utf-8")
    return code


def _same_steps(asked: Inputs, runner: Runner) -> bool:
    """Look again at what would be done, and compare with the steps that were reviewed."""
    # whether to fail on findings was decided by who approved
    code = _run_review(replace(asked, command="review", against="live", fail_on="none"), runner)
    now = _text(asked.out / "digest")
    if code == 0 and now == asked.digest:
        return True
    runner.error(
        f"the steps are no longer those that were reviewed: reviewed {asked.digest}, now {now or 'unknown'} "
        f"(exit code {code}). Nothing was changed. Run the whole workflow again and review what it shows."
    )
    return False


def tell(asked: Inputs, code: int, runner: Runner) -> None:
    """The job's summary, the pull request's comment, and the outputs of the step."""
    text = _text(asked.out / "comment.md")
    if asked.on_summary:
        runner.summary(_text(asked.out / "summary.md") or text, asked.out)
    runner.output("exit-code", str(code))
    runner.output("digest", _text(asked.out / "digest"))
    if asked.on_pull_request and text:
        number = int(asked.pull_request or runner.pull_request())
        print(comment.post(GitHub.of_workflow(), number, text, edit=asked.edit))  # noqa: T201


def _text(path: Path) -> str:
    return path.read_text("utf-8") if path.is_file() else ""


def _given(text: str) -> dict[str, str]:
    """All inputs as text: GitHub writes booleans as text, Azure Pipelines as booleans of JSON."""
    found = json.loads(text)
    return {
        name: str(value).lower() if isinstance(value, bool) else str(value) for name, value in found.items()
    }


def main() -> int:
    """The exit code of the tool; 2 where an input cannot be meant; 4 where the steps are others by now."""
    runner = runner_of(os.environ)
    try:
        asked = read(_given(os.environ.get("INPUTS", "{}")), runner.workspace)
        code = run(asked, runner)
        tell(asked, code, runner)
    except (BadInput, plan.Unreadable) as error:
        runner.error(str(error))
        return USAGE
    except Answered as error:
        runner.error(f"GitHub refused: {error}; a 403: give the job `pull-requests: write`")
        return 1
    return code


if __name__ == "__main__":
    sys.exit(main())
