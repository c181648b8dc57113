"""What two periods have in common, and what only one of them covers."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence, Set
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from geo.coverage.knowledge import Knowledge
from geo.coverage.published import span_words

Bools = NDArray[np.bool_]

SERIES_SHARE: Final = 0.75
"""A source that covers less than this share of a series' months is no part of it."""


@dataclass(frozen=True)
class Comparison:
    """What two periods have in common.

    Attributes
    ----------
    now, before
        The months of the period and of the compared one that are compared.
    common
        The sources and categories that both cover, by territory; a territory without any is not
        compared.
    left_out
        What only one of the periods covers, in words.
    """

    now: tuple[str, ...]
    before: tuple[str, ...]
    common: Mapping[int, frozenset[tuple[str, str]]]
    left_out: tuple[str, ...]

    @classmethod
    def of(
        cls,
        knowledge: Knowledge,
        now: Sequence[str],
        before: Sequence[str],
        *,
        paired: bool = False,
    ) -> Comparison | None:
        """What two periods have in common; None where that is nothing.

        Months are those that are known of the largest territory that can be compared. Another
        territory is compared if the same months are known of it: of other months, of another
        season, its change is no measure of the others'.

        Parameters
        ----------
        knowledge
            What is known of each area.
        now, before
            The months of the period, and of the compared one.
        paired
            Whether each month is compared with the month at its place in the other period. Where
            one of the two is unknown neither counts: a month less would look like a fall.

        Returns
        -------
        The comparison, or None.
        """
        shared = {
            part: each
            for part in range(len(knowledge.territories))
            if (each := _common(knowledge.strata(part), now, before, paired=paired))
        }
        if not shared:
            return None
        months = shared[min(shared)][1:]
        common = {part: each[0] for part, each in shared.items() if each[1:] == months}
        left_out: dict[str, None] = {}
        for part, strata in common.items():
            words = _left_out(
                knowledge,
                part,
                strata,
                periods=({*now}, {*before}),
                compared=months,
                counterparts=_counterparts(now, before) if paired else {},
            )
            left_out |= dict.fromkeys(words)
        return cls(tuple(sorted(months[0])), tuple(sorted(months[1])), common, tuple(left_out))

    def compares(self, knowledge: Knowledge) -> Bools:
        """Which of n areas are compared."""
        parts = [part in self.common for part in range(len(knowledge.territories))]
        return np.array(parts, dtype=bool)[knowledge.of_area]


_Common = tuple[frozenset[tuple[str, str]], frozenset[str], frozenset[str]]


def _common(
    strata: Mapping[tuple[str, str], frozenset[str]],
    now: Sequence[str],
    before: Sequence[str],
    *,
    paired: bool,
) -> _Common | None:
    """The sources and categories that both periods cover, and the months in which all do."""
    known = {
        stratum: _paired(months, now, before) if paired else (months & {*now}, months & {*before})
        for stratum, months in strata.items()
    }
    common = {stratum: sides for stratum, sides in known.items() if all(sides)}
    while common:
        both = [
            frozenset.intersection(*(pair[side] for pair in common.values())) for side in (0, 1)
        ]
        if all(both):
            return frozenset(common), both[0], both[1]
        # No month is known of all: whatever is known of the fewest months is left out.
        fewest = min(common, key=lambda one: (len(common[one][0]) + len(common[one][1]), one))
        del common[fewest]
    return None


def _paired(
    months: frozenset[str], now: Sequence[str], before: Sequence[str]
) -> tuple[frozenset[str], frozenset[str]]:
    """Those of some months that have their counterpart among them, by period."""
    pairs = [
        pair for pair in zip(now, before, strict=True) if pair[0] in months and pair[1] in months
    ]
    return frozenset(one for one, _ in pairs), frozenset(other for _, other in pairs)


def _counterparts(now: Sequence[str], before: Sequence[str]) -> dict[str, set[str]]:
    """What each month is compared with; a month can lie in both periods."""
    others: defaultdict[str, set[str]] = defaultdict(set)
    for one, other in zip(now, before, strict=True):
        others[one].add(other)
        others[other].add(one)
    return dict(others)


