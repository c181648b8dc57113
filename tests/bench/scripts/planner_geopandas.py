"""The rival's service: the same page and store, each step reckoned from nothing by geopandas."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import geopandas as gpd
import pandas as pd
import uvicorn

from api.app import make_app
from api.load.memory import MemoryBudget
from api.load.turns import Turns
from api.planner import sessions
from api.settings import Settings
from boundaries.plans.draft import Draft
from boundaries.plans.electoral import electoral_variance
from geo.store.geopackage import GeoPackageStore

MOST_BYTES = 10**9
ADDED = ["residents", "electors", "electors_forecast"]


class Recomputed:
    """The measures of a plan, each step's from the blocks and the points."""

    def __init__(self, draft: Draft) -> None:
        answer = draft.figures.answer
        assert answer is not None
        places = gpd.points_from_xy(answer.counted["x"], answer.counted["y"])
        self.points = gpd.GeoDataFrame(geometry=places, crs=draft.blocks.crs)
        self.blocks = draft.block_layer.areas[[*ADDED, "geometry"]]

    def frame(self, draft: Draft) -> pd.DataFrame:
        measures = draft.measures
        blocks = self.blocks.assign(ward=draft.plan.now.assigned)
        wards = blocks[blocks["ward"] != ""].dissolve("ward", aggfunc="sum")
        joined = gpd.sjoin(self.points, wards[["geometry"]], predicate="intersects")
        counts = joined[~joined.index.duplicated()].groupby("ward").size()
        frame = measures.frame.copy()
        frame[ADDED] = wards[ADDED].reindex(frame.index).astype(float)
        frame["incidents"] = counts.reindex(frame.index, fill_value=0).astype(float)
        for electors, ending in (("electors", ""), ("electors_forecast", "_forecast")):
            average = frame[electors].sum() / frame["members"].sum()
            columns = electoral_variance(frame[electors], frame["members"], average=average)
            frame[f"variance_percent{ending}"] = columns["variance_percent"]
        frame["area_km2"] = wards.area.reindex(frame.index) / 1e6
        return frame


class RecomputingSessions(sessions.PlanSessions):
    """Takes and saves steps as the service does, and then reckons everything again."""

    recomputed: Recomputed | None = None

    def step(self, plan_id: str, step: Any, question: Any) -> dict[str, Any]:
        change = super().step(plan_id, step, question)
        draft = self.get(plan_id, question).draft
        self.recomputed = self.recomputed or Recomputed(draft)
        frame = self.recomputed.frame(draft)
        rows = frame.astype(object).where(frame.notna(), None).to_dict("index")
        return change | {"rows": {code: rows[code] for code in change["rows"]}}


def main(store: str, port: int) -> None:
    app = make_app(GeoPackageStore(Path(store)), Settings())
    app.state.plan_sessions = RecomputingSessions(
        GeoPackageStore(Path(store)), Turns(1), MemoryBudget(MOST_BYTES)
    )
    uvicorn.run(app, host="127.0.0.1", port=port, log_level="warning")


if __name__ == "__main__":
    main(sys.argv[1], int(sys.argv[3]))
