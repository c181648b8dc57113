"""Checking a release against all that was ever published, for counts under 5 that can be recovered.

What is checked are the numbers themselves. For each piece tables are shown that all agree with all
numbers of all releases and differ in that piece; they bound what an attacker can know of its count.
Tests work the bounds out by integer programming, and by trying all tables, too.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Final, NamedTuple

import numpy as np
import scipy
from numpy.typing import NDArray

from geo.disclosure.attack import TOLERANCE, Bounds, PublishedNumbers, shown_bounds
from geo.disclosure.controlled_rounding import BASE
from geo.disclosure.pieces import TableShape
from geo.releases.ledger import Ledger
from geo.releases.model import Finding, Release, ReleaseTable

_NAMED: Final = 5

Ints = NDArray[np.int64]


class CheckResult(NamedTuple):
    """What a check found.

    Attributes
    ----------
    findings
        Refusals and cautions.
    numbers, pieces
        How many published numbers were looked at, of how many pieces.
    """

    findings: tuple[Finding, ...]
    numbers: int
    pieces: int

    @property
    def passed(self) -> bool:
        """Whether the release may be approved."""
        return all(one.severity != "refused" for one in self.findings)


def check_release(
    release: Release, ledger: Ledger, published: Mapping[str, Release]
) -> CheckResult:
    """Check a draft against every release that was ever approved, also those withdrawn since.

    Parameters
    ----------
    release
        The draft.
    ledger
        As it is to be after its approval.
    published
        The earlier releases by id.

    Returns
    -------
    All findings; those of severity `refused` forbid the approval.
    """
    if not release.is_rounded:
        text = "its sources have published each incident already, so nothing is rounded"
        return CheckResult((*release.findings, Finding("caution", text)), 0, 0)
    known = {**published, release.release_id: release}
    tables = [table for name, layer in ledger.tables if (table := known[name].table(layer))]
    numbers = _numbers(tables, ledger)
    findings = [*release.findings, *_not_multiples(release)]
    own = len(ledger.tables) - len(release.tables)
    is_last = all(name == release.release_id for name, _ in ledger.tables[own:])
    if is_last and _disagree(tables[own:], ledger, own):
        findings.append(
            Finding("refused", "its tables are not those that were made; make it again")
        )
    findings += _attacked(numbers, _Cells(ledger, tables))
    return CheckResult(tuple(findings), len(numbers.values), len(ledger.pieces.values))


def _not_multiples(release: Release) -> Iterator[Finding]:
    for table in release.tables:
        known = table.values[~np.isnan(table.values)]
        if table.rounded and (known % BASE).any():
            yield Finding("refused", f"{table.title} has numbers that are no multiples of {BASE}")


def _disagree(tables: list[ReleaseTable], ledger: Ledger, first: int) -> bool:
    """Whether the tables are not the sums of the ledger's pieces."""
    for number, table in enumerate(tables, first):
        sums = ledger.pieces.table(number, table.shape.size)
        values = table.values.ravel()
        known = ~np.isnan(values)
        if (sums[known] != values[known]).any() or sums[~known].any():
            return True
    return False


def _numbers(tables: list[ReleaseTable], ledger: Ledger) -> PublishedNumbers:
    """Every number of every table: cells, and all sums that anyone could make of them."""
    rows, columns, values, size = [], [], [], 0
    for number, table in enumerate(tables):
        cells = ledger.pieces.cells[:, number]
        inside = np.flatnonzero(cells >= 0)
        counts = np.nan_to_num(table.values.ravel()).astype(np.int64)
        for labels in _margins(table.shape):
            many = int(labels.max(initial=-1)) + 1
            rows.append(size + labels[cells[inside]])
            columns.append(inside)
            values.append(np.bincount(labels, counts, minlength=many).astype(np.int64))
            size += many
    row, column = np.concatenate(rows), np.concatenate(columns)
    shape = (size, len(ledger.pieces.values))
    sums = scipy.sparse.csr_array((np.ones(len(row), np.int64), (row, column)), shape=shape)
    # An attacker who knows more than we say: that sums are as near to the truth as single cells.
    return PublishedNumbers(sums, np.concatenate(values), np.full(size, TOLERANCE))


