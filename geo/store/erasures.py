"""Which incidents were erased, known by keyed hashes alone.

The key lies beside the hashes: whoever holds both a store and an id can tell whether that incident
was erased, as they could by importing it. The hashes alone give no id or place away.
"""

from __future__ import annotations

import hmac
import json
import secrets
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import astuple, replace
from types import MappingProxyType
from typing import Final

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from geo.incidents import REJECT_COLUMNS, Batch, Partition
from geo.lookup import are_among
from geo.store.backend import Tables
from geo.store.contract import Erasure

ERASED: Final = "erased"
"""Why an import rejects a row that was erased, and counts it as read."""

_FIELDS: Final = tuple(Erasure.__dataclass_fields__)
_CONTENT: Final = ("category", "occurred_from", "occurred_to", "location", "reference")


def read_erasures(tables: Tables) -> list[Erasure]:
    """Return all erasures that a database holds, the first one first."""
    rows = tables.rows(f"SELECT {', '.join(_FIELDS)} FROM patchmap_erasures")
    return sorted((Erasure(*row) for row in rows), key=lambda one: (one.erased_at, one.id_hash))


def add_erasures(tables: Tables, erasures: Iterable[Erasure]) -> None:
    """Add erasures, of which those that are known already stay as they are.

    Parameters
    ----------
    tables
        Of a store or its records, inside a transaction.
    erasures
        What was erased.
    """
    marks = ", ".join("?" * len(_FIELDS))
    for one in erasures:
        tables.execute(
            f"INSERT INTO patchmap_erasures ({', '.join(_FIELDS)}) VALUES ({marks})"
            " ON CONFLICT (source, kind, id_hash, content_hash) DO NOTHING",
            *astuple(one),
        )


def erasure_of(
    source: str,
    incident_id: str,
    content: pd.DataFrame,
    *,
    key: str,
    facts: Erasure,
) -> Erasure:
    """Return the erasure of one incident.

    Parameters
    ----------
    source, incident_id
        The incident.
    content
        Its row, as an incident frame of one row.
    key
        Of the hashes, in hexadecimal digits.
    facts
        Who erased it, when and why.

    Returns
    -------
    The erasure, which has the hashes and the key.
    """
    return replace(
        facts,
        id_hash=id_hash(key, source, incident_id),
        content_hash=content_hashes(key, content)[0],
        key=key,
        source=source,
    )


def new_key() -> str:
    """Return a key for the hashes of a store's erasures."""
    return secrets.token_hex(32)


def id_hash(key: str, source: str, incident_id: str) -> str:
    """Return the keyed hash of an incident's id.

    Parameters
    ----------
    key
        In hexadecimal digits.
    source, incident_id
        The incident.

    Returns
    -------
    HMAC-SHA-256 in hexadecimal digits.
    """
    return _digest(key, ["id", source, incident_id])


def content_hashes(key: str, incidents: pd.DataFrame) -> list[str]:
    """Return the keyed hash of what happened, when and where, of each of n incidents.

    Parameters
    ----------
    key
        In hexadecimal digits.
    incidents
        An incident frame.

    Returns
    -------
    n × HMAC-SHA-256 in hexadecimal digits.
    """
    texts = [_json_texts(incidents[name]) for name in ("source", *_CONTENT)]
    # To the centimetre: the same file gives the same metres.
    places = [_json_texts(incidents[name].round(2)) for name in ("x", "y")]
    secret = bytes.fromhex(key)
    return [
        _digest_of_text(secret, f'["content", {", ".join(row)}]')
        for row in zip(*texts, *places, strict=True)
    ]


