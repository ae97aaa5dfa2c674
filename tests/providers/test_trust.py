"""Connections share what they trust, and none of them weakens what the others check."""

import ssl

import pytest
from requests.certs import where

from twinloop.providers.trust import context, share

BUNDLE = where()


@pytest.mark.parametrize("asked", [{}, {"cert_reqs": ssl.CERT_REQUIRED}, {"cert_reqs": "CERT_REQUIRED"}])
def test_pools_that_check_certificates_and_names_share_one_context(asked):
    pool = share({"ca_certs": BUNDLE, "maxsize": 4, **asked})
    assert pool["ssl_context"] is context(BUNDLE)
    assert "ca_certs" not in pool
    assert pool["maxsize"] == 4


@pytest.mark.parametrize(
    "asked", [{"cert_reqs": ssl.CERT_NONE}, {"cert_reqs": "CERT_NONE"}, {"assert_hostname": False}]
)
def test_a_pool_that_checks_less_keeps_to_itself(asked):
    pool = {"ca_certs": BUNDLE, **asked}
    assert share(pool) == pool
    assert context(BUNDLE).check_hostname
    assert context(BUNDLE).verify_mode is ssl.CERT_REQUIRED
