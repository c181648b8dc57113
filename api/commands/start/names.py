"""Which authority and which force are meant: by name or code, with close spellings suggested."""

from __future__ import annotations

import re
import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from difflib import get_close_matches
from typing import Final, TypeVar

import typer

from api.commands.start.forces import FORCES
from api.text_tables import listed
from geo.errors import InputError

Value = TypeVar("Value")

AUTHORITY_CODE: Final = re.compile(r"(E0[6-9]|W06|S12|N09)\d{6}")
"""GSS codes of districts, boroughs and unitary authorities."""

_CLOSE = 0.5  # least likeness of a spelling that is suggested, of 1
_TITLES = re.compile(
    r"\b(london borough|royal borough|city|county|borough|district|council|police|constabulary|"
    r"service|the|of|and)\b|[^a-z ]"
)


@dataclass(frozen=True)
class Authority:
    """A council's district: its GSS code ('' where no file names it) and its name."""

    code: str
    name: str

    def __str__(self) -> str:
        """The name, with the code after it."""
        return f"{self.name} ({self.code})" if self.code else self.name


def authority_named(text: str, known: Mapping[str, str], *, place: str) -> Authority:
    """Find an authority by its name or code.

    Parameters
    ----------
    text
        What was given.
    known
        Name by code.
    place
        Where the known ones stand, for the message.

    Raises
    ------
    InputError
        If none or several are named so; close spellings are suggested.
    """
    if text.upper() in known:
        return Authority(text.upper(), known[text.upper()] or text.upper())
    codes = _named(text, known)
    if len(codes) == 1:
        return Authority(codes[0], known[codes[0]])
    if codes:
        choices = ", ".join(f"{known[code]} ({code})" for code in codes)
        raise InputError(f"--authority {text!r} can be {choices}; give the code of one")
    raise InputError(
        f"--authority {text!r}: {place} names no such authority{_suggestion(text, known)}"
    )


def force_named(text: str, known: Mapping[str, str] = FORCES) -> str:
    """Find the id of a force by its id or name.

    Raises
    ------
    InputError
        If there is none; close spellings are suggested.
    """
    if text.lower() in known:
        return text.lower()
    ids = _named(text, known)
    if len(ids) == 1:
        return ids[0]
    by_id = {name: name for name in known}
    raise InputError(
        f"--force {text!r} is no force of data.police.uk{_suggestion(text, by_id, most=44)}"
    )


def given_or_asked(
    text: str, option: str, question: str, choices: Mapping[str, str], *, ask: bool
) -> str:
    """Return what an option gives, else what a person at the terminal answers.

    Parameters
    ----------
    text
        What the option gives; '' where it was not given.
    option
        Its name, with an example.
    question
        What the person is asked.
    choices
        Name by code or id, of what the downloads hold.
    ask
        Whether a person may be asked.

    Raises
    ------
    InputError
        If it was not given, and nobody may be asked.
    """
    names = sorted({name or code for code, name in choices.items()})
    if text:
        return text
    if not ask:
        there = f"; the downloads hold: {listed(names)}" if names else ""
        raise InputError(f"{option.split(maxsplit=1)[0]} is missing; add {option}{there}")
    if len(names) > 1:
        typer.echo(f"The downloads hold: {listed(names, most=12)}")
    answer: str = typer.prompt(question, default=names[0] if len(names) == 1 else None)
    return answer.strip()


def until_known(
    read: Callable[[str], Value], text: str, again: Callable[[], str], *, ask: bool
) -> Value:
    """Read an answer, and ask again until it can be read; what an option gave is read once."""
    while True:
        try:
            return read(text)
        except InputError as error:
            if not ask:
                raise
            typer.echo(f"{error}".partition(": ")[2] or f"{error}")
            text = again()


def can_ask(*, json: bool) -> bool:
    """Whether a person sits at the terminal."""
    return sys.stdin.isatty() and sys.stdout.isatty() and not json


def _named(text: str, known: Mapping[str, str]) -> list[str]:
    """The keys of a name: as it is spelled, else without titles such as City or Police."""
    exact = [key for key, name in known.items() if name.casefold() == text.casefold()]
    plain = _plain(text)
    return exact or [key for key, name in known.items() if plain and _plain(name) == plain]


def _plain(name: str) -> str:
    return " ".join(_TITLES.sub(" ", name.casefold().replace("-", " ")).split())


def _suggestion(text: str, known: Mapping[str, str], *, most: int = 5) -> str:
    names = sorted({name for name in known.values() if name})
    by_plain = {_plain(name): name for name in names}
    close = get_close_matches(_plain(text), by_plain, n=3, cutoff=_CLOSE)
    if close:
        return f"; did you mean {' or '.join(by_plain[plain] for plain in close)}?"
    return f"; choose from: {listed(names, most=most)}" if names else ""
