"""What was acknowledged is there after a kill and a restart; what was not leaves nothing behind."""

from __future__ import annotations

import os
import socket
import ssl

from azure.storage.blob import BlobBlock


def test_acknowledged_blobs_survive_a_kill(make_twin, make_storage):
    twin = make_twin()
    account = make_storage(twin)
    big = os.urandom(3_000_000)
    account.container("data").upload_blob("folder/small", b"small", metadata={"upload_status": "completed"})
    account.container("data").upload_blob("big", big)
    twin.kill()
    twin.start()
    container = account.container("data")
    assert container.download_blob("folder/small").readall() == b"small"
    assert container.get_blob_client("folder/small").get_blob_properties().metadata == {
        "upload_status": "completed"
    }
    assert container.download_blob("big").readall() == big


def test_blocks_that_wait_survive_a_kill_and_can_be_committed(make_twin, make_storage):
    twin = make_twin()
    account = make_storage(twin)
    blob = account.container("data").get_blob_client("in-blocks")
    blob.stage_block("1", b"first ")
    twin.kill()
    twin.start()
    blob = account.container("data").get_blob_client("in-blocks")
    blob.stage_block("2", b"second")
    blob.commit_block_list([BlobBlock("1"), BlobBlock("2")])
    assert blob.download_blob().readall() == b"first second"


def test_an_upload_cut_off_half_way_leaves_neither_blob_nor_file(make_twin, make_storage):
    twin = make_twin()
    account = make_storage(twin)
    token = twin.token("data-scientist", "https://storage.azure.com")
    head = (
        f"PUT {account.url().removeprefix(twin.base)}/data/half HTTP/1.1\r\nHost: "
        f"localhost\r\nAuthorization: Bearer {token}\r\n"
        "x-ms-blob-type: BlockBlob\r\nContent-Length: 1000000\r\n\r\n"
    )
    context = ssl.create_default_context(cafile=str(twin.home / "ca.pem"))
    plain = socket.create_connection(("localhost", twin.info["httpsPort"]))
    with plain, context.wrap_socket(plain, server_hostname="localhost") as connection:
        connection.sendall(head.encode() + b"x" * 200_000)
    twin.kill()
    twin.start()
    assert not account.container("data").get_blob_client("half").exists()
    files = [path for path in (twin.home / "azure" / "blobs").rglob("*") if path.is_file()]
    assert files == []


def test_a_replaced_blob_does_not_keep_its_old_bytes_on_disk_after_a_restart(make_twin, make_storage):
    twin = make_twin()
    account = make_storage(twin)
    for content in (b"one", b"two", b"three"):
        account.container("data").upload_blob("x", content, overwrite=True)
    twin.restart()
    files = [path.read_bytes() for path in (twin.home / "azure" / "blobs").rglob("*") if path.is_file()]
    assert files == [b"three"]