@dataclass(frozen=True)
class Series:
    """What is alike over the months of a series, such as a chart of years.

    Attributes
    ----------
    strata
        The sources and categories that cover most of the series, by territory.
    months
        The months in which all of these are known, by territory; the others are gaps.
    left_out
        Sources and categories that cover too little of it, in words.
    """

    strata: tuple[frozenset[tuple[str, str]], ...]
    months: tuple[frozenset[str], ...]
    left_out: tuple[str, ...]

    @classmethod
    def of(cls, knowledge: Knowledge, months: Sequence[str]) -> Series:
        """What is alike over some months.

        A source that begins in the middle would look like a rise: it is left out. One that lacks
        a few months leaves gaps.

        Parameters
        ----------
        knowledge
            What is known of each area.
        months
            As `YYYY-MM`.

        Returns
        -------
        The comparison, or None.
        """
        chosen, known, left_out = [], [], dict.fromkeys(list[str]())
        for part in range(len(knowledge.territories)):
            strata = {one: own & {*months} for one, own in knowledge.strata(part).items()}
            longest = max(strata.values(), key=len, default=frozenset())
            alike = {
                one: own
                for one, own in strata.items()
                if own and len(own & longest) >= SERIES_SHARE * len(longest)
            }
            others = {one: own for one, own in strata.items() if own and one not in alike}
            left_out |= dict.fromkeys(_in_words(others, alike.keys()))
            chosen.append(frozenset(alike))
            known.append(frozenset.intersection(*alike.values()) if alike else frozenset[str]())
        return cls(tuple(chosen), tuple(known), tuple(left_out))


def partly_covered(knowledge: Knowledge, months: Sequence[str]) -> list[str]:
    """What is known of some months only where others are known of more: sources, else categories.

    Parameters
    ----------
    knowledge
        What is known of each area.
    months
        The months of the period, as `YYYY-MM`.

    Returns
    -------
    Names of sources, else of categories.
    """
    words: dict[str, None] = {}
    for part in range(len(knowledge.territories)):
        strata = {one: known & {*months} for one, known in knowledge.strata(part).items()}
        everything = frozenset().union(*strata.values())
        partly = {one: known for one, known in strata.items() if known < everything}
        words |= dict.fromkeys(_in_words(partly, strata.keys() - partly.keys()))
    return list(words)


def _left_out(
    knowledge: Knowledge,
    territory: int,
    strata: frozenset[tuple[str, str]],
    *,
    periods: tuple[set[str], set[str]],
    compared: tuple[frozenset[str], frozenset[str]],
    counterparts: Mapping[str, Set[str]],
) -> list[str]:
    """What is left out of a territory: sources, else categories, then months."""
    known = knowledge.strata(territory)
    either = periods[0] | periods[1]
    out = {one: known[one] & either for one in known.keys() - strata if known[one] & either}
    words = _in_words(out, strata)
    everything = frozenset().union(*(known[one] for one in strata))
    partly = sorted((everything & either) - compared[0] - compared[1])
    alone = [
        month for month in partly if everything.isdisjoint(counterparts.get(month, everything))
    ]
    reasons = {
        "no data to compare it with": alone,
        "some categories or sources lack it": sorted({*partly} - {*alone}),
    }
    return words + [f"{span_words(own)} ({reason})" for reason, own in reasons.items() if own]


def _in_words(
    out: Mapping[tuple[str, str], frozenset[str]], others: Set[tuple[str, str]]
) -> list[str]:
    """Sources and categories with the months that they cover; a source as one where it can be."""
    words = []
    for source in sorted({source for source, _ in out}):
        own = {category: months for (one, category), months in out.items() if one == source}
        if len({*own.values()}) == 1 and not any(one == source for one, _ in others):
            words.append(f"{source} ({_covers(next(iter(own.values())))})")
        else:
            words += [
                f"{category} of {source} ({_covers(months)})"
                for category, months in sorted(own.items())
            ]
    return words


def _covers(months: frozenset[str]) -> str:
    return f"covers {span_words(sorted(months))} only" if months else "covers none of it"
