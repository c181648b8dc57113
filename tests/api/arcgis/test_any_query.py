"""Whatever a layer is asked, it answers or refuses as ArcGIS does; it never fails."""

from __future__ import annotations

import os
from collections.abc import Mapping

from fastapi.testclient import TestClient
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from tests.api.arcgis.conftest import SERVER

CASES = int(os.environ.get("REQUEST_CASES", "40"))
"""How many queries are drawn; more find more."""

LAYERS = ("Land", "Incidents", "Incidents by area", "Wards of the town")
WORDS = st.sampled_from(
    [
        *("1=1", "area_name", "OBJECTID", "occurred_from", "n", "flood", '"area_code"', "nonsense"),
        *("AND", "OR", "NOT", "IN", "LIKE", "BETWEEN", "IS", "NULL", "UPPER(", "LOWER (", "N'x'"),
        *(
            "(",
            ")",
            ",",
            "=",
            "<>",
            "!=",
            "<",
            ">=",
            "-",
            "+",
            "/",
            "''",
            "'",
            "'%'",
            "'\\'",
            "''''",
        ),
        *(
            "0",
            "-1",
            "1e400",
            "99999999999999999999",
            "date '2024-01-01'",
            "timestamp '2024-02-30'",
        ),
        *("DATE 'x'", "TIMESTAMP ''", "CURRENT_DATE", "geometry", "--", ";", "½", "\u0000", "🙂"),
    ]
)
VALUES = st.one_of(
    st.sampled_from(
        [
            *(
                "*",
                "true",
                "false",
                "1",
                "0",
                "-1",
                "null",
                "null,null",
                "1,2,3",
                "9" * 30,
                "nan",
                "inf",
            ),
            *(
                "{}",
                "[]",
                "[{}]",
                "{",
                '{"wkid":4326}',
                '{"wkid":"x"}',
                "4326",
                "102100",
                "27700",
                "1",
            ),
            *(
                "0,0,1,1",
                "1,2",
                "nan,nan",
                "inf,1",
                "1e308,1e308",
                '{"x":1,"y":"NaN"}',
                '{"x":null}',
            ),
            *(
                '{"rings":[]}',
                '{"rings":[[[0,0],[1,1]]]}',
                '{"rings":[[[0,0],[1,1],[1,0],[0,1],[0,0]]]}',
            ),
            *(
                '{"points":[]}',
                '{"paths":[[[0,0]]]}',
                '{"rings":1}',
                '{"xmin":1}',
                "area_name",
                "n desc",
            ),
            *(
                "esriGeometryPoint",
                "esriGeometryPolygon",
                "esriGeometryPolyline",
                "esriGeometryMultipoint",
            ),
            *(
                "esriSpatialRelContains",
                "esriSpatialRelEnvelopeIntersects",
                "esriSpatialRelTouches",
            ),
            '[{"statisticType":"avg","onStatisticField":"OBJECTID","outStatisticFieldName":"a"}]',
            '[{"statisticType":"max","onStatisticField":"occurred_from"}]',
            '[{"statisticType":"sum","onStatisticField":"area_name"}]',
            '[{"statisticType":["count"],"onStatisticField":{"a":1}}]',
            *("geojson", "pjson", "pbf"),
        ]
    ),
    st.text(max_size=12),
)
PARAMETERS = (
    *("objectIds", "geometry", "geometryType", "spatialRel", "inSR", "outSR", "time", "outFields"),
    *("returnGeometry", "returnCountOnly", "returnIdsOnly", "returnExtentOnly", "f"),
    *("returnDistinctValues", "orderByFields", "resultOffset", "resultRecordCount"),
    *("outStatistics", "groupByFieldsForStatistics", "period", "layer"),
)


def test_every_query_is_answered_or_refused(
    service: TestClient, numbers: Mapping[str, int]
) -> None:
    @settings(
        max_examples=CASES,
        deadline=None,
        phases=[Phase.generate],
        suppress_health_check=list(HealthCheck),
        derandomize=CASES == 40,
    )
    @given(
        layer=st.sampled_from(LAYERS),
        where=st.one_of(st.just("1=1"), st.lists(WORDS, max_size=8).map(" ".join)),
        others=st.dictionaries(st.sampled_from(PARAMETERS), VALUES, max_size=4),
    )
    def asked(layer: str, where: str, others: dict[str, str]) -> None:
        address = f"{SERVER}/{numbers[layer]}/query"
        response = service.post(address, data={"where": where, **others})
        assert response.status_code == 200, (where, others)
        answer = response.json()
        if "error" in answer:
            assert answer["error"]["code"] in (400, 404)
            assert answer["error"]["message"]

    asked()
