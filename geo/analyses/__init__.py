"""Every kind of answer: what it is called at each door, and what works it out.

A new one is one more entry here: the command line, the collections and notebooks read this list.
"""

from __future__ import annotations

from collections.abc import Mapping

from geo.analyses import deployment, patrolling, places, proof, surfaces, times
from geo.analyses.analysis import Analysis, AnalysisResult

__all__ = ["ANALYSES", "LAYERS", "Analysis", "AnalysisResult"]

ANALYSES = (
    Analysis(
        "count",
        "area-counts",
        "Incidents by area",
        "Counts of incidents by area, and how they differ from a compared period.",
        surfaces.area_counts,
    ),
    Analysis(
        "hotspots",
        "hotspots",
        "Hotspot cells",
        "Cells over the study area, classed by Getis-Ord Gi* and an exact tail.",
        surfaces.hotspots,
    ),
    Analysis(
        "density",
        "density",
        "Density",
        "Incidents per km² at each cell's centre, by a quartic kernel.",
        surfaces.densities,
    ),
    Analysis(
        "rank",
        "ranked-hotspots",
        "Ranked hotspots",
        "Equal places that hold the most incidents, none near another, with ids that stay.",
        places.ranked,
    ),
    Analysis(
        "change",
        "changes",
        "Change by area",
        "How each area differs from the compared period, and whether beyond chance.",
        surfaces.changes,
    ),
    Analysis(
        "expected",
        "expected",
        "Expected band by area",
        "What the last month was to be expected to hold, by the same months of earlier years.",
        surfaces.expected,
        history=True,
    ),
    Analysis(
        "emerging",
        "emerging-hotspots",
        "Emerging hotspots",
        "Cells by how hot and cold their months were: new, persistent, fading and so on.",
        surfaces.emerging_hotspots,
    ),
    Analysis(
        "repeats",
        "repeat-places",
        "Repeat places",
        "Addresses and premises with more than one incident.",
        places.repeat_places,
    ),
    Analysis(
        "near-repeats",
        "",
        "Near repeats",
        "Whether incidents draw others after them, by distance and by days.",
        places.near_repeats,
    ),
    Analysis(
        "concentration",
        "",
        "Concentration",
        "How few places hold half, and four fifths, of all incidents.",
        places.concentrated,
    ),
    Analysis(
        "lorenz",
        "",
        "Lorenz curve",
        "What share of all incidents the busiest places hold, as a curve to draw.",
        places.lorenz,
    ),
    Analysis(
        "dayparts",
        "",
        "Dayparts",
        "Incidents by hour of the week, with the peak windows.",
        times.dayparts,
    ),
    Analysis(
        "evaluate",
        "",
        "Evaluation",
        "How well maps of the first months foretell the last ones, against baselines.",
        proof.evaluated,
    ),
    Analysis(
        "treatment",
        "",
        "Treatment",
        "Whether treated places fell more than the rest, and what moved next door.",
        proof.treated,
        history=True,
    ),
    Analysis(
        "posts",
        "posts",
        "Posts",
        "Officers or money shared over the areas: a floor for each, the rest by need.",
        deployment.posts,
    ),
    Analysis(
        "patches",
        "patches",
        "Patches",
        "Contiguous groups of areas under one officer each, their work in balance.",
        deployment.patches,
        searches=True,
    ),
    Analysis(
        "patrols",
        "patrols",
        "Patrols",
        "Visits to ranked places in shifts: who, where, in which order, and when.",
        patrolling.patrols,
        searches=True,
    ),
)
"""All of them, in the order in which people meet them."""

LAYERS: Mapping[str, Analysis] = {
    analysis.collection: analysis for analysis in ANALYSES if analysis.collection
}
"""Those that are layers, by the id of their collection."""
