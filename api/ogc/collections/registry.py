"""The list of all collections: the only place that knows which kinds there are."""

from __future__ import annotations

from api.answers import Answers
from api.ogc.collections.answers import AnswerCollection
from api.ogc.collections.base import Collection
from api.ogc.collections.incidents import IncidentsCollection
from api.ogc.collections.layers import LayerCollection, PlanLayerCollection
from api.ogc.collections.plans import PlansCollection
from api.ogc.collections.tasking import tasking_collections
from geo.analyses import LAYERS


def collections_of(answers: Answers, *, local: bool) -> dict[str, Collection]:
    """Return every collection by its id, in the order of the list of collections.

    Parameters
    ----------
    answers
        Gives the snapshot whose layers and plans are listed.
    local
        Whether the caller may see collections that stay on this machine.
    """
    snapshot = answers.snapshot()
    view = snapshot.view
    every: list[Collection] = [
        *(LayerCollection(metadata, answers) for metadata in snapshot.layers()),
        *(PlanLayerCollection(plan, answers) for plan in snapshot.plan_titles()),
        *([PlansCollection(answers)] if view.plans else []),
        *(
            AnswerCollection(analysis, answers)
            for analysis in LAYERS.values()
            if view.locations or not analysis.addresses
        ),
        *tasking_collections(answers),
        IncidentsCollection(answers),
    ]
    return {one.id: one for one in every if local or not one.local_only}
