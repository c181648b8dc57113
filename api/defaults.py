"""What pages and collections assume where an address leaves out what an analysis needs.

Defaults that hold everywhere stand with the options, in `geo.question.model`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final

from geo.question.model import OPTIONS


@dataclass(frozen=True)
class Defaults:
    """Options that are assumed for one analysis.

    Attributes
    ----------
    note
        Says to people what is assumed.
    options
        The options that are assumed.
    unless
        With any of these options in an address, nothing is assumed.
    posts_per_area
        How many posts are assumed for each area; 0 for none.
    """

    note: str = ""
    options: Mapping[str, str] = field(default_factory=dict)
    unless: frozenset[str] = frozenset()
    posts_per_area: int = 0

    def fill(self, given: Mapping[str, str], *, areas: int) -> dict[str, str]:
        """Add what is assumed to the options of an address.

        Parameters
        ----------
        given
            The options by name.
        areas
            How many areas the layer has; 0 where there is no such layer, which is refused with
            the reason when the Question is answered.
        """
        if not given.keys().isdisjoint(self.unless):
            return dict(given)
        posts = {"posts": str(self.posts_per_area * areas)} if self.posts_per_area * areas else {}
        return {**self.options, **posts, **given}


NO_DEFAULTS: Final = Defaults()

COLLECTION_DEFAULTS: Final[Mapping[str, Defaults]] = {
    "changes": Defaults(
        "Compared with the previous period unless the Question says otherwise.",
        {"compare": "previous"},
    ),
    "patches": Defaults(
        "Two patches unless the Question says otherwise.",
        {"groups": "2"},
        unless=frozenset({"groups", "size", "members"}),
    ),
    "posts": Defaults(
        "As many posts as areas unless the Question says otherwise.",
        unless=frozenset({"posts", "money"}),
        posts_per_area=1,
    ),
}
"""By collection: clients open one without any option, to learn what it holds."""


def _only_for(analysis: str) -> frozenset[str]:
    return frozenset(option.name for option in OPTIONS if tuple(option.analyses) == (analysis,))


PAGE_DEFAULTS: Final[Mapping[str, Defaults]] = {
    "posts": Defaults(unless=_only_for("posts"), posts_per_area=2),
    "patches": Defaults(options={"size": "2-3"}, unless=_only_for("patches")),
}
"""By tab of the allocation page: it opens with an answer, whose numbers are then changed."""
