"""Settings are read alike from a stack file and from a running program, text or not."""

import json
import subprocess
import sys

import pytest

from infra.rules.together import across_stacks, worst_case_cores
from infra.settings import EnvironmentSettings, SharedSettings
from infra.stackfile.files import load, read
from infra.stackfile.lines import line_of
from infra.stackfile.refusals import SettingsError
from tests.infra.conftest import ROOT, STACKS, settings_of


def as_pulumi_gives_them(config):
    """Every value as text, structures as JSON: so a running program gets them."""
    return {key: value if isinstance(value, str) else json.dumps(value) for key, value in config.items()}


@pytest.mark.parametrize("stack", STACKS)
def test_each_stack_file_is_usable(stack):
    assert settings_of(stack).environment == stack


def test_the_kind_decides_what_settings_are_read_and_not_the_name_of_the_file(tmp_path):
    for stack, kind in (("shared", SharedSettings), ("dev", EnvironmentSettings)):
        copy = tmp_path / "Pulumi.acme-eu.yaml"
        copy.write_text((ROOT / f"Pulumi.{stack}.yaml").read_text())
        assert type(load(copy)) is kind


@pytest.mark.parametrize("stack", STACKS)
def test_text_is_as_good_as_numbers_booleans_and_structures(stack, config):
    assert read(as_pulumi_gives_them(config(stack)), source="s", stack=stack) == settings_of(stack)


def test_numbers_and_booleans_inside_structures_may_be_text(config):
    changed = config()
    changed["twinloop:clusters"][0]["maxNodes"] = "4"
    changed["twinloop:clusters"][1]["gpu"] = "true"
    changed["twinloop:logs"]["dailyCapGb"] = "1"
    assert read(changed, source="s", stack="dev") == settings_of("dev")


PROGRAM = """
import json, sys
from pathlib import Path
import pulumi
from infra.stackfile.files import from_pulumi, load

pulumi.runtime.set_mocks(pulumi.runtime.Mocks, project="twinloop", stack="dev")
pulumi.runtime.set_all_config(json.load(sys.stdin))
settings, secrets = from_pulumi()
print(settings == load(Path("Pulumi.dev.yaml")), sorted(secrets.hidden))
"""


def test_a_running_program_reads_the_same_settings(config):
    # in a process of its own: the SDK keeps what it was told for all programs after it
    done = subprocess.run(
        [sys.executable, "-c", PROGRAM], input=json.dumps(as_pulumi_gives_them(config())),
        cwd=ROOT, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert (done.stdout.strip(), done.stderr) == ("True []", "")


def test_keys_of_other_namespaces_are_none_of_our_business(config):
    more = config() | {"kubernetes:context": "x", "azure-native:useOidc": "true"}
    assert read(more, source="s", stack="dev") == settings_of("dev")


def test_a_file_that_is_not_there_is_named(tmp_path):
    with pytest.raises(SettingsError, match=r"Pulumi.nowhere.yaml.*\n.*cannot be read"):
        load(tmp_path / "Pulumi.nowhere.yaml")


@pytest.mark.parametrize(
    ("text", "said"), [("config: [", "is not YAML"), ("runtime: x", "has no mapping 'config'")]
)
def test_a_file_that_is_not_a_stack_file_is_refused(tmp_path, text, said):
    path = tmp_path / "Pulumi.dev.yaml"
    path.write_text(text)
    with pytest.raises(SettingsError, match=said):
        load(path)


def test_settings_do_not_change_once_read():
    with pytest.raises(ValueError, match="frozen"):
        settings_of("dev").owner = "somebody@example.com"


def test_low_priority_nodes_count_against_their_own_quota():
    assert worst_case_cores(settings_of("dev").clusters) == {
        "TotalLowPriorityCores": 20,
        "standardDSv2Family": 8,
    }


def test_the_four_stacks_share_no_address_and_fit_into_their_quotas_together():
    assert across_stacks({stack: settings_of(stack) for stack in STACKS}) == []


def test_two_stacks_with_overlapping_addresses_are_both_named(config):
    staging = config("staging")
    staging["twinloop:network"]["addressSpace"] = "10.20.0.0/20"
    both = {"dev": settings_of("dev"), "staging": read(staging, source="s", stack="staging")}
    (problem,) = across_stacks(both)
    assert "10.20.0.0/20 in Pulumi.dev.yaml overlaps 10.20.0.0/20 in Pulumi.staging.yaml" in problem.given
    assert "10.21.0.0/20 --stack staging (or --stack dev)" in problem.next_step


def test_two_stacks_of_one_subscription_that_each_fit_may_not_fit_together(config):
    staging = config("staging")
    staging["twinloop:clusters"][0]["maxNodes"] = 9
    both = {"dev": settings_of("dev"), "staging": read(staging, source="s", stack="staging")}
    (problem,) = across_stacks(both)
    assert problem.given == (
        "the clusters in Pulumi.dev.yaml and Pulumi.staging.yaml may use 60 cores of totallowprioritycores "
        "in westeurope together"
    )
    assert problem.allowed.startswith("40 cores")


def test_reading_needs_no_pulumi():
    code = (
        "import sys, pathlib; from infra.stackfile.files import load; load(pathlib.Path('Pulumi.dev.yaml')); "
        "assert not [m for m in sys.modules if m.split('.')[0] in ('pulumi', 'pulumi_azure_native', 'grpc')]"
    )
    subprocess.run([sys.executable, "-c", code], cwd=ROOT, check=True)


@pytest.mark.parametrize(
    ("key", "text"),
    [
        ("twinloop:clusters[1].vmSize", "vmSize: Standard_NC4as_T4_v3"),
        ("twinloop:owner", "twinloop:owner: ml-platform@example.com"),
        ("azure-native:location", "azure-native:location: westeurope"),
        ("twinloop:lake.zones.curated", "curated: {"),
        ("twinloop:vault.missing", "twinloop:vault:"),
    ],
)
def test_a_key_of_a_stack_file_is_found_on_its_line(key, text):
    path = ROOT / "Pulumi.dev.yaml"
    assert text in path.read_text().splitlines()[line_of(path, key) - 1]


def test_a_refusal_says_on_which_line_the_key_stands(tmp_path):
    path = tmp_path / "Pulumi.dev.yaml"
    text = (ROOT / "Pulumi.dev.yaml").read_text().replace("maxNodes: 4", "maxNodes: none")
    path.write_text(text)
    line = 1 + next(i for i, words in enumerate(text.splitlines()) if "maxNodes: none" in words)
    with pytest.raises(SettingsError, match=rf"twinloop:clusters\[0\].maxNodes \(line {line}\): 'none'"):
        load(path)
