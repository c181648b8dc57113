"""The settings that say who may reach the service, by which address, and how they are known."""

from __future__ import annotations

import re
import stat
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final, Literal, get_args
from urllib.parse import urlsplit

from geo.errors import InputError

Way = Literal["local", "accounts", "proxy"]
"""How callers are known: as this machine's user, by accounts here, or by a proxy."""

LOOPBACK: Final = ("127.0.0.1", "localhost", "::1")

_LEAST_SECRET: Final = 32
_HEADER: Final = re.compile(r"[a-z0-9-]{1,64}")
_PREFIX: Final = re.compile(r"(/[A-Za-z0-9._~-]+)*")
_DEFAULT_PORTS: Final = {"http": 80, "https": 443}


@dataclass(frozen=True)
class PublicUrl:
    """The address by which browsers reach the service.

    Attributes
    ----------
    scheme
        `http` or `https`.
    netloc
        Host and port, as browsers write them: without the port that the scheme implies.
    prefix
        The path that all addresses begin with, without a slash at its end; mostly empty.
    """

    scheme: str
    netloc: str
    prefix: str = ""

    @classmethod
    def parse(cls, text: str) -> PublicUrl:
        """Read an address.

        Raises
        ------
        InputError
            If it is none, or has a user, a query or a fragment.
        """
        message = f"PATCHMAP_PUBLIC_URL={text!r} is not an address such as https://maps.example"
        try:
            parts = urlsplit(text)
            port = parts.port
        except ValueError as error:
            raise InputError(message) from error
        prefix = parts.path.rstrip("/")
        plain = not (parts.query or parts.fragment or "@" in parts.netloc)
        if (
            not (plain and parts.hostname and _PREFIX.fullmatch(prefix))
            or parts.scheme not in _DEFAULT_PORTS
            or {".", ".."} & set(prefix.split("/"))
        ):
            raise InputError(message)
        host = f"[{parts.hostname}]" if ":" in parts.hostname else parts.hostname
        implied = port is None or port == _DEFAULT_PORTS[parts.scheme]
        return cls(parts.scheme, host if implied else f"{host}:{port}", prefix)

    @property
    def origin(self) -> str:
        """As browsers name it where a page makes a request."""
        return f"{self.scheme}://{self.netloc}"

    @property
    def is_local(self) -> bool:
        """Whether it is an address of this machine alone."""
        return (urlsplit(self.origin).hostname or "") in LOOPBACK

    def __str__(self) -> str:
        return self.origin + self.prefix


@dataclass(frozen=True)
class ProxySettings:
    """What the service believes of an authenticating proxy.

    Attributes
    ----------
    secret_file
        `PATCHMAP_PROXY_SECRET_FILE`: holds what it sends as `X-Patchmap-Proxy-Secret`; None
        where it reaches the service by a unix socket.
    user_header, groups_header
        `PATCHMAP_PROXY_USER_HEADER` and `PATCHMAP_PROXY_GROUPS_HEADER`, in small letters.
    roles
        `PATCHMAP_PROXY_ROLES`: the roles that groups give.
    """

    secret_file: Path | None = None
    user_header: str = "x-forwarded-user"
    groups_header: str = "x-forwarded-groups"
    roles: str = ""

    def read_secret(self) -> str:
        """Return the secret; empty if there is none. Only who serves can read its file.

        Raises
        ------
        InputError
            If the file cannot be read, is not private, or holds too little.
        """
        return _secret(self.secret_file) if self.secret_file else ""


@dataclass(frozen=True)
class AccessSettings:
    """Who may reach the service, and how they are known.

    Attributes
    ----------
    way
        `PATCHMAP_ACCESS`: `local`, `accounts` or `proxy`.
    public_url
        `PATCHMAP_PUBLIC_URL`; None for the address that the service listens on.
    proxy
        What is believed of a proxy.
    on_socket
        Whether the service listens on a unix socket, by `serve --socket`.
    by_tls
        Whether it listens with a certificate, by `serve --tls-cert`.
    """

    way: Way = "local"
    public_url: PublicUrl | None = None
    proxy: ProxySettings = field(default_factory=ProxySettings)
    on_socket: bool = False
    by_tls: bool = False

    @classmethod
    def read(cls, environment: Mapping[str, str]) -> AccessSettings:
        """Read and check them.

        Raises
        ------
        InputError
            If one is invalid, or they do not fit each other.
        """
        address = environment.get("PATCHMAP_PUBLIC_URL", "")
        made = cls(
            _way(environment.get("PATCHMAP_ACCESS") or "local"),
            PublicUrl.parse(address) if address else None,
            _proxy(environment),
        )
        if made.way == "local" and made.public_url and not made.public_url.is_local:
            raise InputError(
                f"PATCHMAP_PUBLIC_URL={address} is not this machine, and everybody would have all "
                "rights; set PATCHMAP_ACCESS to accounts or proxy"
            )
        return made

    @property
    def prefix(self) -> str:
        """The path that all addresses begin with; mostly empty."""
        return self.public_url.prefix if self.public_url else ""

    @property
    def is_secure(self) -> bool:
        """Whether browsers reach the service by TLS alone."""
        return self.public_url.scheme == "https" if self.public_url else self.by_tls


def _way(text: str) -> Way:
    ways: tuple[Way, ...] = get_args(Way)
    for way in ways:
        if text == way:
            return way
    raise InputError(f"PATCHMAP_ACCESS={text!r} is unknown; choose local, accounts or proxy")


def _proxy(environment: Mapping[str, str]) -> ProxySettings:
    secret_file = environment.get("PATCHMAP_PROXY_SECRET_FILE", "")
    defaults = ProxySettings()
    return ProxySettings(
        Path(secret_file) if secret_file else None,
        _header(environment, "PATCHMAP_PROXY_USER_HEADER", defaults.user_header),
        _header(environment, "PATCHMAP_PROXY_GROUPS_HEADER", defaults.groups_header),
        environment.get("PATCHMAP_PROXY_ROLES", ""),
    )


def _header(environment: Mapping[str, str], name: str, default: str) -> str:
    header = (environment.get(name) or default).lower()
    # These every client may send, and a proxy passes them on as they are.
    if not _HEADER.fullmatch(header) or header in ("host", "cookie", "authorization", "accept"):
        raise InputError(f"{name}={header!r} is no name of a header that a proxy sets")
    return header


def _secret(path: Path) -> str:
    try:
        mode = path.stat().st_mode
        secret = path.read_text(encoding="ascii").strip()
    except (OSError, UnicodeDecodeError) as error:
        raise InputError(f"PATCHMAP_PROXY_SECRET_FILE={path} cannot be read: {error}") from error
    if stat.S_IMODE(mode) & stat.S_IRWXO:
        raise InputError(f"every user can read {path}; run: chmod 640 {path}")
    if len(secret) < _LEAST_SECRET or not re.fullmatch(r"[!-~]+", secret):
        raise InputError(
            f"{path} must hold one line of {_LEAST_SECRET} or more letters and digits; "
            "make one with: openssl rand -hex 32"
        )
    return secret
