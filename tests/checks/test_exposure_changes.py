"""What a change opens and what it closes, evaluated over switches, rules and properties together."""

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from checks.catalogue.exposures import doors, openings, presences
from checks.catalogue.resource_types import resource_types
from checks.exposure import exposure_changes, findings
from tests.checks.planned import CURATED, GROUP, STORE, VAULT, WORKSPACE, account, resource

OFFICE = "203.0.113.0/24"
CLOSED = {
    "publicNetworkAccess": "Disabled",
    "networkRuleSet": {"defaultAction": "Deny", "ipRules": []},
    "allowBlobPublicAccess": False,
    "allowSharedKeyAccess": False,
    "minimumTlsVersion": "TLS1_2",
}


def store(**changed):
    return account(**{**CLOSED, **changed})


def open_to(*networks, action="Deny"):
    rules = [{"iPAddressOrRange": network} for network in networks]
    return {
        "publicNetworkAccess": "Enabled",
        "networkRuleSet": {"defaultAction": action, "ipRules": rules},
    }


def told(before, after):
    return [
        ("+" if one.opened else "-", one.what, one.by)
        for one in exposure_changes([before] if before else [], [after] if after else [])
    ]


def test_a_store_that_answers_everybody_is_opened_with_its_property():
    assert told(store(), store(**open_to(action="Allow"))) == [
        ("+", "answers the public internet", "publicNetworkAccess: Enabled")
    ]


def test_a_store_that_answers_a_network_is_opened_to_that_network():
    assert told(store(), store(**open_to(OFFICE))) == [
        ("+", f"answers {OFFICE}", f"networkRuleSet.ipRules: {OFFICE}")
    ]


def test_a_switch_without_any_network_behind_it_opens_nothing():
    assert told(store(), store(**open_to())) == []


def test_rules_behind_a_closed_switch_open_nothing():
    rules = {"defaultAction": "Allow", "ipRules": [{"iPAddressOrRange": OFFICE}]}
    assert told(store(), store(networkRuleSet=rules)) == []


def test_a_network_inside_one_that_is_let_in_opens_nothing():
    assert told(store(**open_to(OFFICE)), store(**open_to(OFFICE, "203.0.113.8/30"))) == []


def test_a_smaller_network_closes_the_larger():
    assert told(store(**open_to(OFFICE)), store(**open_to("203.0.113.0/25"))) == [
        ("-", f"answers {OFFICE}", f"networkRuleSet.ipRules no longer has {OFFICE}")
    ]


def test_a_network_for_all_addresses_is_the_public_internet():
    assert [what for _, what, _ in told(store(), store(**open_to("0.0.0.0/0")))] == [
        "answers the public internet"
    ]


def test_a_property_that_is_left_out_has_azure_s_default():
    with_out = {key: value for key, value in CLOSED.items() if key != "allowSharedKeyAccess"}
    assert told(store(), account(**with_out)) == [
        ("+", "shared keys", "allowSharedKeyAccess: left out, which is true")
    ]


def test_an_older_tls_version_is_opened_once():
    assert [what for _, what, _ in told(store(), store(minimumTlsVersion="TLS1_1"))] == ["TLS below 1.2"]
    assert told(store(minimumTlsVersion="TLS1_1"), store(minimumTlsVersion="TLS1_0")) == []


def test_closing_is_told_with_the_value_that_closes():
    assert told(store(allowSharedKeyAccess=True), store()) == [
        ("-", "shared keys", "allowSharedKeyAccess: false")
    ]


def test_what_is_open_on_a_resource_that_goes_is_closed():
    assert told(store(allowSharedKeyAccess=True), None) == [("-", "shared keys", "the resource goes")]


def test_a_store_that_only_gets_another_name_opens_nothing():
    assert (
        exposure_changes([account("stone", **open_to(OFFICE))], [account("sttwo", **open_to(OFFICE))]) == ()
    )


def test_a_resource_that_is_only_taken_opens_nothing():
    assert told(None, replace(account(), taken=True)) == []


