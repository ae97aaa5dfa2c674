"""How strictly a stack is judged is a setting, and none that weakens production."""

import pytest

from infra.stackfile.files import read
from infra.stackfile.refusals import SettingsError


def settings(config, stack, enforcement):
    given = config(stack) | {"twinloop:gate": {"enforcement": enforcement}}
    return read(given, source=f"Pulumi.{stack}.yaml", stack=stack)


@pytest.mark.parametrize("stack", ["shared", "prod"])
def test_what_is_kept_or_served_is_never_only_advised(config, stack):
    with pytest.raises(SettingsError) as refusal:
        settings(config, stack, "advisory")
    assert "twinloop:gate.enforcement" in str(refusal.value)
    assert "production is always held to its policies" in str(refusal.value)
    assert f"pulumi config rm twinloop:gate --stack {stack}" in str(refusal.value)


@pytest.mark.parametrize("stack", ["dev", "staging"])
def test_elsewhere_it_is_a_choice(config, stack):
    assert settings(config, stack, "advisory").gate.enforcement == "advisory"


@pytest.mark.parametrize("stack", ["shared", "dev", "staging", "prod"])
def test_any_stack_may_be_held_to_all_of_it(config, stack):
    assert settings(config, stack, "mandatory").gate.enforcement == "mandatory"


def test_another_word_is_refused_with_those_that_are_none(config):
    with pytest.raises(SettingsError, match="advisory"):
        settings(config, "dev", "off")
