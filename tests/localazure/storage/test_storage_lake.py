"""The Data Lake face of an account with a hierarchical namespace."""

from __future__ import annotations

import os
import uuid

import pytest
from azure.core.exceptions import HttpResponseError, ResourceExistsError, ResourceNotFoundError


@pytest.fixture
def system(lake):
    return lake.lake_service().get_file_system_client("curated")


@pytest.fixture
def folder():
    return f"d{uuid.uuid4().hex}"


def test_a_file_is_created_appended_flushed_and_read(system, folder):
    file = system.get_directory_client(folder).create_file("part.csv")
    file.append_data(b"a,b\n", offset=0, length=4)
    file.append_data(b"1,2\n", offset=4, length=4)
    file.flush_data(8)
    assert file.download_file().readall() == b"a,b\n1,2\n"
    assert file.get_file_properties().size == 8


def test_what_is_appended_is_not_there_before_the_flush(system, folder):
    file = system.get_directory_client(folder).create_file("x")
    file.append_data(b"abc", offset=0, length=3)
    assert file.get_file_properties().size == 0


def test_a_flush_over_a_gap_is_refused(system, folder):
    file = system.get_directory_client(folder).create_file("x")
    file.append_data(b"abc", offset=5, length=3)
    with pytest.raises(HttpResponseError) as refused:
        file.flush_data(8)
    assert refused.value.error_code == "InvalidFlushPosition"


def test_an_upload_replaces_a_file_whole(system, folder):
    file = system.get_file_client(f"{folder}/big")
    content = os.urandom(2_000_000)
    file.upload_data(b"old", overwrite=True)
    file.upload_data(content, overwrite=True, chunk_size=500_000)
    assert file.download_file().readall() == content


def test_directories_above_a_file_come_with_it_and_are_listed(system, folder):
    system.get_file_client(f"{folder}/a/b/file").upload_data(b"x", overwrite=True)
    paths = {path.name.removeprefix(folder): path.is_directory for path in system.get_paths(path=folder)}
    assert paths == {"/a": True, "/a/b": True, "/a/b/file": False}
    assert [path.name for path in system.get_paths(path=folder, recursive=False)] == [f"{folder}/a"]


def test_a_directory_keeps_metadata_and_says_that_it_is_one(system, folder):
    directory = system.create_directory(folder)
    directory.set_metadata({"upload_status": "completed"})
    found = directory.get_directory_properties()
    assert found.metadata["upload_status"] == "completed"
    assert directory.exists()


def test_a_file_cannot_lie_below_a_file(system, folder):
    system.get_file_client(f"{folder}/file").upload_data(b"x", overwrite=True)
    with pytest.raises(ResourceExistsError):
        system.get_file_client(f"{folder}/file/below").create_file()


def test_a_full_directory_goes_with_all_that_is_in_it(system, folder):
    system.get_file_client(f"{folder}/a/file").upload_data(b"x", overwrite=True)
    system.delete_directory(folder)
    with pytest.raises(ResourceNotFoundError):
        list(system.get_paths(path=folder))


def test_a_reader_may_not_write_to_the_lake(lake, folder):
    system = lake.lake_service("auditor").get_file_system_client("curated")
    with pytest.raises(HttpResponseError) as refused:
        system.create_directory(folder)
    assert refused.value.status_code == 403


def test_a_rename_is_refused_by_name(system, folder):
    directory = system.create_directory(folder)
    with pytest.raises(HttpResponseError, match="renames"):
        directory.rename_directory(f"curated/{folder}-new")


def test_an_account_without_the_namespace_has_no_lake(account):
    with pytest.raises(HttpResponseError, match="hierarchical namespace"):
        account.lake_service().get_file_system_client("data").create_directory("x")
