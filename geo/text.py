"""Text from outside: control characters, which no name, code or value needs."""

from __future__ import annotations

import re
from typing import Final

from geo.errors import InputError

# Line breaks and tabs stand in real addresses and notes.
_CONTROL: Final = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f]")
# In JSON the others can only be written as escapes; an even number of backslashes before one means
# that the text is a backslash and a `u`.
_ESCAPED: Final = re.compile(
    rb"(?<!\\)(?:\\\\)*(?:\\b|\\f|\\u00(?:0[0-8bcBCeEfF]|1[0-9a-fA-F]|7[fF]))|\x7f"
)


def control_character(text: str) -> str:
    """Find a control character other than a line break or a tab.

    Parameters
    ----------
    text
        Any text.

    Returns
    -------
    name
        Of the first one, as in `U+0000`; '' if there is none.
    """
    match = _CONTROL.search(text)
    return f"U+{ord(match[0]):04X}" if match else ""


def refuse_control_characters(text: str, what: str) -> None:
    """Refuse a text that holds a control character.

    PostgreSQL cannot store a NUL, workbooks cannot hold any of them, and on a terminal they act.

    Parameters
    ----------
    text
        Any text.
    what
        Names it at the beginning of the message.

    Raises
    ------
    InputError
        With the character.
    """
    if name := control_character(text):
        raise InputError(f"{what} holds the control character {name}; remove it")


def refuse_control_escapes(json: bytes, what: str) -> None:
    """Refuse JSON of which a text holds a control character.

    Parameters
    ----------
    json
        Valid JSON in UTF-8.
    what
        Names it at the beginning of the message.

    Raises
    ------
    InputError
        With the escape sequence.
    """
    # Published files have no backslash at all, and the search takes seconds in 100 MB.
    if b"\\" not in json and b"\x7f" not in json:
        return
    if escape := _ESCAPED.search(json):
        name = escape[0].lstrip(b"\\").decode("ascii").replace("\x7f", "u007f")
        raise InputError(f"{what} holds the control character {name}; remove it")
