"""What is said of names that were added to find places by, at the command and on the page."""

from __future__ import annotations

from boundaries.gazetteer.index import IndexFacts


def names_lines(facts: IndexFacts) -> list[str]:
    """What a source is, and where its rows went."""
    rejected = sum(facts.rejected.values())
    second = f" ({facts.second:,} more are second names)" if facts.second else ""
    joined = f" + {facts.joined:,} parts of a name" if facts.joined else ""
    accounts = (
        f"{facts.read:,} rows read = {rejected:,} rejected + {facts.names - facts.second:,} "
        f"names{second}{joined} + {facts.postcodes:,} postcodes"
    )
    return [
        f"{facts.source}: {facts.title}",
        accounts,
        *(f"rejected: {n:,} because {reason}" for reason, n in facts.rejected.items()),
    ]
