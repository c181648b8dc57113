"""The one way in which a service knows its callers, as its settings choose it."""

from __future__ import annotations

from api.access_settings import AccessSettings
from api.identity.authenticators import Access, AccountsAuthenticator, ProxyAuthenticator
from api.identity.identify import Authenticator
from api.identity.passwords import Passwords
from api.identity.peers import Peers
from api.identity.proxied import ProxyHeaders, grants_of
from geo.errors import InputError
from geo.store.records import Records


def access_to(
    records: Records, settings: AccessSettings, passwords: Passwords | None = None
) -> Access:
    """Return what knows the callers of a service.

    Parameters
    ----------
    records
        Of the store that is served.
    settings
        Whose way is not `local`.
    passwords
        Hashes passwords.

    Raises
    ------
    InputError
        If the file of the proxy's secret cannot be used.
    """
    return Access.to(
        records,
        peers=Peers(settings.proxy.read_secret(), settings.on_socket),
        has_sessions=settings.way == "accounts",
        is_secure=settings.is_secure,
        passwords=passwords,
    )


def authenticator_by(access: Access, settings: AccessSettings) -> Authenticator:
    """Return what establishes who makes a request.

    Raises
    ------
    InputError
        If a proxy is to name people and anybody could pose as it, or the roles of its groups
        cannot be read.
    """
    if settings.way == "accounts":
        return AccountsAuthenticator(access)
    if not access.peers.can_be_trusted:
        raise InputError(
            "with PATCHMAP_ACCESS=proxy nobody else may pose as the proxy: use 'serve --socket', "
            "or PATCHMAP_PROXY_SECRET_FILE"
        )
    proxy = settings.proxy
    headers = ProxyHeaders(proxy.user_header, proxy.groups_header, grants_of(proxy.roles))
    return ProxyAuthenticator(access, headers)