def vault(**properties):
    return resource(
        "keyvault:Vault", "vault", VAULT, properties={"enableRbacAuthorization": True, **properties}
    )


def workspace(mode, **more):
    return resource(
        "machinelearningservices:Workspace",
        "ml",
        WORKSPACE,
        publicNetworkAccess="Disabled",
        systemDatastoresAuthMode="Identity",
        managedNetwork={"isolationMode": mode},
        **more,
    )


def compute(**properties):
    closed = {"enableNodePublicIp": False, "remoteLoginPortPublicAccess": "Disabled"}
    return resource(
        "machinelearningservices:Compute",
        "cpu",
        f"{WORKSPACE}/computes/cpu",
        properties={
            "computeType": "AmlCompute",
            "disableLocalAuth": True,
            "properties": {**closed, **properties},
        },
    )


def images(**changed):
    return resource(
        "containerregistry:Registry",
        "images",
        f"{GROUP}/providers/Microsoft.ContainerRegistry/registries/cr",
        **{"publicNetworkAccess": "Disabled", **changed},
    )


def group_of(*rules):
    return resource(
        "network:NetworkSecurityGroup",
        "rules",
        f"{GROUP}/providers/Microsoft.Network/networkSecurityGroups/nsg",
        securityRules=list(rules),
    )


def rule(name, number, access, *, ports="22", source="Internet", direction="Inbound"):
    return {
        "name": name,
        "priority": number,
        "access": access,
        "direction": direction,
        "protocol": "*" if access == "Deny" else "Tcp",
        "sourceAddressPrefix": source,
        "destinationAddressPrefix": "*",
        "destinationPortRange": ports,
    }


CONTAINER = {"publicAccess": "None"}
OPENED = [
    (
        vault(publicNetworkAccess="Disabled"),
        vault(publicNetworkAccess="Enabled"),
        "answers the public internet",
    ),
    (vault(publicNetworkAccess="Disabled"), vault(), "answers the public internet"),
    (
        vault(publicNetworkAccess="Disabled"),
        vault(publicNetworkAccess="Disabled", enableRbacAuthorization=False),
        "access policies of its own, beside roles",
    ),
    (images(), images(adminUserEnabled=True), "an administrator's password"),
    (images(), images(anonymousPullEnabled=True), "anonymous pulls of images"),
    (
        workspace("AllowOnlyApprovedOutbound"),
        workspace("AllowInternetOutbound"),
        "jobs that reach the whole internet",
    ),
    (workspace("AllowInternetOutbound"), workspace("Disabled"), "computes outside of any managed network"),
    (compute(), compute(enableNodePublicIp=True), "nodes with public addresses"),
    (compute(), compute(remoteLoginPortPublicAccess="Enabled"), "a public SSH port on its nodes"),
    (
        resource("storage:BlobContainer", "c", CURATED, publicAccess="None"),
        resource("storage:BlobContainer", "c", CURATED, publicAccess="Blob"),
        "anonymous reads of its blobs",
    ),
    (group_of(), group_of(rule("ssh", 100, "Allow")), "port 22 from the internet"),
    (
        group_of(rule("deny", 200, "Deny", ports="*")),
        group_of(rule("ssh", 100, "Allow"), rule("deny", 200, "Deny", ports="*")),
        "port 22 from the internet",
    ),
]


@pytest.mark.parametrize(("before", "after", "what"), OPENED, ids=[what for _, _, what in OPENED])
def test_each_kind_of_door_is_seen_opening_and_closing(before, after, what):
    assert [(sign, said) for sign, said, _ in told(before, after)] == [("+", what)]
    assert [(sign, said) for sign, said, _ in told(after, before)] == [("-", what)]


def test_an_allowing_rule_behind_a_denying_one_opens_nothing():
    denied = rule("deny", 50, "Deny", ports="*")
    assert told(group_of(denied), group_of(denied, rule("ssh", 100, "Allow"))) == []


def test_a_rule_for_the_network_s_own_machines_opens_nothing():
    assert told(group_of(), group_of(rule("https", 100, "Allow", source="10.20.0.0/20"))) == []