class ErasedRows:
    """Finds erased rows among those of one import.

    Parameters
    ----------
    erasures
        All that the store knows, or all that are of the same content as some.
    source
        Of the rows.
    keyed
        Whether rows have ids of their own: they are known by these. What was erased while the
        source had none is known by its content; several rows can be alike, and each such erasure
        is of one of them.
    taken
        How many rows of each content hash the import has lost before.
    """

    def __init__(
        self,
        erasures: Iterable[Erasure],
        source: str,
        *,
        keyed: bool,
        taken: Mapping[str, int] = MappingProxyType({}),
    ) -> None:
        self._ids: dict[str, set[str]] = {}
        self._left: dict[str, Counter[str]] = {}
        self._lines: set[tuple[str, str]] = set()
        self._taken = Counter(taken)
        for one in erasures:
            if one.source != source:
                continue
            if keyed and one.kind == "id":
                self._ids.setdefault(one.key, set()).add(one.id_hash)
                continue
            self._left.setdefault(one.key, Counter())[one.content_hash] += 1
            self._lines.add((one.id_hash, one.content_hash))
        for left in self._left.values():
            left.subtract({known: n for known, n in taken.items() if known in left})

    @property
    def taken(self) -> dict[str, int]:
        """How many rows of each content hash the import has lost, now with those found."""
        return dict(self._taken)

    def among(self, incidents: pd.DataFrame) -> NDArray[np.bool_]:
        """Tell which rows are erased.

        Parameters
        ----------
        incidents
            The next n rows, as an incident frame.

        Returns
        -------
        n flags.
        """
        erased = np.zeros(len(incidents), dtype=bool)
        for key, ids in self._ids.items():
            erased |= np.array([known in ids for known in _id_hashes(key, incidents)], dtype=bool)
        matches = [(left, self._alike(key, left, incidents)) for key, left in self._left.items()]
        # First the very lines that were named, by whichever key; then others that say the same.
        named = np.zeros(len(incidents), dtype=bool)
        for left, alike in matches:
            for position, (known, is_named) in alike.items():
                if is_named and not erased[position] and left[known] > 0:
                    self._take(left, known)
                    named[position] = True
        erased |= named
        for left, alike in matches:
            for position, (known, _) in alike.items():
                if not erased[position] and left[known] > 0:
                    self._take(left, known)
                    erased[position] = True
        return erased

    def _alike(
        self, key: str, left: Counter[str], incidents: pd.DataFrame
    ) -> dict[int, tuple[str, bool]]:
        """The rows whose content was erased, by position: its hash, and whether by this line."""
        if not any(n > 0 for n in left.values()):
            return {}
        known = content_hashes(key, incidents)
        positions = [position for position, one in enumerate(known) if left[one] > 0]
        ids = _id_hashes(key, incidents.iloc[positions])
        return {
            position: (known[position], (own, known[position]) in self._lines)
            for position, own in zip(positions, ids, strict=True)
        }

    def _take(self, left: Counter[str], known: str) -> None:
        left[known] -= 1
        self._taken[known] += 1

    def rejected_from(self, batch: Batch, partition: Partition) -> Batch:
        """Return a batch whose erased rows are rejected: counted, and without what they say.

        Parameters
        ----------
        batch
            Of the partition.
        partition
            What is imported.

        Returns
        -------
        The batch; the same one where no row of it is erased.
        """
        if not (self._ids or self._left):
            return batch
        rows = batch.accepted
        if batch.placeless is not None:
            rows = pd.concat([rows, batch.placeless], ignore_index=True)
        gone = self.among(rows)
        if not gone.any():
            return batch
        ids = rows["incident_id"][gone]
        lines = [_line(str(own)) for own in ids]
        erased, without = np.split(gone, [len(batch.accepted)])
        empty = [("",) * len(partition.fields)] * len(lines)
        turned = pd.DataFrame(
            {"line": lines, "reason": ERASED, "row": empty}, columns=list(REJECT_COLUMNS)
        )
        rejected = turned if batch.rejected.empty else pd.concat([batch.rejected, turned])
        placeless, lives = batch.placeless, batch.lives
        return replace(
            batch,
            accepted=batch.accepted[~erased].reset_index(drop=True),
            rejected=rejected.reset_index(drop=True),
            placeless=None if placeless is None else placeless[~without].reset_index(drop=True),
            lives=None if lives is None else lives[~are_among(lives.index, ids)],
        )


def candidates(source: str, incident_id: str) -> Sequence[str]:
    """Return the ids that an incident may have in a store.

    Parameters
    ----------
    source, incident_id
        As people name them.

    Returns
    -------
    The id itself, and with the source before it.
    """
    return incident_id, f"{source}:{incident_id}", f"{source}/{incident_id}"


def _line(incident_id: str) -> int:
    tail = incident_id.rpartition(":")[2]
    return int(tail) if tail.isascii() and tail.isdigit() and len(tail) < 10 else 0


def _id_hashes(key: str, incidents: pd.DataFrame) -> list[str]:
    pairs = zip(incidents["source"].astype(str), incidents["incident_id"], strict=True)
    return [id_hash(key, source, str(own)) for source, own in pairs]


def _json_texts(column: pd.Series) -> NDArray[np.object_]:
    """The values as JSON texts; each different one is written once, as most are repeated."""
    if isinstance(column.dtype, pd.DatetimeTZDtype):
        # Another row's fraction of a second would change how all are written.
        column = column.dt.as_unit("s")
    codes, values = pd.factorize(column, use_na_sentinel=False)
    texts = [json.dumps(text, ensure_ascii=False) for text in pd.Series(values).astype(str)]
    return np.array(texts, dtype=object)[codes]


def _digest(key: str, parts: list[str]) -> str:
    return _digest_of_text(bytes.fromhex(key), json.dumps(parts, ensure_ascii=False))


def _digest_of_text(key: bytes, text: str) -> str:
    return hmac.digest(key, text.encode("utf-8", "surrogatepass"), "sha256").hex()
