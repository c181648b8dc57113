"""What somebody who sees some areas only may ask of others: what their Question may name."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
import shapely
from numpy.typing import NDArray

from api.snapshot import Snapshot
from geo.errors import InputError, NotFoundError, QuestionError
from geo.hotspots.ranking import place_of
from geo.question.ask import Question
from geo.question.baseline import baseline_layer
from geo.store.contract import LayerMetadata
from geo.store.layer_ids import MATCHED, areas_among, find_layer

Bools = NDArray[np.bool_]

INSIDE: Final = 0.99
"""An area of another layer is seen if so much of it lies in the areas that somebody sees.

Boundaries of two layers that mean the same line differ by slivers.
"""


@dataclass(frozen=True)
class VisibleRows:
    """Which features of a layer somebody sees.

    Attributes
    ----------
    rows
        Whether they see each.
    crossing
        How many others lie partly in the areas that they see.
    """

    rows: Bools
    crossing: int


@dataclass(frozen=True)
class OwnAreas:
    """Somebody's own areas, which a Question may not leave where it counts anything by itself.

    Attributes
    ----------
    whole
        All of the store.
    region
        Gives their outline.
    layers
        Gives the layers of which a feature is seen.
    rows
        Gives which features of a layer are seen.
    """

    whole: Snapshot
    region: Callable[[], shapely.Geometry]
    layers: Callable[[], list[LayerMetadata]]
    rows: Callable[[str], Bools]

    def refuse_elsewhere(self, question: Question) -> None:
        """Refuse a Question that would tell what happened elsewhere.

        Raises
        ------
        QuestionError
            With the option that names such a place, or a layer of which nothing is seen.
        """
        self._refuse_study(question.study)
        if question.patrols.bases:
            self.refuse_unknown("bases", question.patrols.bases)
        terms = question.treatment
        for option, named in (("treated", terms.treated), ("control", terms.control)):
            if named:
                self._refuse_places(option, named, buffer=terms.buffer)

    def refuse_unknown(self, option: str, layer_id: str) -> None:
        """Refuse a layer that does not exist, naming those only of which something is seen.

        Parameters
        ----------
        option
            That names it.
        layer_id
            The layer.

        Raises
        ------
        QuestionError
            If nothing of it is seen.
        """
        try:
            find_layer(self.layers(), layer_id)
        except NotFoundError as error:
            raise QuestionError(option, str(error)) from error

    def _refuse_study(self, layer_id: str) -> None:
        """Refuse a study area without somebody's areas: its totals are those of others alone."""
        areas = areas_among(self.whole.layers())
        if not layer_id or not is_among(areas, layer_id) or self.rows(layer_id).all():
            return
        land = shapely.union_all(self.whole.features(layer_id)[1].geometry.to_numpy())
        own = self.region()
        if shapely.area(shapely.intersection(land, own)) < INSIDE * shapely.area(own):
            self.refuse_unknown("study", layer_id)
            raise QuestionError("study", f"{layer_id} does not cover all of your areas")

    def _refuse_places(self, option: str, named: str | tuple[str, ...], *, buffer: int) -> None:
        """Refuse places of a treatment that lie, with what is counted around them, elsewhere.

        They can be of any place and size, so their counts would be those of any address.
        """
        if named == MATCHED:
            raise QuestionError(
                option,
                "matched places can lie in areas that you do not see; name places of your own, or "
                "none for the rest of the study area",
            )
        reach = shapely.buffer(self._shapes(option, named), float(buffer))
        if not shapely.covers(self.region(), reach).all():
            raise QuestionError(
                option,
                f"some of it, or of the {buffer:,} m around it (buffer), is not in your areas; you "
                "can test places in your own areas only",
            )

    def _shapes(self, option: str, named: str | tuple[str, ...]) -> NDArray[np.object_]:
        if isinstance(named, str):
            self.refuse_unknown(option, named)
            shapes: NDArray[np.object_] = self.whole.features(named)[1].geometry.to_numpy()
            return shapes
        try:
            x, y, radius = np.array([place_of(one) for one in named], dtype=float).T
        except InputError as error:
            raise QuestionError(option, str(error)) from error
        circles: NDArray[np.object_] = shapely.buffer(shapely.points(x, y), radius)
        return circles


def is_among(layers: Sequence[LayerMetadata], layer_id: str) -> bool:
    """Tell whether there is a layer, under its own id or an earlier one.

    Parameters
    ----------
    layers
        The metadata of some layers.
    layer_id
        An id of it.
    """
    try:
        find_layer(layers, layer_id)
    except NotFoundError:
        return False
    return True


def named_layers(question: Question) -> frozenset[str]:
    """Return the ids of the layers that a Question names."""
    named = (
        question.layer,
        question.study,
        question.patrols.bases,
        question.streets.lines,
        baseline_layer(question.baseline),
        question.treatment.treated,
        question.treatment.control,
    )
    return frozenset(one for one in named if isinstance(one, str) and one)


def named_areas(question: Question) -> Iterator[tuple[str, Sequence[str]]]:
    """Yield each option that names areas of the layer, with their codes."""
    yield "within", question.within
    yield "exclude", question.need.exclude
    yield "pinned", [code for _, code in question.posts.pinned]
    yield "bridges", [code for _, ends in question.patches.bridges for code in ends]
