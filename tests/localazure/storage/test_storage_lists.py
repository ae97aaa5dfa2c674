"""Lists of blobs: by prefix, by folder, in pages, with metadata; and any bytes under any name."""

from __future__ import annotations

import uuid

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st


@pytest.fixture
def folder(account):
    """A prefix of the test's own with a small tree in it."""
    prefix = f"tree/{uuid.uuid4().hex}/"
    container = account.container("data")
    for name in ("a.txt", "b/one", "b/two", "b/c/three", "z"):
        container.upload_blob(prefix + name, name.encode(), metadata={"kind": "leaf"})
    return prefix


def test_a_prefix_gives_all_below_it_in_order(account, folder):
    names = [
        blob.name.removeprefix(folder)
        for blob in account.container("data").list_blobs(name_starts_with=folder)
    ]
    assert names == ["a.txt", "b/c/three", "b/one", "b/two", "z"]


def test_a_delimiter_folds_folders_into_one_entry(account, folder):
    walked = account.container("data").walk_blobs(name_starts_with=folder, delimiter="/")
    assert sorted(entry.name.removeprefix(folder) for entry in walked) == ["a.txt", "b/", "z"]


@pytest.mark.parametrize("size", [1, 2, 3])
def test_pages_join_to_the_whole_list(account, folder, size):
    pages = account.container("data").list_blobs(name_starts_with=folder, results_per_page=size).by_page()
    sizes, names = [], []
    for page in pages:
        found = [blob.name for blob in page]
        sizes.append(len(found))
        names += found
    assert len(names) == len(set(names)) == 5
    assert max(sizes) == size


def test_folders_are_paged_without_repeating_one(account, folder):
    pages = (
        account.container("data")
        .walk_blobs(name_starts_with=folder, delimiter="/", results_per_page=1)
        .by_page()
    )
    names = [entry.name.removeprefix(folder) for page in pages for entry in page]
    assert names == ["a.txt", "b/", "z"]


def test_metadata_comes_only_when_it_is_asked_for(account, folder):
    container = account.container("data")
    plain = next(iter(container.list_blobs(name_starts_with=folder)))
    asked = next(iter(container.list_blobs(name_starts_with=folder, include=["metadata"])))
    assert (plain.metadata or {}, asked.metadata) == ({}, {"kind": "leaf"})


def test_the_list_says_sizes_and_checksums(account, folder):
    found = {blob.name: blob for blob in account.container("data").list_blobs(name_starts_with=folder)}
    blob = found[f"{folder}b/one"]
    assert (blob.size, blob.blob_type) == (5, "BlockBlob")
    assert len(blob.content_settings.content_md5) == 16


NAMES = st.text(
    st.characters(exclude_categories=("Cs", "Cc"), exclude_characters="\\?#"), min_size=1, max_size=40
).filter(
    lambda name: name.strip("/. ") == name and "//" not in name and "/." not in name and "./" not in name
)


@settings(max_examples=25, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(name=NAMES, content=st.binary(max_size=3000), start=st.integers(0, 3000), length=st.integers(1, 3000))
def test_any_bytes_under_any_name_come_back_and_are_listed(account, name, content, start, length):
    container = account.container("data")
    path = f"any/{name}"
    container.upload_blob(path, content, overwrite=True)
    blob = container.get_blob_client(path)
    assert blob.download_blob().readall() == content
    assert path in [one.name for one in container.list_blobs(name_starts_with="any/")]
    if start < len(content):
        assert blob.download_blob(offset=start, length=length).readall() == content[start : start + length]
