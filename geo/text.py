"""Text from outside: control characters, which no name, code or value needs."""

from __future__ import annotations

import re
from typing import Final

from geo.errors import InputError

# Line breaks and tabs stand in real addresses and notes.
_CONTROL: Final = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f]")

ONE_LINE: Final = r"^[^\x00-\x1f\x7f-\x9f]*$"
"""Pattern of a text without control characters, line breaks and tabs."""

# In JSON those before the space can only be written as escapes; an even number of backslashes
# before one means that the text is a backslash and a `u`.
_ESCAPED: Final = re.compile(
    rb"(?<!\\)(?:\\\\)*(?:\\b|\\f|\\u00(?:0[0-8bcBCeEfF]|1[0-9a-fA-F]|7[fF]|[89][0-9a-fA-F]))"
)
_PLAIN: Final = re.compile(rb"\x7f|\xc2[\x80-\x9f]")


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
    if b"\\" in json and (escape := _ESCAPED.search(json)):
        name = escape[0].lstrip(b"\\").decode("ascii")
    elif plain := _PLAIN.search(json):
        name = f"u{ord(plain[0].decode()):04X}"
    else:
        return
    raise InputError(f"{what} holds the control character {name}; remove it")


def printable(text: str, instead: str = " ") -> str:
    """Replace what cannot be printed: control characters, and spaces other than the common one.

    Parameters
    ----------
    text
        Any text.
    instead
        What takes the place of each.

    Returns
    -------
    text
        Of one line.
    """
    return "".join(letter if letter.isprintable() else instead for letter in text)
