"""Where the program `patchmap` starts: how it ends when a person or the system stops it."""

from __future__ import annotations

import signal
import sys
from types import FrameType

INTERRUPTED = 130
"""The exit code after Ctrl-C, as shells give it: 128 and the signal's number."""

TERMINATED = 143


def main() -> None:
    """Run the command line; Ctrl-C and a plain `kill` end it without a traceback."""
    # By default Python would end at once, and leave half-written files behind.
    signal.signal(signal.SIGTERM, _terminate)
    try:
        # Inside, because loading takes a second or two in which somebody may press Ctrl-C.
        from api.cli import main as run  # noqa: PLC0415 - see above
        from api.settings import leave_large_pages  # noqa: PLC0415 - see above

        leave_large_pages()
        run()
    except KeyboardInterrupt:
        sys.exit(INTERRUPTED)


def _terminate(_number: int, _frame: FrameType | None) -> None:
    sys.exit(TERMINATED)


if __name__ == "__main__":
    main()
