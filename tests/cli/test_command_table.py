import subprocess
import sys
from importlib import metadata

import pytest

from twinloop import __version__
from twinloop.cli.app import load
from twinloop.cli.commands import COMMANDS
from twinloop.cli.help_text import unwrapped

HEAVY = ("pulumi", "azure", "grpc", "yaml", "pydantic", "cryptography", "httpx", "mlflow")


def test_help_imports_no_command():
    probe = (
        "import sys\nfrom twinloop.cli.app import main\nmain(['--help'])\n"
        f"print([name for name in sys.modules if name.split('.')[0] in {HEAVY}], file=sys.stderr)"
    )
    done = subprocess.run([sys.executable, "-c", probe], capture_output=True, text=True, check=True)
    assert done.stderr.strip() == "[]"


def test_help_names_every_command(run):
    shown = run("--help").out
    assert all(f" {name} " in shown for name in COMMANDS)


@pytest.mark.parametrize("name", COMMANDS)
def test_every_word_of_the_table_has_a_command_with_help(name, run):
    load(name)
    shown = run(name, "--help")
    assert shown.code == 0
    assert "Usage: twinloop" in shown.out


def test_a_paragraph_of_help_is_wrapped_by_the_terminal_and_examples_stay_as_they_are():
    assert (
        unwrapped("First.\n\nlong\nparagraph\n\n  one\n  two\n") == "First.\n\nlong paragraph\n\n  one\n  two"
    )


@pytest.mark.parametrize("name", [name for name, entry in COMMANDS.items() if entry.noun])
def test_a_noun_called_alone_shows_its_commands(name, run):
    assert "Commands" in run(name).out + run(name).err


def test_a_misspelt_command_names_the_nearest(run):
    ran = run("previw")
    assert ran.code == 2
    assert "did you mean 'preview'?" in ran.err
    assert "next: twinloop preview" in ran.words


def test_the_version_has_one_source(run):
    assert metadata.version("twinloop") == __version__
    assert run("--version").out == f"twinloop {__version__}\n"


def test_version_is_data(run):
    ran = run("--version")
    assert (ran.code, ran.err) == (0, "")
    assert ran.out.startswith("twinloop ")