def _margins(shape: TableShape) -> Iterator[Ints]:
    """Which sum each cell is part of: cells themselves, and sums over one to all dimensions."""
    cells = np.arange(shape.size)
    area, month, group = shape.split(cells)
    yield cells
    yield area * shape.months + month
    yield area * shape.groups + group
    yield month * shape.groups + group
    yield from (area, month, group, cells * 0)


class _Cells:
    """The pieces of a ledger, as findings name them."""

    def __init__(self, ledger: Ledger, tables: list[ReleaseTable]) -> None:
        self.values = ledger.pieces.values
        self._cells, self._tables = ledger.pieces.cells, tables

    def name(self, piece: int) -> str:
        """Its area in each layer, its month and its category group."""
        areas, months, groups = dict[str, None](), dict[str, None](), dict[str, None]()
        for cell, table in zip(self._cells[piece].tolist(), self._tables, strict=True):
            if cell >= 0:
                rest, group = divmod(cell, table.shape.groups)
                area, month = divmod(rest, table.shape.months)
                areas[table.names[area]] = months[table.months[month]] = None
                groups[table.groups[group]] = None
        return ", ".join(" and ".join(part) for part in (areas, months, groups))

    def listed(self, pieces: list[int]) -> str:
        """The names of the first ones, and how many more there are."""
        more = len(pieces) - _NAMED
        names = "; ".join(self.name(piece) for piece in pieces[:_NAMED])
        return names + (f" and {more:,} more" if more > 0 else "")

    def refusal(self, piece: int, limits: Bounds) -> Finding:
        """What is known of a piece that should not be."""
        low, high = limits
        known = f"is {low}" if low == high else f"is {low} to {high}"
        text = f"all releases together tell that the count of {self.name(piece)} {known}"
        return Finding("refused", text)


def _attacked(numbers: PublishedNumbers, cells: _Cells) -> Iterator[Finding]:
    """What all numbers together tell of small counts."""
    agree = numbers.sums @ cells.values == numbers.values
    # The protected counts agree with what is published; so do others beside them.
    low, high = shown_bounds(_those(numbers, agree), cells.values)
    for piece in np.flatnonzero((high < BASE) & ((low == high) | (low >= 1))).tolist():
        yield cells.refusal(piece, Bounds(int(low[piece]), int(high[piece])))
    yield from _taken_together(numbers, cells)
    if not agree.all():
        yield _revised(int((~agree).sum()), _those(numbers, ~agree).sums.indices, cells)


def _taken_together(numbers: PublishedNumbers, cells: _Cells) -> Iterator[Finding]:
    """Refuse where a number that was published before and today's together bound a count under 5.

    Whether data was revised in between is not known to everybody, nor is it to who reads both.
    """
    today = numbers.sums @ cells.values
    low = np.maximum(np.maximum(today, numbers.values) - TOLERANCE, 0)
    high = np.minimum(today, numbers.values) + TOLERANCE
    small = (today != numbers.values) & (low <= high) & (high < BASE)
    for at in np.flatnonzero(small & ((low == high) | (low >= 1))).tolist():
        pieces: list[int] = numbers.sums[[at]].indices.tolist()
        yield Finding(
            "refused",
            f"a number published before is {numbers.values[at]} and would be {today[at]} now: both "
            f"together tell a count of {low[at]} to {high[at]} ({cells.listed(pieces)})",
        )


def _those(numbers: PublishedNumbers, chosen: NDArray[np.bool_]) -> PublishedNumbers:
    sums = numbers.sums[np.flatnonzero(chosen)]
    return PublishedNumbers(sums, numbers.values[chosen], numbers.tolerance[chosen])


def _revised(many: int, touched: NDArray[np.integer], cells: _Cells) -> Finding:
    """Say which numbers changed because data was revised after they were published.

    A number changes only when its count has left the reach of the old one, and never between 0 and
    5; that the two would together tell a small count was refused before.
    """
    pieces: list[int] = np.unique(touched).tolist()
    names = f": {cells.listed(pieces)}" if pieces else ""
    return Finding(
        "caution",
        f"{many:,} numbers that were published before are others now, because the data was "
        f"revised{names}",
    )
