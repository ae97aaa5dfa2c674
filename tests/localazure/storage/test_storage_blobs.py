"""What a client of Azure Storage finds in a blob: the bytes it wrote, whole, in parts, under conditions."""

from __future__ import annotations

import hashlib
import os
from pathlib import Path

import pytest
from azure.core import MatchConditions
from azure.core.exceptions import (
    HttpResponseError,
    ResourceExistsError,
    ResourceModifiedError,
    ResourceNotFoundError,
)
from azure.storage.blob import ContentSettings


def test_what_was_uploaded_comes_back_with_its_type_and_metadata(account, blob_name):
    blob = account.container("data").get_blob_client(blob_name)
    settings = ContentSettings(content_type="text/csv", content_encoding="utf-8", cache_control="no-cache")
    blob.upload_blob(b"a,b\n1,2\n", metadata={"upload_status": "completed"}, content_settings=settings)
    found = blob.get_blob_properties()
    assert blob.download_blob().readall() == b"a,b\n1,2\n"
    assert (found.size, found.metadata) == (8, {"upload_status": "completed"})
    assert (found.content_settings.content_type, found.content_settings.cache_control) == (
        "text/csv",
        "no-cache",
    )
    assert (
        bytes(found.content_settings.content_md5)
        == hashlib.md5(b"a,b\n1,2\n", usedforsecurity=False).digest()
    )


def test_an_empty_blob_can_be_written_and_read(account, blob_name):
    blob = account.container("data").get_blob_client(blob_name)
    blob.upload_blob(b"")
    assert blob.download_blob().readall() == b""


def test_a_missing_blob_is_not_found_by_its_code(account, blob_name):
    with pytest.raises(ResourceNotFoundError) as refused:
        account.container("data").get_blob_client(blob_name).get_blob_properties()
    assert refused.value.error_code == "BlobNotFound"


def test_a_blob_in_a_container_that_was_never_made_is_refused_by_name(account, blob_name):
    with pytest.raises(ResourceNotFoundError) as refused:
        account.container("never-made").get_blob_client(blob_name).upload_blob(b"x")
    assert refused.value.error_code == "ContainerNotFound"
    assert "never-made" in refused.value.message


@pytest.mark.parametrize(("offset", "length"), [(0, 10), (5, 7), (990, 100), (999, 1)])
def test_a_range_gives_exactly_these_bytes(account, offset, length):
    content = bytes(range(250)) * 4
    blob = account.container("data").get_blob_client("t/ranges")
    blob.upload_blob(content, overwrite=True)
    assert blob.download_blob(offset=offset, length=length).readall() == content[offset : offset + length]


def test_a_range_beyond_the_end_is_refused_with_416(account, blob_name):
    blob = account.container("data").get_blob_client(blob_name)
    blob.upload_blob(b"abc")
    with pytest.raises(HttpResponseError) as refused:
        blob.download_blob(offset=10, length=5)
    assert (refused.value.status_code, refused.value.error_code) == (416, "InvalidRange")


def test_a_large_upload_in_blocks_comes_back_whole(account, blob_name):
    content = os.urandom(5_000_000)
    blob = account.container("data", max_single_put_size=1 << 20, max_block_size=1 << 20).get_blob_client(
        blob_name
    )
    blob.upload_blob(content, max_concurrency=4)
    committed, waiting = blob.get_block_list("all")
    assert blob.download_blob(max_concurrency=4).readall() == content
    assert ([block.size for block in committed], waiting) == ([1 << 20] * 4 + [5_000_000 - 4 * (1 << 20)], [])


def test_a_block_list_that_names_a_block_never_sent_is_refused_and_changes_nothing(account, blob_name):
    from azure.storage.blob import BlobBlock

    blob = account.container("data").get_blob_client(blob_name)
    blob.upload_blob(b"before")
    blob.stage_block("sent", b"piece")
    with pytest.raises(HttpResponseError) as refused:
        blob.commit_block_list([BlobBlock("sent"), BlobBlock("never")])
    assert refused.value.error_code == "InvalidBlockList"
    assert blob.download_blob().readall() == b"before"


def test_if_none_match_star_refuses_to_replace(account, blob_name):
    blob = account.container("data").get_blob_client(blob_name)
    blob.upload_blob(b"first")
    with pytest.raises(ResourceExistsError) as refused:
        blob.upload_blob(b"second", overwrite=False)
    assert refused.value.error_code == "BlobAlreadyExists"
    assert blob.download_blob().readall() == b"first"


