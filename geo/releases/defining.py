"""Reading what a release is to be of, from texts that people write."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from geo.errors import InputError
from geo.question.store_settings import default_layer
from geo.releases.making import OPEN_SOURCES
from geo.releases.model import ALL_INCIDENTS, OPEN_LICENCE, ReleaseDefinition
from geo.store.contract import StoreReader

_MONTH = re.compile(r"\d{4}-(0[1-9]|1[0-2])")


def read_groups(lines: Iterable[str]) -> dict[str, tuple[str, ...]]:
    """Read category groups.

    Parameters
    ----------
    lines
        Each as `Name=category,category`, or a category alone; empty ones are left out.

    Returns
    -------
    Categories by the name of their group; one group of all without any line.

    Raises
    ------
    InputError
        If a name is given twice, or a group has no category.
    """
    groups: dict[str, tuple[str, ...]] = {}
    for line in filter(str.strip, lines):
        name, equals, slugs = (part.strip() for part in line.partition("="))
        categories = tuple(filter(None, map(str.strip, (slugs if equals else name).split(","))))
        if not name or not categories:
            raise InputError(f"cannot read the group {line!r}; write it as Name=category,category")
        if name in groups:
            raise InputError(f"two groups are named {name!r}")
        groups[name] = categories
    return groups or {ALL_INCIDENTS: ()}


@dataclass(frozen=True)
class ReleaseTexts:
    """What a person says of a release to be made; empty is as if not given.

    Attributes
    ----------
    release_id
        Its address.
    first, last
        Months, `YYYY-MM`.
    title
        For people; the id by default.
    layers
        Layers of areas; the store's default one if none is named.
    groups
        As `read_groups` takes them.
    sources
        Of incidents; by default all that are not open, or else the open ones.
    licence
        Of the release; the Open Government Licence by default.
    """

    release_id: str
    first: str
    last: str
    title: str = ""
    layers: Sequence[str] = ()
    groups: Sequence[str] = ()
    sources: Sequence[str] = ()
    licence: str = ""


def define(texts: ReleaseTexts, store: StoreReader) -> ReleaseDefinition:
    """Return what a release is of, with defaults for what is not given.

    Parameters
    ----------
    texts
        What is given.
    store
        Where its data is.

    Returns
    -------
    The definition.

    Raises
    ------
    InputError
        If it cannot be published.
    QuestionError
        If the store has no layer.
    """
    for month in (texts.first, texts.last):
        if not _MONTH.fullmatch(month):
            raise InputError(f"cannot read the month {month!r}; write it as 2024-01")
    return ReleaseDefinition(
        texts.release_id,
        texts.title.strip() or texts.release_id,
        tuple(texts.layers) or (default_layer(store),),
        texts.first,
        texts.last,
        read_groups(texts.groups),
        tuple(texts.sources) or _sources(store),
        texts.licence.strip() or OPEN_LICENCE,
    )


def _sources(store: StoreReader) -> tuple[str, ...]:
    every = sorted({record.source for record in store.imports()})
    if not every:
        raise InputError("there are no incidents yet; import some first")
    return tuple(name for name in every if name not in OPEN_SOURCES) or tuple(every)
