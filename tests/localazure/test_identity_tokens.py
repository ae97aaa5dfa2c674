"""Who is calling: metadata, token endpoints, and tokens that are refused."""

from __future__ import annotations

import base64
import json
import time

import httpx
import jwt
import pytest
from cryptography.hazmat.primitives.asymmetric import rsa

METADATA = "/metadata/endpoints"


def _get(twin, path, token):
    return twin.client.get(path, headers={"Authorization": f"Bearer {token}"})


def _subscriptions(twin, token):
    return _get(twin, "/subscriptions?api-version=2022-12-01", token)


def test_metadata_is_one_object_for_2022_and_a_list_for_2019_on_both_ports(twin_server):
    for base in (twin_server.base, twin_server.http_base):
        one = twin_server.client.get(f"{base}{METADATA}?api-version=2022-09-01").json()
        many = twin_server.client.get(f"{base}{METADATA}?api-version=2019-05-01").json()
        assert one["name"] == many[0]["name"] == "LocalCloud"
        assert one["resourceManager"] == many[0]["resourceManager"] == f"{twin_server.base}/"
        assert one["twinloop"] == {
            "twin": True,
            "home": str(twin_server.home),
            "host": twin_server.base.removeprefix("https://"),
        }


def test_metadata_names_no_public_endpoint_to_send_a_token_to(twin_server):
    doc = twin_server.client.get(f"{METADATA}?api-version=2022-09-01").json()
    for key in (
        "portal",
        "resourceManager",
        "graph",
        "batch",
        "gallery",
        "media",
        "microsoftGraphResourceId",
    ):
        assert "localhost" in doc[key], key
    assert "localhost" in doc["authentication"]["loginEndpoint"]


def test_a_managed_identity_gets_a_token_in_all_three_forms(twin_server):
    secret = twin_server.secret("data-scientist")
    base = twin_server.http_base
    forms = [
        (f"{base}/msi/token?api-version=2019-08-01&resource=https://x", {"X-IDENTITY-HEADER": secret}),
        (f"{base}/msi/token?api-version=2017-09-01&resource=https://x", {"secret": secret}),
        (
            f"{base}/metadata/identity/oauth2/token?api-version=2018-02-01&resource=https://x",
            {"X-IDENTITY-HEADER": secret, "Metadata": "true"},
        ),
    ]
    for url, headers in forms:
        reply = httpx.get(url, headers=headers, trust_env=False).json()
        claims = jwt.decode(reply["access_token"], options={"verify_signature": False})
        assert claims["oid"] == twin_server.object_id("data-scientist")
        assert claims["groups"] == [twin_server.groups["dataScientists"]]
        assert claims["aud"] == reply["resource"] == "https://x"
        assert reply["expires_on"] == str(claims["exp"])


def test_a_wrong_secret_gets_no_token(twin_server):
    url = f"{twin_server.http_base}/msi/token?api-version=2019-08-01&resource=https://x"
    for headers in ({}, {"X-IDENTITY-HEADER": "guess"}):
        assert httpx.get(url, headers=headers, trust_env=False).status_code == 401


def test_default_azure_credential_is_the_persona_of_the_environment(twin_server, monkeypatch):
    from azure.identity import DefaultAzureCredential

    for key, value in twin_server.env("auditor").items():
        monkeypatch.setenv(key, value)
    token = DefaultAzureCredential().get_token(f"{twin_server.base}/.default").token
    claims = jwt.decode(token, options={"verify_signature": False})
    assert (claims["name"], claims["aud"]) == ("auditor", twin_server.base)
    assert _subscriptions(twin_server, token).status_code == 200


@pytest.mark.parametrize("tenant", ["adfs", None])
def test_a_service_principal_signs_in_with_its_secret(twin_server, monkeypatch, tenant):
    from azure.identity import ClientSecretCredential

    monkeypatch.setenv("REQUESTS_CA_BUNDLE", str(twin_server.ca_bundle))
    credential = ClientSecretCredential(
        tenant or twin_server.tenant,
        twin_server.object_id("infra-engineer"),
        twin_server.secret("infra-engineer"),
        authority=twin_server.base,
        disable_instance_discovery=True,
    )
    claims = jwt.decode(
        credential.get_token("https://ml.azure.com/.default").token, options={"verify_signature": False}
    )
    assert (claims["oid"], claims["aud"]) == (twin_server.object_id("infra-engineer"), "https://ml.azure.com")


