"""Who calls the data plane, and what it may do there: Entra tokens by roles, signatures by their words."""

from __future__ import annotations

from dataclasses import dataclass

from twinloop.localazure.core.errors import AuthorizationFailed
from twinloop.localazure.core.principal import Principal
from twinloop.localazure.core.request import Request
from twinloop.localazure.core.tokens import InvalidToken
from twinloop.localazure.core.twin import Twin
from twinloop.localazure.storage import sas
from twinloop.localazure.storage.accounts import Account
from twinloop.localazure.storage.errors import AuthenticationFailed, PermissionMismatch, StorageError

AUDIENCE = "https://storage.azure.com"
CONTAINERS = "Microsoft.Storage/storageAccounts/blobServices/containers"


class Unauthenticated(StorageError):
    """No token where one is needed; carries the challenge that the clients follow."""

    def __init__(self, code: str, message: str, authority: str) -> None:
        super().__init__(401, code, message)
        self.challenge = f"Bearer authorization_uri={authority} resource_id={AUDIENCE}"


@dataclass(frozen=True)
class Need:
    """What an operation demands of its caller.

    Attributes:
        action: the permission, e.g. `Microsoft.Storage/.../containers/blobs/read`.
        data: whether it is a data action.
        letters: permissions of a signature, any of which will do; empty: no signature will.
        at_account: whether the scope is the account and not the container.
    """

    action: str
    letters: str = ""
    data: bool = True
    at_account: bool = False


READ = Need(f"{CONTAINERS}/blobs/read", "r")
LIST = Need(f"{CONTAINERS}/blobs/read", "l")
WRITE = Need(f"{CONTAINERS}/blobs/write", "cw")
OVERWRITE = Need(f"{CONTAINERS}/blobs/write", "w")
DELETE = Need(f"{CONTAINERS}/blobs/delete", "d")
CONTAINER_READ = Need(f"{CONTAINERS}/read", "r", data=False)
CONTAINER_WRITE = Need(f"{CONTAINERS}/write", data=False)
CONTAINER_DELETE = Need(f"{CONTAINERS}/delete", data=False)
CONTAINER_LIST = Need(f"{CONTAINERS}/read", data=False, at_account=True)
DELEGATE = Need(
    "Microsoft.Storage/storageAccounts/blobServices/generateUserDelegationKey/action",
    data=False,
    at_account=True,
)


@dataclass(frozen=True)
class Caller:
    """The one behind a request: a principal, or the holder of a signature."""

    principal: Principal | None
    grant: sas.Grant | None

    def demand(self, twin: Twin, need: Need, account: Account, container: str, name: str = "") -> None:
        """Let the operation pass, or refuse it as Azure does.

        Raises:
            PermissionMismatch: the roles, or the signature, do not allow it.
        """
        scope = account.id if need.at_account else account.container(container)
        if self.grant is not None:
            if not need.letters:
                raise PermissionMismatch("A shared access signature cannot do this; use an Entra token.")
            sas.require(self.grant, need.letters, name)
        principal = self.principal or self._owner(twin)
        if principal is None:
            return
        try:
            twin.authorize(principal, need.action, scope, data=need.data)
        except AuthorizationFailed as refused:
            raise PermissionMismatch(refused.message) from refused

    def _owner(self, twin: Twin) -> Principal | None:
        """Whose rights a signature rests on; None where the platform signed on its own behalf."""
        owner = self.grant.owner if self.grant else ""
        if owner == sas.SERVICE:
            return None
        principal = twin.directory.find(owner)
        if principal is None:
            raise AuthenticationFailed(
                f"The principal '{owner}' that the signature rests on does not exist any more."
            )
        return principal


def identify(request: Request, twin: Twin, account: Account, container: str, path: str) -> Caller:
    """Who calls.

    Raises:
        Unauthenticated: there is no credential, or a token that does not hold.
        AuthenticationFailed: a signature that does not hold.
        StorageError: a kind of credential that the account or the twin does not take.
    """
    scheme, _, credential = request.headers.get("authorization", "").partition(" ")
    if scheme.lower() == "bearer":
        return Caller(_bearer(request, twin, account, credential.strip()), None)
    if scheme:
        raise _no_keys(account)
    if "sig" in request.query:
        return Caller(
            None, sas.verify(twin, account.name, container, path, request.query, secure=request.secure)
        )
    raise Unauthenticated(
        "NoAuthenticationInformation",
        "Server failed to authenticate the request. Send an Entra token or a shared access signature.",
        _authority(twin),
    )


def _bearer(request: Request, twin: Twin, account: Account, token: str) -> Principal:
    if not request.secure:
        raise AuthenticationFailed("Authentication with a bearer token is allowed over https only.")
    try:
        principal, audience = twin.tokens.verify_use(token)
    except InvalidToken as error:
        raise Unauthenticated("InvalidAuthenticationInfo", str(error), _authority(twin)) from error
    if audience != AUDIENCE and f"/{account.name}." not in audience:
        raise Unauthenticated(
            "InvalidAuthenticationInfo",
            f"Authentication failed: the token is for '{audience}'; storage takes tokens for '{AUDIENCE}'.",
            _authority(twin),
        )
    return principal


def _no_keys(account: Account) -> StorageError:
    if not account.shared_key_allowed:
        return StorageError(
            403,
            "KeyBasedAuthenticationNotPermitted",
            "Key based authentication is not permitted on this storage account.",
        )
    return StorageError(
        501,
        "NotEmulated",
        "The local Azure does not emulate account keys (SharedKey); use an Entra token or a signature.",
    )


def _authority(twin: Twin) -> str:
    return f"{twin.base}/{twin.seed.tenant}/oauth2/authorize"
