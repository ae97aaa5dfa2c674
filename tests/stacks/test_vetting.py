import pytest

from checks.catalogue.resource_types import resource_types
from twinloop.problems import NotSupported
from twinloop.stacks import vetting
from twinloop.stacks.target import target


@pytest.fixture
def on(checkout):
    checkout.home.make()
    return target(checkout.home, stack="dev", environment={})


def every_route():
    return [{"method": "PUT", "path": row.path} for row in resource_types().values()]


def test_everything_of_the_catalogue_passes_where_the_twin_has_a_route(on):
    vetting.refuse_not_emulated([*resource_types(), "pulumi:pulumi:Stack", "my:own:Thing"], every_route(), on)


def test_a_type_without_a_row_is_refused_by_name(on):
    with pytest.raises(NotSupported) as refused:
        vetting.refuse_not_emulated(["azure-native:search:Service"], every_route(), on)
    assert refused.value.given == "azure-native:search:Service"


@pytest.mark.parametrize("token", resource_types())
def test_a_type_without_a_route_on_the_twin_is_refused_by_name(on, token):
    routes = [row for row in every_route() if row["path"] != resource_types()[token].path]
    with pytest.raises(NotSupported) as refused:
        vetting.refuse_not_emulated(resource_types(), routes, on)
    assert token in refused.value.given


@pytest.mark.parametrize("token", ["kubernetes:core/v1:Pod", "kubernetes:batch/v1:Job"])
def test_what_would_run_in_a_cluster_is_refused_by_name(on, token):
    with pytest.raises(NotSupported) as refused:
        vetting.refuse_not_emulated([token, "kubernetes:core/v1:Namespace"], every_route(), on)
    assert refused.value.given == token


def test_objects_of_a_cluster_and_kinds_of_definitions_pass(on):
    kept = ["kubernetes:core/v1:Namespace", "kubernetes:amlarc.azureml.com/v1alpha1:InstanceType"]
    vetting.refuse_not_emulated([*kept, "kubernetes:yaml:ConfigFile"], every_route(), on)


def test_names_of_parameters_do_not_matter(on):
    path = resource_types()["azure-native:resources:ResourceGroup"].path.replace(
        "{resourceGroupName}", "{group}"
    )
    vetting.refuse_not_emulated(
        ["azure-native:resources:ResourceGroup"], [{"method": "PUT", "path": path}], on
    )


def test_a_vetted_program_is_known_until_it_or_its_settings_change(on, checkout):
    assert not vetting.is_vetted(on)
    vetting.remember(on)
    assert vetting.is_vetted(on)
    checkout.stack("dev", owner="somebody-else")
    assert not vetting.is_vetted(on)
    vetting.remember(on)
    checkout.program("import pulumi\n")
    assert not vetting.is_vetted(on)


def test_each_stack_is_vetted_for_itself(on, checkout):
    vetting.remember(on)
    checkout.stack("prod")
    assert not vetting.is_vetted(target(checkout.home, stack="prod", environment={}))


def test_a_state_that_somebody_wrote_since_and_a_changed_rule_are_judged_again(on, checkout):
    vetting.remember(on)
    state = checkout.home.state / ".pulumi" / "stacks" / "twinloop-tests" / "dev.json"
    state.parent.mkdir(parents=True, exist_ok=True)
    state.write_text("{}")
    assert not vetting.is_vetted(on)
    vetting.remember(on)
    assert vetting.is_vetted(on)
    (checkout.root / "policies").mkdir()
    (checkout.root / "policies" / "rule.py").write_text("pass")
    assert not vetting.is_vetted(on)
