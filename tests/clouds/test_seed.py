import pytest

from tests.stacks.checkouts import REPOSITORY
from twinloop.clouds import personas, seed, stack_file
from twinloop.clouds.seed import Facts
from twinloop.problems import BadUsage

TENANT = "7a1e0000-0000-4000-8000-00000000aaaa"


def facts(stack="dev", subscription="s-1", tenant=TENANT, **more):
    return Facts(stack=stack, subscription=subscription, tenant=tenant, locations=("westeurope",), **more)


def test_the_deployer_owns_each_subscription_and_its_clusters_and_nobody_else_has_anything():
    made = seed.document([facts(), facts("prod", "s-2")])
    engineer = next(one["objectId"] for one in made["personas"] if one["name"] == personas.DEPLOYER)
    assert made["assignments"] == [
        {"principalId": engineer, "role": role, "scope": f"/subscriptions/{name}"}
        for name in ("s-1", "s-2")
        for role in ("Owner", "Azure Kubernetes Service RBAC Cluster Admin")
    ]


def test_a_persona_is_in_its_group_of_every_stack():
    made = seed.document(
        [facts(groups={"data_scientists": "g-dev"}), facts("prod", groups={"data_scientists": "g-prod"})]
    )
    scientist = next(one for one in made["personas"] if one["name"] == personas.SCIENTIST)
    assert scientist["groups"] == ["g-dev", "g-prod"]
    assert {group["name"] for group in made["groups"]} == {"dataScientists"}


def test_persona_ids_are_the_same_on_every_machine():
    scientist = next(one for one in personas.PERSONAS if one.name == personas.SCIENTIST)
    assert scientist.object_id(TENANT) == scientist.object_id(TENANT.upper())
    assert len({one.object_id(TENANT) for one in personas.PERSONAS}) == len(personas.PERSONAS)


def test_two_tenants_are_refused_with_both_names():
    with pytest.raises(BadUsage) as refused:
        seed.document([facts(), facts("prod", tenant="other")])
    assert "other in prod" in refused.value.given


def test_two_quotas_for_the_same_cores_are_refused():
    key = ("s-1", "westeurope", "standardDSv2Family")
    with pytest.raises(BadUsage) as refused:
        seed.document([facts(quotas={key: 8}), facts("prod", quotas={key: 16})])
    assert refused.value.given == "8 in Pulumi.dev.yaml, 16 in Pulumi.prod.yaml"


@pytest.mark.parametrize("stack", stack_file.known(REPOSITORY))
def test_every_stack_of_this_project_contributes(stack):
    found = seed.facts_of(stack_file.read(REPOSITORY, stack))
    assert found.subscription
    assert found.groups.keys() - {"labellers"} == set(seed.PEOPLE), "labellers are where projects are"


def test_the_stacks_of_this_project_make_one_seed():
    made = seed.document(
        [seed.facts_of(stack_file.read(REPOSITORY, s)) for s in stack_file.known(REPOSITORY)]
    )
    assert {
        "tenantId",
        "subscriptions",
        "locations",
        "quotas",
        "groups",
        "personas",
        "assignments",
    } == made.keys()
    assert made["quotas"]


def test_a_broken_file_of_another_stack_is_left_out_and_that_of_ones_own_is_told(checkout):
    (checkout.root / "Pulumi.prod.yaml").write_text("config: [1]\n")
    found = seed.pending(checkout.home, stack="dev")
    assert [problem.where for problem in found.left_out] == ["Pulumi.prod.yaml: config"]
    with pytest.raises(BadUsage):
        seed.pending(checkout.home, stack="prod")


def test_a_settled_seed_is_not_computed_again_until_something_changes(checkout):
    checkout.home.make()
    first = seed.pending(checkout.home)
    seed.write(checkout.home, first)
    seed.settle(checkout.home, first)
    assert seed.pending(checkout.home) is None
    checkout.stack("prod")
    assert seed.pending(checkout.home) is not None


def test_every_region_of_the_registry_is_a_location_of_the_twin(checkout):
    path = checkout.root / "Pulumi.shared.yaml"
    text = (REPOSITORY / "Pulumi.shared.yaml").read_text()
    regions = text[text.index("    regions:") :].split("\n", 1)[0]
    path.write_text(text.replace(regions, "    regions: [westeurope, northeurope]"))
    found = seed.facts_of(stack_file.read(checkout.root, "shared"))
    assert found.locations == ("westeurope", "northeurope")
    assert "northeurope" in seed.document([found])["locations"]


def test_a_quota_that_stays_encrypted_contradicts_no_other_stack(checkout):
    text = (REPOSITORY / "Pulumi.dev.yaml").read_text()
    start = text.index("  twinloop:quotas:")
    limit = text.index("limit:", start)
    end = text.index("\n", limit)
    line = text[limit:end]
    number = line.split(":")[1].split("}")[0].split(",")[0].strip()
    sealed = line.replace(f"limit: {number}", 'limit: {secure: "v1:none:none"}')
    (checkout.root / "Pulumi.dev.yaml").write_text(text[:limit] + sealed + text[end:])
    assert seed.facts_of(stack_file.read(checkout.root, "dev")).quotas == {}
