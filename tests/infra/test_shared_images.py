"""One registry of images for all environments: made once, taken by a computed id, reached by one endpoint."""

from __future__ import annotations

import pytest
import yaml

from checks.permissions import guid_of, parse_condition
from infra.program import build
from infra.rules.together import across_stacks
from infra.shared_images import has_endpoint
from infra.stackfile.files import read
from tests.infra.conftest import ROOT, declare, settings_of
from tests.infra.test_governance import known_to_azure
from tests.infra.test_settings_refusals import refusals

IMAGES = {
    "sku": "Premium",
    "zoneRedundant": True,
    "publicAccess": "Enabled",
    "allowedNetworks": ["203.0.113.0/24"],
}
TAKEN = {"existing": "shared", "grants": "machines"}


def of(stack, **more):
    """Settings of a stack with other values."""
    whole = yaml.safe_load((ROOT / f"Pulumi.{stack}.yaml").read_text())["config"]
    return read(whole | {f"twinloop:{key}": more[key] for key in more}, source="s", stack=stack)


@pytest.fixture(scope="module")
def shared():
    return declare(lambda: build(of("shared", images=IMAGES)))


@pytest.fixture(scope="module")
def dev():
    return declare(lambda: build(of("dev", images=TAKEN)))


def on_images(engine):
    scope = settings_of("shared").names.images_id
    return {r.name: r.inputs for r in engine.of(":RoleAssignment") if r.inputs["scope"] == scope}


def test_it_is_made_once_known_to_azure_refuses_strangers_and_is_kept(shared):
    known_to_azure(shared)
    registry = shared.one("containerregistry:Registry", "images-registry")
    assert registry["networkRuleSet"]["defaultAction"] == "Deny"
    assert settings_of("shared").names.images_id.endswith(registry["registryName"])
    assert shared.request("images-registry").protect


def test_an_environment_reads_it_and_gives_its_machines_and_nobody_else_rights_on_it(dev):
    assert not [one for one in dev.of("containerregistry:Registry") if one.name == "images-registry"]
    names = set(on_images(dev))
    assert {"training-acr-pull-images", "build-acr-push-images"} <= names
    assert not {name for name in names if name.startswith(("ci-", "ml-engineers"))}


def test_ci_may_give_every_right_on_it_that_an_environment_s_own_run_gives(shared, dev):
    limited = on_images(shared)["ci-deploy-dev-rbac-administrator-images"]["condition"]
    given = {guid_of(row["roleDefinitionId"]) for row in on_images(dev).values()}
    assert given <= parse_condition(limited).roles_of.popitem()[1]


def test_previews_of_pull_requests_can_read_it(shared):
    assert "ci-preview-reader-images" in on_images(shared)


def test_it_has_one_private_endpoint_in_the_hub(shared):
    assert shared.one(":PrivateEndpoint", "private-images")["subnet"]["id"].endswith("private-links-id")


def test_a_tier_without_private_endpoints_has_none():
    assert has_endpoint(of("shared", images=IMAGES))
    assert not has_endpoint(of("shared", images=IMAGES | {"sku": "Standard", "zoneRedundant": False}))


def test_where_all_say_the_same_nothing_is_refused():
    stacks = {name: of(name, images=TAKEN) for name in ("dev", "staging", "prod")}
    assert across_stacks(stacks | {"shared": of("shared", images=IMAGES)}) == []


@pytest.mark.parametrize(
    ("stack", "images", "shared_images", "said"),
    [
        ("dev", TAKEN, None, "Pulumi.shared.yaml makes none"),
        ("prod", TAKEN, IMAGES | {"sku": "Standard", "zoneRedundant": False}, "Premium over there"),
        ("prod", TAKEN | {"endpoint": True}, IMAGES, "the last one would win for everybody"),
    ],
)
def test_what_an_environment_says_of_it_is_so(stack, images, shared_images, said):
    more = {"images": shared_images} if shared_images else {}
    (problem,) = across_stacks({stack: of(stack, images=images), "shared": of("shared", **more)})
    assert said in str(problem)


def test_a_private_way_to_images_asks_for_the_tier_that_has_one(config):
    document = config("dev")
    rule = {"type": "privateEndpoint", "name": "images", "target": "images", "subresource": "registry"}
    rules = document["twinloop:managedNetwork"]["outboundRules"]
    rules.append(rule | {"reason": "nodes pull over it"})
    (problem,) = refusals(document, "dev")
    assert problem.key == f"twinloop:managedNetwork.outboundRules[{len(rules) - 1}].target"
    assert "twinloop:images.sku' Premium" in problem.next_step
