"""What is in a cluster comes to be on paper too: without a cluster, a token or a way to one."""

from __future__ import annotations

import base64

import pytest
import yaml
from pulumi.runtime.proto import provider_pb2

from twinloop.engine import UnknownProvider
from twinloop.providers.azure_native.invokes import KUBECONFIG
from twinloop.providers.values import from_struct, to_struct
from twinloop.review.paper import Paper

URN = "urn:pulumi:prod::twinloop::kubernetes:core/v1:Namespace::team"
MANIFEST = {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": "team"}}


def created(paper, manifest=MANIFEST):
    request = provider_pb2.CreateRequest(urn=URN, properties=to_struct(manifest))
    return paper.provider("kubernetes", "").Create(request, None)


def test_an_object_has_its_real_id_and_placeholders_that_stay_the_same():
    paper = Paper()
    first, again = created(paper), created(Paper())
    assert first.id == "team"
    uid = from_struct(first.properties).values["metadata"]["uid"]
    assert uid == from_struct(again.properties).values["metadata"]["uid"]
    assert uid in paper.made


def test_an_update_keeps_what_a_cluster_would_keep():
    paper = Paper()
    made = created(paper)
    news = to_struct({**MANIFEST, "metadata": {"name": "team", "labels": {"a": "b"}}})
    request = provider_pb2.UpdateRequest(urn=URN, id=made.id, olds=made.properties, news=news)
    after = from_struct(paper.provider("kubernetes", "").Update(request, None).properties).values
    assert after["metadata"]["labels"] == {"a": "b"}
    assert after["metadata"]["uid"] == from_struct(made.properties).values["metadata"]["uid"]


def test_the_kubeconfig_of_a_cluster_on_paper_leads_nowhere_and_holds_no_credential():
    arguments = to_struct({"resourceGroupName": "rg", "resourceName": "aks"})
    provider = Paper().provider("azure-native", "")
    variables = {"azure-native:config:subscriptionId": "5ab50000-0000-4000-8000-000000000001"}
    provider.Configure(provider_pb2.ConfigureRequest(variables=variables), None)
    answer = provider.Invoke(provider_pb2.InvokeRequest(tok=KUBECONFIG, args=arguments), None)
    told = from_struct(getattr(answer, "return"))
    assert told.secret == {"kubeconfigs"}
    document = yaml.safe_load(base64.b64decode(told.values["kubeconfigs"][0]["value"]))
    assert ".invalid/" in document["clusters"][0]["cluster"]["server"]
    assert list(document["users"][0]["user"]) == ["exec"]


def test_other_packages_are_refused_by_name():
    with pytest.raises(UnknownProvider, match="random"):
        Paper().provider("random", "1.0.0")
