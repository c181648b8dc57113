"""Where `patchmap serve` listens: a port, with a certificate or without, or a unix socket."""

from __future__ import annotations

import os
import socket
import ssl
import stat
import sys
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Final

from api.access_settings import LOOPBACK, AccessSettings
from geo.errors import InputError

_SOCKET_MODE: Final = 0o660
"""Its owner and their group: the proxy's user is in that group."""


@dataclass(frozen=True)
class Place:
    """Where to listen.

    Attributes
    ----------
    host, port
        An address of this machine.
    path
        Of a unix socket in their place.
    certificate, key
        Files in PEM form; without them there is no TLS.
    """

    host: str = LOOPBACK[0]
    port: int = 8000
    path: Path | None = None
    certificate: Path | None = None
    key: Path | None = None

    def checked(self, access: AccessSettings) -> AccessSettings:
        """Return the settings with what follows from this place.

        Raises
        ------
        InputError
            If others could reach it and would not be known, or could be overheard.
        """
        if bool(self.certificate) != bool(self.key):
            raise InputError("--tls-cert and --tls-key belong together")
        if self.path and self.certificate:
            raise InputError("a unix socket takes no TLS; use --socket or --tls-cert, not both")
        if access.way == "local" and self.path:
            raise InputError(
                "--socket is for a proxy, and everybody behind it would have all rights; set "
                "PATCHMAP_ACCESS to accounts or proxy"
            )
        self._check_certificate()
        if self.host not in LOOPBACK and not self.path:
            self._check_host(access)
        if (self.path or self.host not in LOOPBACK) and not access.public_url:
            raise InputError(
                "set PATCHMAP_PUBLIC_URL to the address that browsers will use, such as "
                "https://patchmap.example"
            )
        return replace(access, on_socket=self.path is not None, by_tls=self.certificate is not None)

    def _check_host(self, access: AccessSettings) -> None:
        if access.way == "local":
            raise InputError(
                f"--host {self.host} is not this machine, where everybody has all rights; choose "
                f"{' or '.join(LOOPBACK)}, or set PATCHMAP_ACCESS to accounts or proxy"
            )
        if access.way == "accounts" and not self.certificate:
            raise InputError(
                f"--host {self.host} would send passwords where others can read them; add "
                "--tls-cert and --tls-key, or listen on a unix socket behind a proxy"
            )

    def _check_certificate(self) -> None:
        if not self.certificate or not self.key:
            return
        try:
            ssl.create_default_context(ssl.Purpose.CLIENT_AUTH).load_cert_chain(
                self.certificate, self.key
            )
        except (OSError, ssl.SSLError) as error:
            raise InputError(
                f"{self.certificate} and {self.key} are no certificate and key: {error}"
            ) from error

    @property
    def address(self) -> str:
        """The address, for people."""
        if self.path:
            return str(self.path)
        host = f"[{self.host}]" if ":" in self.host else self.host
        return f"{'https' if self.certificate else 'http'}://{host}:{self.port}"

    def listen(self) -> socket.socket:
        """Take the port or the socket.

        Raises
        ------
        InputError
            If it cannot be used.
        """
        return _listen_at(self.path) if self.path else listen(self.host, self.port)


def listen(host: str, port: int) -> socket.socket:
    """Take a port.

    Raises
    ------
    InputError
        If it cannot be used.
    """
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    listener = socket.socket(family, socket.SOCK_STREAM)
    if sys.platform != "win32":  # where two services could then listen on one port
        # Not to wait for the connections of a service that ended just now.
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listener.bind((host, port))
        # At once: who reads that Patchmap serves may connect, and waits until it answers.
        listener.listen()
    except OSError as error:
        listener.close()
        raise InputError(
            f"port {port} cannot be used ({error.strerror}); choose another with --port"
        ) from error
    return listener


def _listen_at(path: Path) -> socket.socket:
    if sys.platform == "win32":
        raise InputError("this system has no unix sockets; use --host and --port")
    listener = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    try:
        _remove_abandoned(path)
        # Nobody may connect before the mode is what it should be.
        earlier = os.umask(0o777 & ~_SOCKET_MODE)
        try:
            listener.bind(str(path))
        finally:
            os.umask(earlier)
        listener.listen()
    except OSError as error:
        listener.close()
        raise InputError(
            f"the socket {path} cannot be used ({error.strerror or error}); name another"
        ) from error
    return listener


def _remove_abandoned(path: Path) -> None:
    """Remove a socket on which nobody listens any more, and nothing else."""
    if not path.exists() or not stat.S_ISSOCK(path.stat().st_mode):
        return
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as other:
        try:
            other.connect(str(path))
        except ConnectionRefusedError:
            path.unlink()
