"""Flags of `az ml job create` mean here what they mean there, and options of a noun are written once."""

import inspect
from dataclasses import dataclass
from typing import Annotated

import pytest
import typer

from twinloop.cli.app import load
from twinloop.cli.jobs_flags import az_stream
from twinloop.cli.options import bundled

AZ = {  # from the reference of az's ml extension: `az ml job create`
    "--file": "-f", "--resource-group": "-g", "--workspace-name": "-w", "--name": "-n", "--save-as": "-a",
    "--set": "", "--skip-validation": "", "--stream": "", "--web": "-e",
}  # fmt: skip


@pytest.mark.parametrize("flag", AZ)
def test_every_flag_of_az_is_taken(flag):
    options = {name for one in load("jobs").commands["create"].params for name in one.opts}
    assert flag in options
    assert not AZ[flag] or AZ[flag] in options


@pytest.mark.parametrize(
    ("line", "meant"),
    [
        ("-f job.yml -s", "-f job.yml --stream"),
        ("-f job.yml -s -g rg -w ws", "-f job.yml --stream -g rg -w ws"),
        ("-s --file job.yml", "--stream --file job.yml"),
        ("-f job.yml -s dev", "-f job.yml -s dev"),
        ("-f job.yml --stack dev --stream", "-f job.yml --stack dev --stream"),
    ],
)
def test_s_without_a_word_behind_it_is_azs_stream_and_with_one_our_stack(line, meant):
    assert az_stream(line.split()) == meant.split()


def test_a_file_where_the_stack_belongs_is_told_with_the_line_that_was_meant(run):
    done = run("submit", "-s", "job.yml")
    assert done.code == 2
    assert "twinloop submit job.yml --stream" in done.words


def test_two_files_are_refused(run):
    assert run("submit", "a.yml", "-f", "b.yml").code == 2


def test_what_to_cancel_is_never_guessed(run):
    done = run("jobs", "cancel")
    assert done.code == 2
    assert "jobs list" in done.words


def test_a_debugger_needs_a_file_or_a_job(run):
    done = run("jobs", "debug", "--step", "train")
    assert done.code == 2
    assert "Neither a file nor a job" in done.words


def test_two_debuggers_at_once_are_refused(run):
    done = run("jobs", "debug", "a.yml", "--listen", "5678", "--no-debugger")
    assert done.code == 2
    assert "One debugger at a time" in done.words


def test_an_answer_to_a_program_does_not_go_on(run):
    done = run("jobs", "logs", "--follow", "--json")
    assert done.code == 2
    assert done.json["error"]["code"] == "usage"


@dataclass(frozen=True)
class Pair:
    left: Annotated[str, typer.Option("--left", "-l")] = "a"
    right: Annotated[int, typer.Option("--right")] = 2


def test_a_bundle_is_one_object_for_the_command_and_single_options_for_the_reader():
    got = []

    @bundled
    def command(name: Annotated[str, typer.Argument()], *, pair: Pair, loud: bool = False) -> None:
        got.append((name, pair, loud))

    assert list(inspect.signature(command).parameters) == ["name", "left", "right", "loud"]
    app = typer.Typer()
    app.command()(command)
    typer.main.get_command(app).main(["x", "-l", "b"], standalone_mode=False)
    assert got == [("x", Pair("b", 2), False)]