def test_a_write_to_another_state_than_the_expected_one_is_refused(account, blob_name):
    blob = account.container("data").get_blob_client(blob_name)
    old = blob.upload_blob(b"first")["etag"]
    blob.upload_blob(b"second", overwrite=True)
    with pytest.raises(ResourceModifiedError) as refused:
        blob.upload_blob(b"third", overwrite=True, etag=old, match_condition=MatchConditions.IfNotModified)
    assert refused.value.error_code == "ConditionNotMet"
    assert blob.download_blob().readall() == b"second"


def test_a_reader_with_the_present_state_is_told_304(account, blob_name):
    blob = account.container("data").get_blob_client(blob_name)
    etag = blob.upload_blob(b"first")["etag"]
    with pytest.raises(HttpResponseError) as told:
        blob.download_blob(etag=etag, match_condition=MatchConditions.IfModified)
    assert told.value.status_code == 304


def test_bytes_that_do_not_match_their_md5_are_refused_and_not_kept(account, blob_name, twin_server):
    headers = {
        "x-ms-blob-type": "BlockBlob",
        "Content-MD5": "1B2M2Y8AsgTpgAmY7PhCfg==",
        "Authorization": f"Bearer {twin_server.token('data-scientist', 'https://storage.azure.com')}",
    }
    reply = twin_server.client.put(f"{account.url()}/data/{blob_name}", content=b"not empty", headers=headers)
    assert (reply.status_code, reply.headers["x-ms-error-code"]) == (400, "Md5Mismatch")
    assert not account.container("data").get_blob_client(blob_name).exists()


def test_metadata_and_headers_change_without_the_bytes(account, blob_name):
    blob = account.container("data").get_blob_client(blob_name)
    before = blob.upload_blob(b"bytes")["etag"]
    blob.set_blob_metadata({"name": "x", "version": "1"})
    blob.set_http_headers(ContentSettings(content_type="text/plain"))
    found = blob.get_blob_properties()
    assert (found.metadata, found.content_settings.content_type) == (
        {"name": "x", "version": "1"},
        "text/plain",
    )
    assert found.etag != before
    assert blob.download_blob().readall() == b"bytes"


def test_a_deleted_blob_is_gone_and_a_second_delete_says_so(account, blob_name):
    blob = account.container("data").get_blob_client(blob_name)
    blob.upload_blob(b"x")
    blob.delete_blob()
    with pytest.raises(ResourceNotFoundError):
        blob.delete_blob()
    assert not blob.exists()


def test_what_is_not_emulated_is_refused_by_name_and_does_nothing(account, blob_name):
    blob = account.container("data").get_blob_client(blob_name)
    with pytest.raises(HttpResponseError, match="blob index tags") as refused:
        blob.upload_blob(b"x", tags={"a": "b"})
    assert refused.value.status_code == 501
    assert not blob.exists()


def test_an_unknown_path_is_not_taken_for_a_missing_account(twin_server):
    reply = twin_server.client.get("/nosuchservice/nosuchthing")
    assert (reply.status_code, reply.json()["error"]["code"]) == (501, "NotEmulated")


def test_a_bare_account_name_reaches_the_same_blob(account, blob_name, twin_server):
    account.container("data").upload_blob(blob_name, b"same")
    headers = {"Authorization": f"Bearer {twin_server.token('data-scientist', 'https://storage.azure.com')}"}
    assert twin_server.client.get(f"/{account.name}/data/{blob_name}", headers=headers).content == b"same"


@pytest.mark.skipif(not Path("/proc/self/status").exists(), reason="reads the peak memory from /proc")
def test_a_large_blob_passes_through_a_small_memory(make_twin, make_storage):
    def peak():
        line = next(
            x for x in Path(f"/proc/{twin.process.pid}/status").read_text().splitlines() if "VmHWM" in x
        )
        return int(line.split()[1]) / 1024

    twin = make_twin()
    container = make_storage(twin).container("data")
    container.upload_blob("first", b"x")
    before, content = peak(), bytes(60 << 20)
    container.upload_blob("large", content)
    assert container.download_blob("large").readall() == content
    assert peak() - before < 30  # MiB, of 60
