"""Checks titles and notes for what would lead to a person: tasks are about places."""

from __future__ import annotations

from typing import Final

from geo.errors import InputError
from geo.personal_texts import personal_part

HINT: Final = (
    "Write roles and places, not names of people, telephone numbers or house numbers. Not every "
    "name is noticed."
)
"""Stands beside every field of text."""


_FIELDS: Final = {
    "label": "name of the place",
    "place": "name of the place",
    "roles": "list of who takes part",
    "to": "field of whom it goes to",
}
"""What a field of text is called in a sentence, where that is not its name."""


def personal_words(name: str, part: str) -> str:
    """That a text seems to lead to a person, and what to do.

    Parameters
    ----------
    name
        Of its field.
    part
        From `geo.personal_texts.personal_part`.

    Returns
    -------
    A sentence without its capital and full stop.
    """
    what = _FIELDS.get(name, name.replace("_", " "))
    return (
        f"the {what} seems to hold {part}; write roles and places, or confirm that it names nobody"
    )


def check_texts(**texts: str) -> None:
    """Refuse texts that would lead to a person.

    Parameters
    ----------
    texts
        By the name of the field.

    Raises
    ------
    InputError
        For the first of them, with what it seems to hold. A person decides whether that is so.
    """
    for name, text in texts.items():
        if part := personal_part(text):
            raise InputError(personal_words(name, part))
