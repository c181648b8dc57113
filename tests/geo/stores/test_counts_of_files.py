"""Files counted where they lie give the counts of a store that imported them."""

import pandas as pd
import pytest

from boundaries.layers.read import read_layer
from geo.period import Interval
from geo.question.ask import ask
from geo.question.model import Question
from geo.scale import AreaUnits, CountJob, CountResult, Part, find_parts
from geo.sources.police_uk import read_police_uk
from geo.sources.street_files import StreetFile
from geo.store.contract import LayerMetadata
from tests.geo.scale.counting import assert_same, counted_here, counted_there, scheduler_of
from tests.geo.stores.parts import put_layer

ASB = "anti-social-behaviour"
DERBY = "derby/police-uk-derbyshire.zip"
MELTON = "melton/police-uk-leicestershire-2020-11--2022-10.zip"
MELTON_MONTHS = ("2020-12", "2021-03", "2021-06", "2021-09", "2021-12", "2022-03")
"""The archive has 24, each as large as the next, and each is read six times here."""


def is_counted(one: Part | StreetFile) -> bool:
    """Whether a published month is one of those that are counted."""
    return "leicestershire" not in one.force or one.month in MELTON_MONTHS


@pytest.fixture(scope="module")
def wards(real_data, projection):
    layers = [
        read_layer(path.read_bytes(), LayerMetadata("w", file=path.name), projection=projection)
        for path in (real_data / f"{place}/wards-2025.geojson" for place in ("derby", "melton"))
    ]
    return pd.concat([layer.areas[["area_name", "geometry"]] for layer in layers]).sort_index()


@pytest.fixture(scope="module")
def parts(real_data) -> list[Part]:
    found = find_parts([real_data / DERBY, real_data / MELTON]).parts
    counted = [part for part in found if is_counted(part)]
    assert len(counted) == 9 + len(MELTON_MONTHS)
    return counted


@pytest.fixture(scope="module")
def job(wards, projection) -> CountJob:
    return CountJob(AreaUnits(wards), projection)


@pytest.fixture(scope="module")
def counted(parts, job) -> CountResult:
    return counted_there(parts, job, workers=2)


@pytest.mark.parametrize("workers", [0, 1, 4])
def test_any_number_of_workers_counts_published_archives_alike(parts, job, counted, workers):
    if not workers:
        assert_same(counted_here(parts, job), counted)
        return
    with scheduler_of(workers) as address:
        assert_same(counted_there(parts, job, scheduler=address), counted)


def test_a_cluster_counts_published_archives_as_a_store_does(
    store, real_data, projection, wards, counted
):
    put_layer(store, wards)
    for name in (DERBY, MELTON):
        with store.transaction():
            for part in read_police_uk(real_data / name, projection, wanted=is_counted):
                store.put_partition(part)
    for slugs in ((), (ASB,)):
        question = Question(period=Interval.read("2018-10/2024-04"), by="month", category=slugs)
        frame = ask(question, store).area_counts
        table = frame.pivot_table(index="area_code", columns="month", values="n")
        by_month = counted.by_month(slugs)
        assert (table == by_month[table.columns].loc[table.index]).all(axis=None)
        assert by_month.drop(columns=table.columns).isna().all(axis=None)
    accounts = ask(Question(period=Interval.read("2018-10/2024-04")), store).accounts
    sums = counted.accounts()
    assert (accounts.read, accounts.outside, accounts.counted) == tuple(
        sums[name] for name in ("read", "outside", "counted")
    )


def test_the_wards_of_derby_hold_as_many_as_an_independent_count(counted, real_data):
    frame = counted.frame()
    reference = pd.read_csv(real_data / "derby/reference-asb-by-ward.csv")
    here = frame[
        (frame["category"] == ASB) & frame["area_code"].astype(str).isin(reference.iloc[:, 1])
    ]
    assert here["n"].sum() == 6_621
