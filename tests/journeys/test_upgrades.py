"""What docs/infra-engineer/upgrade.md tells to do replaces nothing, under both engines."""

import json
import os
import shutil

import pytest

from tests.stacks.checkouts import REPOSITORY, Checkout
from tests.stacks.test_official_cli import needs_pulumi
from twinloop.clouds import twin

RENAMED = ("vault.py", 'f"{name}-vault"', 'f"{name}-secrets"')
ALIAS = (
    "vault.py",
    "protect=args.protect)",
    'protect=args.protect, aliases=[pulumi.Alias(name=f"{name}-vault")])',
)
# what a program sees of a newer package of the provider: another version in each registration
BUMPED = (
    "__main__.py",
    "from infra.program import build\n",
    "from pulumi_azure_native import _utilities; _utilities._version_str = '3.30.1'\n{}".format(
        "from infra.program import build\n"
    ),
)
NEW_SETTING = (
    "settings.py",
    "    protect: bool\n",
    '    protect: bool\n    on_call: str = ""\n',
)


class Copy(Checkout):
    """A checkout with its own copy of the program, so that a test may change it."""

    def change(self, *edits):
        for name, old, new in edits:
            path = self.root / "infra" / name
            text = path.read_text()
            assert old in text, f"{name} has no {old!r} any more"
            path.write_text(text.replace(old, new))

    def restore(self):
        left = shutil.ignore_patterns("__pycache__")
        shutil.copytree(REPOSITORY / "infra", self.root / "infra", ignore=left, dirs_exist_ok=True)

    def run(self, *words):
        return self.twinloop(*words, PYTHONPATH=str(self.root), PYTHONDONTWRITEBYTECODE="1")


@pytest.fixture(scope="module")
def place(tmp_path_factory):
    """The real program, copied, and dev brought up by it."""
    root = tmp_path_factory.mktemp("upgrades") / "checkout"
    shutil.copytree(REPOSITORY / "infra", root / "infra", ignore=shutil.ignore_patterns("__pycache__"))
    for file in REPOSITORY.glob("Pulumi*.yaml"):
        shutil.copy(file, root)
    (root / ".venv").symlink_to(REPOSITORY / ".venv")
    made = Copy(root)
    for stack in ("shared", "dev"):
        up = made.run("up", "-s", stack, "--yes", "--json")
        assert up.returncode == 0, up.stderr
    yield made
    twin.stop(made.home)


@pytest.fixture
def program(place):
    yield place
    place.restore()


UPGRADES = {
    "a rename with an alias": (RENAMED, ALIAS),
    "a newer provider package": (BUMPED,),
    "a new setting with a default": (NEW_SETTING,),
}


@pytest.mark.parametrize("upgrade", UPGRADES)
def test_it_changes_nothing_by_the_embedded_engine(upgrade, program):
    program.change(*UPGRADES[upgrade])
    done = program.run("preview", "-s", "dev", "--expect-no-changes", "--json")
    assert done.returncode == 0, done.stdout + done.stderr


@pytest.mark.pulumi
@pytest.mark.skipif(needs_pulumi[1].args[0], reason="the official Pulumi CLI is not on PATH")
@pytest.mark.parametrize("upgrade", UPGRADES)
def test_it_changes_nothing_by_the_official_cli(upgrade, program):
    program.change(*UPGRADES[upgrade])
    words = ("twin", "env", "-s", "dev", "--", "pulumi", "preview", "-s", "dev", "--expect-no-changes")
    done = program.twinloop(*words, PYTHONPATH=str(program.root), PATH=os.environ["PATH"])
    assert done.returncode == 0, done.stdout + done.stderr


def test_a_rename_without_its_alias_would_make_the_resource_anew(program):
    program.change(RENAMED)
    done = program.run("preview", "-s", "dev", "--expect-no-changes", "--json")
    assert done.returncode == 6
    counts = json.loads(done.stdout)["result"]["counts"]
    assert counts["create"] == counts["delete"] == 1


def test_after_an_up_the_alias_can_go(program):
    program.change(RENAMED, ALIAS)
    assert program.run("up", "-s", "dev", "--yes", "--json").returncode == 0
    program.restore()
    program.change(RENAMED)
    done = program.run("preview", "-s", "dev", "--expect-no-changes", "--json")
    assert done.returncode == 0, done.stdout + done.stderr
