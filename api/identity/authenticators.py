"""Who makes a request, where the service has more than one user: sessions, keys, or a proxy."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import Final

from anyio import CapacityLimiter, to_thread
from starlette.requests import HTTPConnection

from api.identity.attempts import Attempts
from api.identity.identity import PUBLIC, Identity
from api.identity.keys import Keys, presented_key
from api.identity.passwords import Passwords
from api.identity.peers import PROXY_HEADER, Peers
from api.identity.proxied import ProxiedIdentities, ProxyHeaders
from api.identity.sessions import Sessions, SignIn
from api.identity.users import Users
from geo.store.records import Records

_THREADS: Final = 8
"""For reading the records: requests that compute have others, and must not hold these up."""


@dataclass(frozen=True)
class Access:
    """How people and programs are known to the service.

    Attributes
    ----------
    users, keys, sessions, sign_in
        Of its records.
    peers
        Tell which requests the trusted proxy passed on.
    cookie
        The name of the cookie that holds a session's token; empty where there are no sessions.
    is_secure
        Whether browsers reach the service by TLS alone, and so send the cookie by nothing else.
    """

    users: Users
    keys: Keys
    sessions: Sessions
    sign_in: SignIn
    peers: Peers
    cookie: str
    is_secure: bool

    @classmethod
    def to(
        cls,
        records: Records,
        *,
        peers: Peers,
        has_sessions: bool,
        is_secure: bool,
        passwords: Passwords | None = None,
    ) -> Access:
        """Put together what reads the records of a service.

        Parameters
        ----------
        records
            Of the store.
        peers, is_secure
            As the attributes.
        has_sessions
            Whether people sign in here, and not at a proxy.
        passwords
            Hashes passwords.
        """
        users, sessions = Users(records, passwords), Sessions(records)
        # The prefix lets a browser take the cookie from this host alone, over TLS.
        name = "__Host-patchmap" if is_secure else "patchmap-session"
        sign_in = SignIn(users, sessions, Attempts(records))
        return cls(
            users,
            Keys(records),
            sessions,
            sign_in,
            peers,
            name if has_sessions else "",
            is_secure,
        )

    def token_of(self, caller: HTTPConnection) -> str:
        """Return the token of a request's session; empty if there is none."""
        return caller.cookies.get(self.cookie, "") if self.cookie else ""


class AccountsAuthenticator:
    """Knows people by their sessions here, and programs by their keys.

    Parameters
    ----------
    access
        Reads the records.
    """

    def __init__(self, access: Access) -> None:
        self._access = access
        self._private = frozenset({PROXY_HEADER.encode()})
        self._threads: CapacityLimiter | None = None

    async def identify(self, caller: HTTPConnection) -> Identity:
        """Return who makes a request, and take out of it what nothing else may read."""
        identity = await self._identify(caller)
        if address := self._access.peers.forwarded_address(caller):
            caller.scope["client"] = (address, 0)
        headers = caller.scope["headers"]
        caller.scope["headers"] = [pair for pair in headers if pair[0] not in self._private]
        return identity

    async def _identify(self, caller: HTTPConnection) -> Identity:
        # A key that opens nothing is not made up for by a cookie.
        if "authorization" in caller.headers:
            key = presented_key(caller.headers["authorization"])
            return await self._read(partial(self._access.keys.identify, key)) if key else PUBLIC
        return await self._person(caller)

    async def _person(self, caller: HTTPConnection) -> Identity:
        token = self._access.token_of(caller)
        return await self._read(partial(self._access.sessions.identify, token)) if token else PUBLIC

    async def _read(self, read: Callable[[], Identity | None]) -> Identity:
        if self._threads is None:
            self._threads = CapacityLimiter(_THREADS)
        return await to_thread.run_sync(read, limiter=self._threads) or PUBLIC


class ProxyAuthenticator(AccountsAuthenticator):
    """Knows people by the headers of a trusted proxy, and programs by their keys.

    Parameters
    ----------
    access
        Reads the records.
    headers
        What the proxy says.
    """

    def __init__(self, access: Access, headers: ProxyHeaders) -> None:
        super().__init__(access)
        self._proxied = ProxiedIdentities(access.peers, headers, access.users)
        self._user_header = headers.user
        self._private = headers.private

    async def _person(self, caller: HTTPConnection) -> Identity:
        if self._user_header not in caller.headers:
            return PUBLIC
        return await self._read(partial(self._proxied.identify, caller))
