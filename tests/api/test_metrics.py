"""What the service counts of itself, and what its log says of a request."""

from __future__ import annotations

import io
import json
import re

from fastapi.testclient import TestClient

from api.load.log import set_up
from api.load.metrics import Family, Metrics, as_text, gauge
from api.settings import user_name

# The lines of Prometheus' text format, version 0.0.4.
_LABELS = r'\{\w+="(?:[^"\\\n]|\\.)*"(?:,\w+="(?:[^"\\\n]|\\.)*")*\}'
_LINE = re.compile(rf"# (?:HELP|TYPE) \w+ .+|\w+(?:{_LABELS})? [-+0-9.e]+|\w+{_LABELS} \S+")


def value(text: str, series: str) -> float:
    (line,) = [line for line in text.splitlines() if line.startswith(f"{series} ")]
    return float(line.rpartition(" ")[2])


def test_requests_are_counted_by_the_pattern_of_their_route(town_client: TestClient) -> None:
    series = 'patchmap_requests_total{method="GET",route="/ogc/collections/{collection_id}",status='
    before = town_client.get("/metrics").text
    town_client.get("/ogc/collections/wards")
    town_client.get("/ogc/collections/nowhere-secret")
    response = town_client.get("/metrics")
    assert response.headers["content-type"].startswith("text/plain; version=0.0.4")
    text = response.text
    for status in ("200", "404"):
        was = value(before, f'{series}"{status}"}}') if f'{series}"{status}"' in before else 0
        assert value(text, f'{series}"{status}"}}') == was + 1
    assert "secret" not in text
    assert [line for line in text.splitlines() if not _LINE.fullmatch(line)] == []
    assert value(text, "patchmap_cache_limit_bytes") == 500_000_000
    assert value(text, "patchmap_cache_bytes") > 0
    assert value(text, "process_resident_memory_bytes") > 1e7


def test_a_latency_counts_in_every_class_that_holds_it() -> None:
    metrics = Metrics()
    for seconds in (0.1, 0.2, 99.0):
        metrics.count("BREW", "/", 200, seconds)
    text = as_text(metrics.families(), worker="1")
    series = 'patchmap_request_seconds_{}{{worker="1",route="/"{}}}'
    classes = {
        bound: value(text, series.format("bucket", f',le="{bound}"'))
        for bound in ("0.025", "0.1", "0.25", "60.0", "+Inf")
    }
    assert list(classes.values()) == [0, 1, 2, 2, 3]
    assert value(text, series.format("count", "")) == 3
    assert abs(value(text, series.format("sum", "")) - 99.3) < 1e-9
    assert 'method="other"' in text  # whatever callers invent makes no new series


def test_series_of_several_processes_stand_under_one_head() -> None:
    two = [gauge("files", "Open.", n, worker=str(n)) for n in (1, 2)]
    assert as_text(two) == (
        '# HELP files Open.\n# TYPE files gauge\nfiles{worker="1"} 1\nfiles{worker="2"} 2\n'
    )
    odd = Family("a", "counter", "Odd.", [("_total", (("b", 'q"\n\\'),), 1)])
    assert as_text([odd]).splitlines()[-1] == r'a_total{b="q\"\n\\"} 1'


def test_a_line_of_the_log_names_the_caller_and_no_incident(town_client: TestClient) -> None:
    written = io.StringIO()
    set_up("json", written)
    try:
        answer = town_client.get("/ogc/collections/incidents/items/police.uk%2Fx:2?limit=secret")
        town_client.head("/help")
    finally:
        set_up("errors")
    line, head = [json.loads(text) for text in written.getvalue().splitlines()]
    assert line["path"] == "/ogc/collections/incidents/items/…"
    assert (line["request_id"], line["status"]) == (
        answer.headers["x-request-id"],
        answer.status_code,
    )
    assert line["identity"] == user_name()
    assert (head["method"], head["identity"]) == ("HEAD", user_name())
    assert "secret" not in written.getvalue()