def test_a_service_principal_with_anothers_secret_is_refused(twin_server):
    form = {
        "grant_type": "client_credentials",
        "client_id": twin_server.object_id("infra-engineer"),
        "client_secret": twin_server.secret("data-scientist"),
        "scope": "https://x/.default",
    }
    reply = twin_server.client.post(f"/{twin_server.tenant}/oauth2/v2.0/token", data=form)
    assert reply.status_code == 401
    assert reply.json()["error"] == "invalid_client"


def test_another_tenant_is_not_served(twin_server):
    other = "11111111-1111-4111-8111-111111111111"
    reply = twin_server.client.get(f"/{other}/v2.0/.well-known/openid-configuration")
    assert reply.status_code == 400
    assert twin_server.tenant in reply.json()["error"]["message"]


def test_the_issuer_has_the_host_that_was_asked_and_double_slashes_do_no_harm(twin_server):
    url = f"{twin_server.base}//{twin_server.tenant}/v2.0/.well-known/openid-configuration"
    doc = twin_server.client.get(url).json()
    assert doc["issuer"] == f"{twin_server.base}/{twin_server.tenant}/v2.0"
    assert doc["token_endpoint"].startswith(f"{twin_server.base}/{twin_server.tenant}/")


def test_the_published_key_verifies_the_tokens(twin_server):
    keys = twin_server.client.get(f"/{twin_server.tenant}/discovery/v2.0/keys").json()["keys"]
    token = twin_server.token("auditor")
    key = next(jwt.PyJWK(key) for key in keys if key["kid"] == jwt.get_unverified_header(token)["kid"])
    assert jwt.decode(token, key, algorithms=["RS256"], options={"verify_aud": False})["name"] == "auditor"


def _claims(twin):
    return jwt.decode(twin.token(), options={"verify_signature": False})


def _unsigned(twin):
    return jwt.encode(_claims(twin), None, algorithm="none")


def _by_another_key(twin):
    return jwt.encode(_claims(twin), rsa.generate_private_key(65537, 2048), algorithm="RS256")


def _by_the_public_key_as_a_shared_one(twin):
    return jwt.encode(_claims(twin), "n" * 32, algorithm="HS256")


def _with_other_claims(twin):
    head, body, signature = twin.token("nobody").split(".")
    claims = json.loads(base64.urlsafe_b64decode(body + "==")) | {"oid": twin.object_id("infra-engineer")}
    forged = base64.urlsafe_b64encode(json.dumps(claims).encode()).rstrip(b"=").decode()
    return f"{head}.{forged}.{signature}"


def _rubbish(_twin):
    return "rubbish"


@pytest.mark.parametrize(
    "forge", [_unsigned, _by_another_key, _by_the_public_key_as_a_shared_one, _with_other_claims, _rubbish]
)
def test_a_forged_token_is_refused_with_a_challenge(twin_server, forge):
    reply = _subscriptions(twin_server, forge(twin_server))
    assert reply.status_code == 401
    assert reply.json()["error"]["code"] == "InvalidAuthenticationToken"
    assert reply.headers["www-authenticate"].startswith("Bearer authorization_uri=")


def test_a_call_without_a_token_is_refused_with_a_challenge(twin_server):
    reply = twin_server.client.get("/subscriptions?api-version=2022-12-01")
    assert reply.status_code == 401
    assert "www-authenticate" in reply.headers


def test_a_token_ends_when_the_twins_clock_says_so(make_twin):
    twin = make_twin("--manual-clock")
    token = twin.token()
    assert _subscriptions(twin, token).status_code == 200
    twin.advance(3599 - (time.time() - _claims(twin)["iat"]))
    assert _subscriptions(twin, token).status_code == 200
    twin.advance(2)
    refused = _subscriptions(twin, token)
    assert refused.status_code == 401
    assert "expired" in refused.json()["error"]["message"]


def test_tls_is_trusted_by_the_twins_ca_alone(twin_server):
    with pytest.raises(httpx.ConnectError):
        httpx.get(f"{twin_server.base}{METADATA}?api-version=2022-09-01", trust_env=False)
    assert (
        twin_server.client.get(f"https://127.0.0.1:{twin_server.info['httpsPort']}/_twin/status").status_code
        == 200
    )