def test_a_lock_that_goes_is_told():
    lock = resource("authorization:ManagementLockByScope", "locks-lake", scope=STORE, level="CanNotDelete")
    assert [(sign, what) for sign, what, _ in told(lock, None)] == [
        ("+", "deletion of storage account stlake")
    ]
    assert [(sign, what) for sign, what, _ in told(None, lock)] == [
        ("-", "deletion of storage account stlake")
    ]


def test_a_destination_for_jobs_is_told():
    out = resource(
        "machinelearningservices:ManagedNetworkSettingsRule",
        "out-packages",
        f"{WORKSPACE}/outboundRules/packages",
        properties={"type": "FQDN", "destination": "packages.example.com"},
    )
    assert [(sign, what) for sign, what, _ in told(None, out)] == [
        ("+", "jobs that reach packages.example.com")
    ]


def test_our_own_stores_are_no_destination_outside():
    out = resource(
        "machinelearningservices:ManagedNetworkSettingsRule",
        "out-lake",
        properties={"type": "PrivateEndpoint", "destination": {"serviceResourceId": STORE}},
    )
    assert told(None, out) == []


def test_anonymous_access_is_refused_and_the_rest_is_a_warning():
    found = findings(
        exposure_changes([store()], [store(allowBlobPublicAccess=True, allowSharedKeyAccess=True)])
    )
    assert [(one.severity, one.rule) for one in found] == [
        ("refuse", "exposure-anonymous"),
        ("warn", "exposure-opened"),
    ]
    assert all(one.why and one.fix and one.source for one in found)
    assert found[1].what == "stlake opens: shared keys (allowSharedKeyAccess: true)"


def test_what_closes_is_no_finding():
    assert findings(exposure_changes([store(allowSharedKeyAccess=True)], [store()])) == ()


networks = st.sampled_from(
    [OFFICE, "203.0.113.0/25", "198.51.100.0/24", "198.51.100.7", "0.0.0.0/0", "192.0.2.0/28"]
)
stores = st.builds(
    lambda public, action, let_in, keys, tls: store(
        publicNetworkAccess=public,
        networkRuleSet={"defaultAction": action, "ipRules": [{"iPAddressOrRange": one} for one in let_in]},
        allowSharedKeyAccess=keys,
        minimumTlsVersion=tls,
    ),
    st.sampled_from(["Enabled", "Disabled"]),
    st.sampled_from(["Allow", "Deny"]),
    st.lists(networks, max_size=3, unique=True),
    st.booleans(),
    st.sampled_from(["TLS1_0", "TLS1_1", "TLS1_2"]),
)


@given(stores, stores)
def test_what_opens_one_way_closes_the_other(one, other):
    there, back = exposure_changes([one], [other]), exposure_changes([other], [one])
    assert {(change.what, change.opened) for change in there} == {
        (change.what, not change.opened) for change in back
    }
    assert exposure_changes([one], [one]) == ()


@given(stores, networks)
def test_one_network_more_closes_nothing(one, network):
    rules = one.inputs["networkRuleSet"]
    more = {**rules, "ipRules": [*rules["ipRules"], {"iPAddressOrRange": network}]}
    after = replace(one, inputs={**one.inputs, "networkRuleSet": more})
    assert all(change.opened for change in exposure_changes([one], [after]))


def test_every_row_of_ours_is_of_a_type_that_there_is():
    later = {
        "azure-native:containerservice:ManagedCluster",
        "azure-native:machinelearningservices:OnlineDeployment",  # the outer loop makes them
        "azure-native:network:NatGateway",
        "azure-native:network:PublicIPAddress",
    }
    assert {*doors(), *openings(), *presences()} - resource_types().keys() <= later


def test_every_row_has_its_source_and_its_way_out():
    rows = [row for several in openings().values() for row in several] + list(presences().values())
    assert all(row.source and row.fix and row.why for row in rows)
    assert all(row.source for row in doors().values())
