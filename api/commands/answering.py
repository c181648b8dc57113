"""The command of each analysis; three of them can also count on a cluster."""

from __future__ import annotations

from collections.abc import Callable

from api.commands import clusters, questions

_WITH_MORE_OPTIONS = {
    "rank": questions.rank,
    "count": clusters.with_engine(questions.ANALYSIS["count"], clusters.area_counts),
    "hotspots": clusters.with_engine(questions.ANALYSIS["hotspots"], clusters.cells),
    "emerging": clusters.with_engine(questions.ANALYSIS["emerging"], clusters.emerging_cells),
}


def command_named(name: str) -> Callable[..., None]:
    """Return the command of an analysis.

    Parameters
    ----------
    name
        Of the command.
    """
    return _WITH_MORE_OPTIONS.get(name) or questions.command_of(questions.ANALYSIS[name])
