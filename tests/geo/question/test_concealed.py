"""What a reader may not see is concealed: its names, but neither its place nor its order."""

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely

from geo.question.answer import visible_codes
from geo.question.concealed import concealed, without_locations


def test_a_concealed_area_has_no_name_and_sorts_where_it_did() -> None:
    codes = ["E2", "E1", "E10", "E3", "F"]
    areas = gpd.GeoDataFrame(
        {"area_name": [f"Name {code}" for code in codes], "residents": range(5)},
        geometry=[shapely.box(i, 0, i + 1, 1) for i in range(5)],
        index=pd.Index(codes, name="area_code"),
    )
    result = concealed(areas, np.array([code == "E10" for code in codes]))

    assert (
        result["area_name"].tolist() == ["another area"] * 2 + ["Name E10"] + ["another area"] * 2
    )
    assert result.index[2] == "E10"
    assert not {"E1", "E2", "E3", "F"} & set(result.index)
    assert np.argsort(result.index.to_numpy(str)).tolist() == np.argsort(codes).tolist()
    assert result["residents"].tolist() == areas["residents"].tolist()
    assert result.index.name == "area_code"


def test_joined_codes_name_visible_areas_only() -> None:
    assert visible_codes("A;B;C", frozenset("AC")) == "A;C"
    assert visible_codes("A;B", frozenset({"A;B"})) == "A;B"
    assert visible_codes("B", frozenset("AC")) == ""


def test_location_texts_are_taken_of_hidden_incidents_alone() -> None:
    rows = pd.DataFrame({"location": pd.Categorical(["High St", "Low St", "High St"])})
    hidden = np.array([True, False, False])

    assert without_locations(rows, hidden)["location"].tolist() == ["", "Low St", "High St"]
    assert "High St" not in without_locations(rows, ~hidden | hidden)["location"].cat.categories
    assert without_locations(rows[[]], hidden).equals(rows[[]])
