"""The SDK for Azure is imported in parts, and a program cannot tell by what it gets."""

import json
import subprocess
import sys

import pytest

_NEW = "from twinloop.stacks import sdk_imports; sdk_imports.install()\n"
_ASKED = """
import json, sys
import pulumi_azure_native as azure
from pulumi import _types

def hints(found):
    return sorted((key, str(value)) for key, value in found.items())

told = {}
azure.storage.StorageAccount, azure.storage.SkuArgs, azure.storage.SkuName, azure.storage.outputs
told["modules"] = len([name for name in sys.modules if name.startswith("pulumi_azure_native.storage.")])
told["outputs"] = hints(_types.resource_types(azure.storage.StorageAccount))
told["inputs"] = hints(_types.input_type_types(azure.storage.NetworkRuleSetArgs))
told["homes"] = [
    one.__module__
    for one in (azure.storage.list_storage_account_keys_output, azure.storage.get_storage_account)
]
told["config"] = azure.config.location
told["dunder"] = hasattr(azure.storage, "__wrapped__")
try:
    azure.storage.Nothing
except AttributeError as error:
    told["nothing"] = str(error)
from pulumi_azure_native.storage import *
told["star"] = sorted(name for name in globals() if name[0].isupper())
print(json.dumps(told))
"""


def told(code):
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


@pytest.fixture(scope="module")
def parts():
    return told(_NEW + _ASKED)


@pytest.fixture(scope="module")
def whole():
    return told(_ASKED)


def test_only_what_is_named_is_imported(parts, whole):
    assert parts["modules"] < 10 < whole["modules"]


@pytest.mark.parametrize("what", ["outputs", "inputs", "homes", "config", "dunder", "nothing", "star"])
def test_what_is_asked_of_it_is_what_the_whole_namespace_says(parts, whole, what):
    assert parts[what] == whole[what]
