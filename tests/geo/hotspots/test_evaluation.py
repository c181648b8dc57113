"""A map is held against what came later, and gets no credit that it did not earn."""

import itertools

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from geo.errors import InputError
from geo.hotspots.evaluation import COMPARED, accuracy, compare_methods, recapture_ratio

COUNTS = st.lists(st.integers(0, 6), min_size=6, max_size=6)
AREAS = st.lists(st.integers(1, 5), min_size=6, max_size=6)


def test_a_perfect_order_has_its_published_indices():
    result = accuracy([3, 2, 1], [6, 3, 0], [1, 1, 1], expected=[3, 2, 1])
    assert result["pai"].tolist() == [2, 1.5, 1]
    assert result["pei"].tolist() == [1, 1, 1]
    assert result["predicted_over_observed"].tolist() == [3 / 6, 5 / 9, 6 / 9]


def test_a_tie_is_broken_against_the_method_as_published():
    result = accuracy([8, 4, 4, 2, 1, 0], [6, 7, 3, 2, 1, 0], np.ones(6))
    assert result["pai"][:3].round(4).tolist() == [1.8947, 1.4211, 1.6842]
    assert result["pei"][:3].round(4).tolist() == [0.8571, 0.6923, 1]
    assert result["hits"].tolist() == [6, 9, 16, 18, 19, 19]


@settings(max_examples=60, deadline=None)
@given(later=COUNTS, scores=COUNTS)
def test_pei_is_against_the_best_choice_of_as_many_equal_cells(later, scores):
    result = accuracy(scores, later, [1] * 6)
    for number in range(1, 7):
        best = max(sum(some) for some in itertools.combinations(later, number))
        expected = result["hits"][number - 1] / best if best else np.nan
        assert result["pei"][number - 1] == pytest.approx(expected, nan_ok=True)


@settings(max_examples=60, deadline=None)
@given(later=COUNTS, scores=COUNTS, area=AREAS)
def test_indices_of_unequal_cells_keep_their_bounds(later, scores, area):
    result = accuracy(scores, later, area)
    assert result["area_share"].iloc[-1] == pytest.approx(1)
    if sum(later):
        assert (result["pei"].dropna() <= 1 + 1e-12).all()
        assert result["pai"].iloc[-1] == pytest.approx(1)
        np.testing.assert_allclose(result["pai"], result["hit_rate"] / result["area_share"])
    else:
        assert result[["hit_rate", "pai", "pei"]].isna().all(axis=None)


@settings(max_examples=40, deadline=None)
@given(later=COUNTS, scores=COUNTS, area=AREAS, seed=st.integers(0, 99))
def test_neither_row_order_nor_units_matter(later, scores, area, seed):
    order = np.random.default_rng(seed).permutation(6)
    later, scores, area = np.array(later), np.array(scores), np.array(area, float)
    plain = accuracy(scores, later, area)
    other = accuracy(3 * scores[order], 2 * later[order], 100 * area[order])
    # Cells that tie in score and density may differ in size, and then in what two of them hold.
    last = ["area_share", "hit_rate", "pai"]
    np.testing.assert_allclose(plain[last].iloc[-1], other[last].iloc[-1])
    if len({*zip(scores, later / area, strict=True)}) == 6:
        np.testing.assert_allclose(plain[last], other[last])


def planted(seed: int) -> tuple[np.ndarray, np.ndarray]:
    """Counts before and after in 400 cells, a tenth of which are busy."""
    rng, mean = np.random.default_rng(seed), np.where(np.arange(400) < 40, 6, 0.5)
    return rng.poisson(mean), rng.poisson(mean)


def test_methods_stand_beside_chance_for_every_later_period_and_share():
    before, after = planted(1)
    lot = np.random.default_rng(2).random(400)
    result = compare_methods(
        {"last period": before, "lot": lot},
        {"May": after, "June": after[::-1]},
        area=np.full(400, 25.0),
        area_shares=(0.05, 0.1),
    )
    assert list(result.columns) == list(COMPARED)
    assert result["method"].tolist() == ["last period", "lot", "random"] * 4
    assert result["later"].tolist() == ["May"] * 6 + ["June"] * 6
    may = result[(result["later"] == "May") & (result["asked_share"] == 0.1)].set_index("method")
    assert may["cells"].tolist() == [40, 40, 40]
    assert may.loc["last period", "pai"] > 4
    assert may.loc["lot", "pai"] < 2
    assert may.loc["random", ["hit_rate", "pai", "n"]].tolist() == [0.1, 1, after.sum()]
    assert may.loc["random", "hits"] == pytest.approx(after.sum() / 10)


def test_chance_is_what_many_random_orders_come_to():
    _, after = planted(3)
    rng = np.random.default_rng(4)
    lots = {f"lot {number}": rng.random(400) for number in range(300)}
    result = compare_methods(lots, {"later": after}, area=np.ones(400), area_shares=(0.2,))
    by_lot, chance = result[result["method"] != "random"], result.iloc[-1]
    assert by_lot["pai"].mean() == pytest.approx(chance["pai"], abs=0.03)
    assert by_lot["pei"].mean() == pytest.approx(chance["pei"], abs=0.02)


def test_a_share_smaller_than_a_cell_takes_one_cell():
    result = compare_methods({"map": [3, 2]}, {"later": [1, 1]}, area=[1, 1], area_shares=(0.01,))
    assert result["cells"].tolist()[0] == 1
    assert result["area_share"].tolist()[0] == 0.5


def test_a_later_period_without_incidents_proves_nothing():
    result = compare_methods({"map": [3, 2]}, {"later": [0, 0]}, area=[1, 1])
    assert result[["hit_rate", "pai", "pei"]].isna().all(axis=None)


@pytest.mark.parametrize("share", [0, -0.1, 1.2])
def test_a_share_that_is_none_is_refused(share):
    with pytest.raises(
        InputError, match="is not a share of the land; choose one above 0 and up to 1"
    ):
        compare_methods({"map": [1]}, {"later": [1]}, area=[1], area_shares=(share,))


def test_the_name_of_the_baseline_is_taken():
    with pytest.raises(InputError, match="'random' is the name of the baseline"):
        compare_methods({"random": [1]}, {"later": [1]}, area=[1])


def test_recapture_is_against_what_happened_everywhere():
    assert recapture_ratio((50, 30), (200, 100)) == pytest.approx(1.2)
    assert np.isnan(recapture_ratio((0, 30), (200, 100)))
    assert np.isnan(recapture_ratio((5, 3), (200, 0)))


def test_both_indices_that_are_called_rri_stand_apart():
    result = compare_methods(
        {"count": [8, 4, 0, 0], "z": [3, 2, 1, 0]},
        {"May": [3, 1, 1, 1]},
        area=[1, 1, 1, 1],
        area_shares=(0.25, 0.5),
        earlier=[8, 4, 0, 0],
        expected={("count", "May"): [4, 2, 0, 0]},
    ).set_index(["asked_share", "method"])
    assert result.loc[(0.25, "count"), "predicted_over_observed"] == pytest.approx(4 / 3)
    assert result.loc[(0.5, "count"), "predicted_over_observed"] == pytest.approx(6 / 4)
    assert result.loc[(0.25, "count"), "recapture_ratio"] == pytest.approx((3 / 8) / (6 / 12))
    assert result.loc[(0.5, "z"), "recapture_ratio"] == pytest.approx((4 / 12) / (6 / 12))
    assert np.isnan(result.loc[(0.5, "z"), "predicted_over_observed"])
    assert result.loc[(0.5, "random"), "recapture_ratio"] == 1
