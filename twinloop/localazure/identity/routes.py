"""The open endpoints that clients ask before they have a token."""

from __future__ import annotations

from typing import Any
from urllib.parse import parse_qsl

from twinloop.localazure.core.errors import ArmError, InvalidRequest
from twinloop.localazure.core.principal import Principal
from twinloop.localazure.core.reply import Reply
from twinloop.localazure.core.request import Request
from twinloop.localazure.core.router import Router
from twinloop.localazure.core.tokens import LIFETIME
from twinloop.localazure.core.twin import Twin
from twinloop.localazure.identity.metadata import cloud, cloud_2019

router = Router("identity")
_DEFAULT = "/.default"
_WHOM = (
    "whom the token is for is missing: give scope (v2.0), e.g. https://management.azure.com/.default, or "
    "resource, e.g. https://management.azure.com/"
)


@router.on("GET", "/metadata/endpoints", auth="none")
def metadata(request: Request, twin: Twin) -> Reply:
    """The cloud's endpoints: a list up to 2019-05-01, one object from 2022-09-01 on."""
    version = request.api_version
    if not version:
        raise InvalidRequest(
            "MissingApiVersionParameter", "metadata/endpoints: give api-version=2022-09-01 or 2019-05-01"
        )
    return Reply(200, [cloud_2019(twin)] if version < "2022" else cloud(twin))


@router.on("GET", "/msi/token", auth="none")
@router.on("GET", "/metadata/identity/oauth2/token", auth="none")
def managed_identity_token(request: Request, twin: Twin) -> Reply:
    """A token for the principal whose secret the caller holds."""
    secret = request.headers.get("x-identity-header") or request.headers.get("secret", "")
    principal = twin.principal_of_secret(secret)
    if principal is None:
        message = (
            "managed identity: the secret (X-IDENTITY-HEADER) names no principal; use `twinloop twin env`"
        )
        raise ArmError(401, "unauthorized_client", message)
    resource = request.query.get("resource", "")
    if not resource:
        raise InvalidRequest(
            "invalid_request",
            "managed identity: query parameter 'resource' is missing; give whom the token is for, e.g. "
            "?resource=https://management.azure.com/",
        )
    return Reply(200, _token(twin, principal, resource), {"cache-control": "no-store"})


@router.on("GET", "/{tenant}/v2.0/.well-known/openid-configuration", auth="none")
@router.on("GET", "/{tenant}/.well-known/openid-configuration", auth="none")
def openid_configuration(request: Request, twin: Twin) -> Reply:
    """OpenID Connect discovery; the issuer is of the host that was asked, as MSAL demands."""
    tenant = _tenant(request.params["tenant"], twin)
    host = request.headers.get("host", "")
    authority = (
        f"{'https' if request.secure else 'http'}://{host}/{tenant}" if host else f"{twin.base}/{tenant}"
    )
    versioned = "" if tenant == "adfs" else "/v2.0"
    return Reply(
        200,
        {
            "issuer": authority + versioned,
            "authorization_endpoint": f"{authority}/oauth2{versioned}/authorize",
            "token_endpoint": f"{authority}/oauth2{versioned}/token",
            "jwks_uri": f"{authority}/discovery{versioned}/keys",
            "response_types_supported": ["code", "id_token"],
            "subject_types_supported": ["pairwise"],
            "id_token_signing_alg_values_supported": ["RS256"],
            "token_endpoint_auth_methods_supported": ["client_secret_post"],
        },
    )


@router.on("GET", "/{tenant}/discovery/v2.0/keys", auth="none")
@router.on("GET", "/{tenant}/discovery/keys", auth="none")
def keys(request: Request, twin: Twin) -> Reply:
    """The key that tokens are signed with."""
    _tenant(request.params["tenant"], twin)
    return Reply(200, twin.tokens.jwks())


@router.on("POST", "/{tenant}/oauth2/v2.0/token", auth="none")
@router.on("POST", "/{tenant}/oauth2/token", auth="none")
def client_credentials(request: Request, twin: Twin) -> Reply:
    """A token for a service principal of the seed: client id = its object id or name, secret = its own."""
    _tenant(request.params["tenant"], twin)
    form = dict(parse_qsl(request.body.decode("utf-8", "replace")))
    if form.get("grant_type") != "client_credentials":
        given = form.get("grant_type", "")
        return _refuse(
            "unsupported_grant_type", f"grant_type '{given}' is not emulated; use client_credentials", 400
        )
    principal = twin.principal_of_secret(form.get("client_secret", ""))
    asked = form.get("client_id", "").lower()
    if principal is None or asked not in {principal.id, principal.name.lower()}:
        return _refuse(
            "invalid_client",
            f"AADSTS7000215: Invalid client secret provided for app '{asked}'. "
            "The secret is the IDENTITY_HEADER of `twinloop twin env --as NAME`, the app its NAME.",
            401,
        )
    audience = form.get("resource") or form.get("scope", "").split(" ")[0]
    if not audience:
        return _refuse("invalid_request", _WHOM, 400)
    return Reply(200, _token(twin, principal, audience), {"cache-control": "no-store"})


def _token(twin: Twin, principal: Principal, resource: str) -> dict[str, Any]:
    audience = resource.removesuffix(_DEFAULT)
    expires = int(twin.clock.time()) + LIFETIME
    return {
        "access_token": twin.tokens.issue(principal, audience),
        "expires_in": LIFETIME,
        "expires_on": str(expires),
        "ext_expires_in": LIFETIME,
        "token_type": "Bearer",
        "resource": audience,
        "client_id": principal.id,
    }


def _tenant(given: str, twin: Twin) -> str:
    """The tenant as given, if it is this twin's; `adfs` is what clients say to skip instance discovery."""
    if given.lower() not in {twin.seed.tenant, "adfs", "common", "organizations"}:
        message = f"AADSTS90002: Tenant '{given}' not found. This twin serves tenant '{twin.seed.tenant}'."
        raise InvalidRequest("invalid_tenant", message)
    return given.lower()


def _refuse(code: str, message: str, status: int) -> Reply:
    return Reply(status, {"error": code, "error_description": message})
