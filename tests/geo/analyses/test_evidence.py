"""An allocation says when it rests on too little, and what nobody entered."""

import pytest

from geo.analyses.evidence import too_little


@pytest.mark.parametrize(("n", "of"), [(30, 1), (30, 6), (100, 20)])
def test_enough_incidents_need_no_warning(n, of):
    assert too_little(n, of, "places") == ""


@pytest.mark.parametrize(("n", "of", "needed"), [(2, 2, 30), (29, 6, 30), (99, 20, 100)])
def test_too_few_are_named_with_their_number(n, of, needed):
    warning = too_little(n, of, "places")
    assert warning.startswith(f"Too little to plan on: this rests on {n} incidents in {of} places")
    assert f"and {needed} or more are needed" in warning
