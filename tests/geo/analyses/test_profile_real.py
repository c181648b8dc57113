"""Derby's wards held against the city without them, as an independent count gives them."""

from __future__ import annotations

from contextlib import closing
from pathlib import Path

import pandas as pd
import pytest

from boundaries.layers.read import read_layer
from geo.analyses import ANALYSES, AnalysisResult
from geo.areal.best_fit import best_fit
from geo.measures.model import entries_frame
from geo.question.ask import StoreFacts, answer
from geo.question.model import Question
from geo.question.subjects import ask_about
from geo.store.contract import LayerMetadata
from geo.store.geopackage import GeoPackageStore
from geo.store.measure_contract import TableFile

_ANALYSES = {analysis.command: analysis for analysis in ANALYSES}
ASKED = {"layer": "wards-2025", "category": "anti-social-behaviour"}


@pytest.fixture(scope="module")
def derby(derby_store: Path, real_data: Path):
    """Answers about Derby, whose wards have the residents of 2021 by best fit."""
    folder = real_data / "derby"
    store = GeoPackageStore(derby_store)
    content = (folder / "lsoa-2021.geojson").read_bytes()
    blocks = read_layer(content, LayerMetadata("lsoa-2021"), projection=store.projection).areas
    areas = store.layer("wards-2025")[1]
    people = pd.read_csv(folder / "residents-2021-lsoa-2021.csv").set_index("mnemonic")["total"]
    ward = best_fit(blocks, areas).assignment.reindex(people.index)
    areas = areas.assign(residents=people.groupby(ward.to_numpy()).sum().reindex(areas.index))
    imports, incidents = store.imports(), store.incidents()
    facts = StoreFacts(accepted=len(incidents))

    def find(command: str, **options: str) -> AnalysisResult:
        analysis = _ANALYSES[command]
        reply = answer(
            Question.read({**ASKED, **options}),
            incidents,
            areas,
            imports=imports,
            facts=facts,
            history=analysis.history,
        )
        return analysis.compute(reply)

    yield find
    store.close()


def test_derbys_wards_fare_as_published_counts_and_residents_say(derby):
    frame = derby("profile", datetime="2018-10/2019-02").frame.set_index("area_name")
    assert frame["numerator"].sum() == 4_706
    assert frame["denominator"].sum() == 261_382
    arboretum, allestree = frame.loc["Arboretum"], frame.loc["Allestree"]
    assert arboretum[["numerator", "denominator"]].tolist() == [1_118, 17_049]
    numbers = ["ratio", "lower", "upper"]
    assert arboretum[numbers].tolist() == pytest.approx([4.466, 4.172, 4.777], abs=5e-4)
    assert allestree[numbers].tolist() == pytest.approx([0.345, 0.275, 0.426], abs=5e-4)
    assert (arboretum["verdict"], allestree["verdict"]) == ("worse", "better")
    assert frame["change_verdict"].eq("").all()


def test_the_headline_counts_what_is_said(derby):
    result = derby("profile", datetime="2018-10/2019-02")
    assert result.parameters["headline"] == (
        "Of 18 comparisons, 4 are worse than the rest and 9 better; 5 show no clear difference."
    )


def test_a_centre_is_said_to_have_few_residents_for_its_incidents(derby):
    caveats = derby("profile", datetime="2018-10/2019-02").caveats
    (one,) = (text for text in caveats if text.startswith("A rate per resident"))
    assert one.endswith("that many visit: Arboretum.")


def test_narrowing_changes_no_verdict_of_derby(derby):
    whole = derby("profile", datetime="2018-10/2019-02").frame
    part = derby("profile", datetime="2018-10/2019-02", within="E05015511").frame
    own = whole[whole["area_code"] == "E05015511"].reset_index(drop=True)
    pd.testing.assert_frame_equal(pd.DataFrame(part), pd.DataFrame(own))


def test_derbys_quarters_are_unknown_where_a_month_was_not_imported(derby):
    frame = derby("track", datetime="2018-10/2019-03", by="quarter").frame
    known, unknown = (frame[frame["quarter"] == part] for part in ("2018-Q4", "2019-Q1"))
    assert known["numerator"].sum() > 2_000
    assert unknown["value"].isna().all()
    assert set(unknown["why"]) == {"no data for March 2019"}
    assert set(known["why"]) == {"nothing is known of the period before"}


def test_money_of_the_wards_of_2022_stands_where_it_went_in_2025(
    real_data: Path, tmp_path: Path
) -> None:
    rows = [
        {"entry_id": f"{round_}-{at}", "kind": "money", "day": f"2024-{month:02}-01"}
        for round_, month in ((1, 5), (2, 11))
        for at in range(17)
    ]
    with closing(GeoPackageStore(tmp_path / "derby.gpkg", create=True)) as store:
        with store.transaction():
            for layer_id in ("wards-2022", "wards-2025"):
                content = (real_data / "derby" / f"{layer_id}.geojson").read_bytes()
                metadata = LayerMetadata(layer_id)
                areas = read_layer(content, metadata, projection=store.projection).areas
                store.put_layer(metadata, areas)
            codes = [*store.layer("wards-2022")[1].index.astype(str)] * 2
            for row, code in zip(rows, codes, strict=True):
                row |= {"amount": 500_000, "state": "allocated"}
                row |= {"layer_id": "wards-2022", "area_code": code}
            store.put_entries(entries_frame(rows), TableFile("entries.csv", "", len(rows)))

        def spend(layer_id: str, period: str) -> AnalysisResult:
            question = Question.read({"layer": layer_id, "datetime": period})
            return _ANALYSES["spend"].compute(ask_about("money", question, store))

        first = spend("wards-2022", "2024-04/2024-09")
        assert first.parameters["total_allocated"] == 85_000
        assert set(first.frame["allocated"]) == {5_000}
        assert spend("wards-2022", "2024-04/2025-03").parameters["total_allocated"] == 170_000
        new = spend("wards-2025", "2024-04/2025-03")
        elsewhere = new.tables["elsewhere"]
        assert new.parameters["total_allocated"] == 170_000
        assert new.frame["allocated"].sum() + elsewhere["allocated"].sum() == 170_000
        assert 0 < len(elsewhere) < 17
        assert all(name.endswith("(not placed)") for name in elsewhere["where"])
