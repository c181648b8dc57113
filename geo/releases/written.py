"""A release as JSON in the records of a store, and its digest."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import asdict, fields
from hashlib import sha256
from typing import Any, Final

from geo.errors import StoreError
from geo.releases.model import Accuracy, Finding, Release, ReleaseDefinition, ReleaseTable

FORMAT: Final = 1
"""Rises when an earlier version could misread a record; those without a number are of format 1."""

_DIGEST: Final = 16


def release_as_text(release: Release) -> str:
    """A release as JSON text."""
    plain = {one.name: getattr(release, one.name) for one in fields(release)}
    record = {
        "format": FORMAT,
        **plain,
        "definition": release.definition.as_dict(),
        "tables": [table.as_dict() for table in release.tables],
        "findings": [asdict(one) for one in release.findings],
        "accuracy": [asdict(one) for one in release.accuracy],
    }
    return json.dumps(record, ensure_ascii=False)


def digest(release: Release) -> str:
    """What names a release as it is: 16 hexadecimal digits, others once anything of it changes."""
    return sha256(release_as_text(release).encode()).hexdigest()[:_DIGEST]


def read_release(text: str) -> Release:
    """Read the release that `release_as_text` wrote, in this version or a later one.

    Parameters
    ----------
    text
        The JSON text. Members that this version does not know are left out.

    Returns
    -------
    The release.

    Raises
    ------
    StoreError
        If only a later version of Patchmap can read it.
    """
    record = json.loads(text)
    if record.get("format", FORMAT) > FORMAT:
        raise StoreError("a release was written by a later version of Patchmap; upgrade this one")
    known = _known(Release, record)
    return Release(**{name: _READERS.get(name, _same)(part) for name, part in known.items()})


def _known(kind: type, record: Mapping[str, Any]) -> dict[str, Any]:
    """The members of a record that a dataclass of this version has."""
    names = {one.name for one in fields(kind)}
    return {name: part for name, part in record.items() if name in names}


def _same(value: Any) -> Any:
    return value


_READERS: Final[Mapping[str, Callable[[Any], Any]]] = {
    "definition": lambda record: ReleaseDefinition.read(_known(ReleaseDefinition, record)),
    "tables": lambda many: tuple(ReleaseTable.read(_known(ReleaseTable, one)) for one in many),
    "findings": lambda many: tuple(Finding(**_known(Finding, one)) for one in many),
    "accuracy": lambda many: tuple(Accuracy(**_known(Accuracy, one)) for one in many),
    **dict.fromkeys(("attribution", "linked", "months_missing"), tuple),
}
