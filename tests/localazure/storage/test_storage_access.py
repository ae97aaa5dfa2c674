"""Who may do what in blob storage: roles at their scopes, signatures to the letter, nothing else."""

from __future__ import annotations

import uuid
from datetime import UTC, datetime, timedelta

import httpx
import pytest
from azure.core.exceptions import ClientAuthenticationError, HttpResponseError, ResourceNotFoundError
from azure.storage.blob import (
    BlobClient,
    ContainerClient,
    ContainerSasPermissions,
    generate_blob_sas,
    generate_container_sas,
)

STORAGE = "https://storage.azure.com"
READER = "2a2b9908-6ea1-4ae2-8e65-a410df84e7d1"
OWNER = "8e3af657-a8ff-443c-a75c-2fe8c4bcb635"


def refused(call, *args, **kwargs):
    with pytest.raises(HttpResponseError) as caught:
        call(*args, **kwargs)
    return caught.value


def test_a_reader_reads_and_may_not_write(account, blob_name):
    account.container("data").upload_blob(blob_name, b"x")
    assert account.container("data", "auditor").download_blob(blob_name).readall() == b"x"
    error = refused(account.container("data", "auditor").upload_blob, f"{blob_name}-2", b"y")
    assert (error.status_code, error.error_code) == (403, "AuthorizationPermissionMismatch")
    assert "Storage Blob Data Contributor" in error.message


def test_a_contributor_writes_and_deletes(account, blob_name):
    container = account.container("data", "data-scientist")
    container.upload_blob(blob_name, b"x")
    container.delete_blob(blob_name)


def test_a_reader_may_not_delete(account, blob_name):
    account.container("data").upload_blob(blob_name, b"x")
    assert refused(account.container("data", "auditor").delete_blob, blob_name).status_code == 403


def test_owning_the_subscription_gives_no_data(account, blob_name):
    account.container("data").upload_blob(blob_name, b"x")
    error = refused(account.container("data", "infra-engineer").download_blob, blob_name)
    assert error.error_code == "AuthorizationPermissionMismatch"


def test_a_role_on_one_container_opens_no_other(account, blob_name, twin_server):
    account.container("data").upload_blob(blob_name, b"in data")
    account.container("other").upload_blob(blob_name, b"in other")
    assert twin_server.grant("visitor", READER, account.container_id("data")).status_code == 201
    assert account.container("data", "visitor").download_blob(blob_name).readall() == b"in data"
    assert refused(account.container("other", "visitor").download_blob, blob_name).status_code == 403


def test_a_token_for_another_service_is_refused(account, twin_server):
    arm_token = twin_server.token("data-scientist")
    reply = twin_server.client.get(
        f"{account.url()}/data/x", headers={"Authorization": f"Bearer {arm_token}"}
    )
    assert (reply.status_code, reply.headers["x-ms-error-code"]) == (401, "InvalidAuthenticationInfo")


def test_a_forged_token_is_refused(account, twin_server):
    token = twin_server.token("data-scientist", STORAGE)[:-8] + "AAAAAAAA"
    reply = twin_server.client.get(f"{account.url()}/data/x", headers={"Authorization": f"Bearer {token}"})
    assert reply.status_code == 401


def test_no_credential_is_refused_with_a_challenge(account, twin_server):
    reply = twin_server.client.get(f"{account.url()}/data/x")
    assert (reply.status_code, reply.headers["x-ms-error-code"]) == (401, "NoAuthenticationInformation")
    assert "resource_id=https://storage.azure.com" in reply.headers["www-authenticate"]


def test_a_bearer_token_is_not_taken_without_tls(account, twin_server):
    headers = {"Authorization": f"Bearer {twin_server.token('data-scientist', STORAGE)}"}
    reply = httpx.get(f"{account.url(secure=False)}/data/x", headers=headers, trust_env=False)
    assert (reply.status_code, reply.headers["x-ms-error-code"]) == (403, "AuthenticationFailed")


def test_an_account_key_is_refused_where_shared_keys_are_off(account):
    key = "a2V5" * 22 + "a2V5"
    named = {"account_name": account.name, "account_key": key}
    client = ContainerClient(account.url(), "data", credential=named, retry_total=0,
                             connection_verify=str(account.twin.ca_bundle))  # fmt: skip
    error = refused(client.upload_blob, "x", b"x")
    assert error.error_code == "KeyBasedAuthenticationNotPermitted"


# ------------------------------------------------------------------ signatures


def delegation_key(account, persona, minutes=60):
    now = datetime.now(UTC)
    return account.blob_service(persona).get_user_delegation_key(
        now - timedelta(minutes=1), now + timedelta(minutes=minutes)
    )


def signed_container(
    account, permissions, *, persona="data-scientist", container="data", used_at=None, minutes=30
):
    token = generate_container_sas(
        account.name, container, user_delegation_key=delegation_key(account, persona), permission=permissions,
        expiry=datetime.now(UTC) + timedelta(minutes=minutes),
    )  # fmt: skip
    url = f"{account.url(secure=False)}/{used_at or container}?{token}"
    return ContainerClient.from_container_url(url, retry_total=0)


