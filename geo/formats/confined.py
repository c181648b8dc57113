"""The start of a sandboxed program: gives up what it does not need, then runs the program.

Only `geo.formats.sandbox` starts it, as a program of its own: it imports nothing of Patchmap. Its
argument is JSON with the program's path, hard limits of the system, the folders that may be read,
and whether this process has to give up files and network by itself: where bubblewrap started it,
they are gone already.

Sources: https://docs.kernel.org/userspace-api/landlock.html (system calls, rights by version),
unshare(2), prctl(2).
"""

from __future__ import annotations

import ctypes
import json
import os
import resource
import runpy
import struct
import sys
from collections.abc import Iterable
from pathlib import Path
from typing import Any

# Numbers of system calls that are the same on every architecture.
_CREATE_RULESET, _ADD_RULE, _RESTRICT_SELF = 444, 445, 446
_ASK_VERSION = 1
_PATH_BENEATH = 1
_NO_NEW_PRIVILEGES = 38
_NEW_USER, _NEW_NETWORK = 0x10000000, 0x40000000

# Rights over files, of which each version of Landlock knows the first few.
_EXECUTE, _WRITE_FILE, _READ_FILE, _READ_FOLDER = (1 << bit for bit in range(4))
_TRUNCATE = 1 << 14
_READ = _EXECUTE | _READ_FILE | _READ_FOLDER
_OF_A_FILE = _EXECUTE | _WRITE_FILE | _READ_FILE | _TRUNCATE
_RIGHTS_BY_VERSION = {1: 13, 2: 14, 3: 15, 4: 15, 5: 16}
_TCP_VERSION = 4
_BIND_AND_CONNECT = 0b11

_libc = ctypes.CDLL(None, use_errno=True)


def main() -> None:
    """Confine this process and become the program."""
    request: dict[str, Any] = json.loads(sys.argv[1])
    if request["confine"]:
        _leave_network()
        _leave_files(readable=request["readable"], own=request["folder"])
    for name, value in request["limits"].items():
        # Hard limits, which nothing in this process can lift again.
        resource.setrlimit(getattr(resource, name), (value, value))
    sys.argv = [request["program"]]
    runpy.run_path(request["program"], run_name="__main__")


def _leave_network() -> None:
    """Move to an empty network, which needs no right where the kernel lets anybody do so."""
    if _libc.unshare(_NEW_USER | _NEW_NETWORK) < 0:
        # Nobody may be a new user in a chroot; the system's administrator needs not to be.
        _libc.unshare(_NEW_NETWORK)


def _leave_files(*, readable: Iterable[str], own: str) -> None:
    """Keep Python and the libraries readable and the program's own folder writable, by Landlock."""
    version = _libc.syscall(_CREATE_RULESET, None, 0, _ASK_VERSION)
    if version < 1:
        return
    every = (1 << _RIGHTS_BY_VERSION.get(version, 16)) - 1
    # Without a rule for them, TCP ports can be neither bound nor connected to.
    ports = _BIND_AND_CONNECT if version >= _TCP_VERSION else 0
    wanted = struct.pack("QQ", every, ports)[: 16 if ports else 8]
    ruleset = _libc.syscall(_CREATE_RULESET, wanted, len(wanted), 0)
    if ruleset < 0:
        return
    for path in readable:
        _allow(ruleset, path, _READ & every)
    _allow(ruleset, own, every)
    _libc.prctl(_NO_NEW_PRIVILEGES, 1, 0, 0, 0)
    _libc.syscall(_RESTRICT_SELF, ruleset, 0)
    os.close(ruleset)


def _allow(ruleset: int, path: str, rights: int) -> None:
    try:
        descriptor = os.open(path, os.O_PATH | os.O_CLOEXEC)
    except OSError:
        return  # a folder that other systems have
    try:
        if not Path(path).is_dir():
            rights &= _OF_A_FILE
        rule = struct.pack("=Qi", rights, descriptor)
        _libc.syscall(_ADD_RULE, ruleset, _PATH_BENEATH, rule, 0)
    finally:
        os.close(descriptor)


if __name__ == "__main__":
    main()
