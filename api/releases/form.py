"""The forms of the releases' pages."""

from __future__ import annotations

from typing import Annotated, Final

from fastapi import Depends, Request

from geo.errors import InputError
from geo.releases.defining import ReleaseTexts
from geo.text import refuse_control_characters

_MOST_FIELDS: Final = 100
_LONGEST: Final = 200

Fields = dict[str, list[str]]


async def _fields(request: Request) -> Fields:
    """Read the fields of a form.

    Raises
    ------
    InputError
        If a text is too long, is a file, or holds a control character.
    """
    fields: Fields = {}
    async with request.form(max_files=0, max_fields=_MOST_FIELDS) as form:
        for name, text in form.multi_items():
            if not isinstance(text, str) or len(text) > _LONGEST:
                raise InputError(f"{name}: write {_LONGEST} characters at most")
            refuse_control_characters(text, "the form")
            fields.setdefault(name, []).append(text.strip())
    return fields


FieldsDep = Annotated[Fields, Depends(_fields)]


def release_texts(fields: Fields) -> ReleaseTexts:
    """What a form says of a release to be made."""

    def first(name: str) -> str:
        return fields.get(name, [""])[0]

    return ReleaseTexts(
        first("release_id"),
        first("first"),
        first("last"),
        title=first("title"),
        layers=tuple(fields.get("layer", ())),
        groups=tuple(filter(None, fields.get("group", ()))),
        sources=tuple(fields.get("source", ())),
        licence=first("licence"),
    )