def test_a_signed_url_reads_over_plain_http(account, blob_name):
    account.container("data").upload_blob(blob_name, b"signed")
    token = generate_blob_sas(
        account.name, "data", blob_name, permission="r",
        user_delegation_key=delegation_key(account, "auditor"),
        expiry=datetime.now(UTC) + timedelta(minutes=5),
    )  # fmt: skip
    url = f"{account.url(secure=False)}/data/{blob_name}?{token}"
    assert BlobClient.from_blob_url(url).download_blob().readall() == b"signed"


def test_a_signed_container_takes_uploads_and_lists(account, blob_name):
    container = signed_container(
        account, ContainerSasPermissions(read=True, write=True, create=True, list=True)
    )
    container.upload_blob(blob_name, b"x")
    assert [blob.name for blob in container.list_blobs(name_starts_with=blob_name)] == [blob_name]


def test_a_signature_for_one_container_is_refused_at_another(account, blob_name):
    container = signed_container(account, "racwl", container="data", used_at="other")
    assert refused(container.upload_blob, blob_name, b"x").error_code == "AuthenticationFailed"


def test_a_signature_for_one_blob_is_refused_at_another(account, blob_name):
    account.container("data").upload_blob(f"{blob_name}-other", b"x")
    token = generate_blob_sas(
        account.name, "data", blob_name, permission="r",
        user_delegation_key=delegation_key(account, "auditor"),
        expiry=datetime.now(UTC) + timedelta(minutes=5),
    )  # fmt: skip
    other = BlobClient.from_blob_url(
        f"{account.url(secure=False)}/data/{blob_name}-other?{token}", retry_total=0
    )
    assert refused(other.download_blob).error_code == "AuthenticationFailed"


def test_a_signature_does_only_what_its_letters_say(account, blob_name):
    container = signed_container(account, "rl")
    error = refused(container.upload_blob, blob_name, b"x")
    assert (error.status_code, error.error_code) == (403, "AuthorizationPermissionMismatch")


def test_a_signature_gives_no_more_than_its_signer_has(account, blob_name):
    container = signed_container(account, "racwl", persona="auditor")
    assert refused(container.upload_blob, blob_name, b"x").error_code == "AuthorizationPermissionMismatch"


def test_a_changed_signature_is_refused(account, blob_name):
    token = generate_container_sas(
        account.name, "data", user_delegation_key=delegation_key(account, "auditor"), permission="r",
        expiry=datetime.now(UTC) + timedelta(minutes=5),
    )  # fmt: skip
    widened = token.replace("sp=r", "sp=racwdl")
    container = ContainerClient.from_container_url(
        f"{account.url(secure=False)}/data?{widened}", retry_total=0
    )
    assert refused(container.upload_blob, blob_name, b"x").error_code == "AuthenticationFailed"


def test_a_signature_ends_when_the_clock_has_passed_its_time(make_twin, make_storage):
    twin = make_twin("--manual-clock")
    account = make_storage(twin)
    account.container("data").upload_blob("x", b"x")
    container = signed_container(account, "r", minutes=10)
    assert container.download_blob("x").readall() == b"x"
    twin.advance(11 * 60)
    error = refused(container.download_blob, "x")
    assert error.error_code == "AuthenticationFailed"
    assert "expired" in error.message


def test_a_signature_of_another_twin_is_refused(account, make_twin, make_storage):
    stranger = make_storage(make_twin())
    token = generate_container_sas(
        account.name, "data", user_delegation_key=delegation_key(stranger, "data-scientist"), permission="rl",
        expiry=datetime.now(UTC) + timedelta(minutes=5),
    )  # fmt: skip
    container = ContainerClient.from_container_url(f"{account.url(secure=False)}/data?{token}", retry_total=0)
    assert refused(list, container.list_blobs()).error_code == "AuthenticationFailed"


def test_a_delegation_key_needs_its_role(account):
    error = refused(delegation_key, account, "ml-engineer")
    assert error.error_code == "AuthorizationPermissionMismatch"


# ------------------------------------------------------------------ containers


def test_a_container_made_by_a_client_is_an_arm_resource(account, twin_server):
    name = f"c{uuid.uuid4().hex[:8]}"
    account.blob_service().create_container(name)
    assert twin_server.call("GET", f"{account.container_id(name)}?api-version=2024-01-01").status_code == 200
    assert name in [one.name for one in account.blob_service().list_containers()]


def test_a_reader_may_not_make_a_container(account):
    assert refused(account.blob_service("auditor").create_container, "readers-own").status_code == 403


def test_a_deleted_container_takes_its_blobs_along(make_storage, twin_server):
    account = make_storage(twin_server)
    account.container("data").upload_blob("x", b"x")
    reply = twin_server.call("DELETE", f"{account.container_id('data')}?api-version=2024-01-01")
    assert reply.status_code == 200
    with pytest.raises(ResourceNotFoundError):
        account.container("data").download_blob("x")
    account.blob_service().create_container("data")
    assert list(account.container("data").list_blobs()) == []


def test_a_deleted_account_answers_that_it_does_not_exist(make_storage, twin_server):
    account = make_storage(twin_server)
    account.container("data").upload_blob("x", b"x")
    twin_server.settle(twin_server.call("DELETE", f"{account.id}?api-version=2024-01-01"))
    with pytest.raises((ResourceNotFoundError, ClientAuthenticationError)) as gone:
        account.container("data").download_blob("x")
    assert account.name in gone.value.message
