"""A person's own tool, kubectl, against a cluster of the twin; where kubectl is on PATH."""

from __future__ import annotations

import json
import os
import shutil
import subprocess

import pytest

from tests.localazure.kubernetes.conftest import SERVER_ID

if shutil.which("kubectl") is None:
    pytest.skip("kubectl is not on PATH", allow_module_level=True)


@pytest.fixture
def kubectl(cluster, twin_server, tmp_path):
    def call(*words, given=None, persona="infra-engineer"):
        return subprocess.run(
            [
                "kubectl",
                f"--cache-dir={tmp_path}",
                f"--server={cluster.url}",
                f"--certificate-authority={twin_server.ca_bundle}",
                f"--token={twin_server.token(persona, SERVER_ID)}",
                "--request-timeout=20s",
                *words,
            ],
            input=None if given is None else json.dumps(given),
            capture_output=True,
            text=True,
            check=False,
            timeout=60,
            env={**os.environ, "KUBECONFIG": str(tmp_path / "none")},
        )

    return call


def test_manifests_are_applied_looked_at_labelled_and_deleted(kubectl, namespace):
    manifest = {
        "apiVersion": "v1",
        "kind": "ConfigMap",
        "metadata": {"name": "c", "namespace": namespace},
        "data": {"a": "b"},
    }
    assert "serverside-applied" in kubectl("apply", "--server-side", "-f", "-", given=manifest).stdout
    assert "configured" in kubectl("apply", "-f", "-", given={**manifest, "data": {"a": "c"}}).stdout
    assert "labeled" in kubectl("label", "configmap", "c", "-n", namespace, "x=y").stdout
    found = json.loads(kubectl("get", "cm", "c", "-n", namespace, "-o", "json").stdout)
    assert (found["data"], found["metadata"]["labels"]) == ({"a": "c"}, {"x": "y"})
    assert "deleted" in kubectl("delete", "cm", "c", "-n", namespace).stdout


def test_a_namespace_is_deleted_and_waited_for(kubectl, namespace):
    assert "deleted" in kubectl("delete", "namespace", namespace).stdout
    assert "not found" in kubectl("get", "namespace", namespace).stderr


def test_a_typing_mistake_is_found(kubectl, namespace):
    wrong = {
        "apiVersion": "v1",
        "kind": "ResourceQuota",
        "metadata": {"name": "q", "namespace": namespace},
        "spec": {"hards": {}},
    }
    done = kubectl("apply", "-f", "-", given=wrong)
    assert done.returncode == 1
    assert 'unknown field "spec.hards"' in done.stderr


def test_nobody_is_told_what_he_may_not(kubectl):
    done = kubectl("get", "namespaces", persona="nobody")
    assert "Error from server (Forbidden)" in done.stderr
