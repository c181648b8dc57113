"""Tries what a sandboxed program must not reach; the answer is a JSON list of what it did reach."""

from __future__ import annotations

import json
import socket
import sys
from pathlib import Path


def main() -> None:
    """Open the file and connect to the port that standard input names, and send it a datagram."""
    file, port = json.loads(sys.stdin.read())
    reached = []
    try:
        Path(file).read_bytes()
        reached.append("other files")
    except OSError:
        pass
    try:
        socket.create_connection(("127.0.0.1", port), timeout=1).close()
        reached.append("the network")
    except OSError:
        pass
    try:
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as datagrams:
            datagrams.sendto(b"x", ("127.0.0.1", port))
    except OSError:
        pass
    sys.stdout.write(json.dumps(reached))


if __name__ == "__main__":
    main()
