"""What the tests of the contract were run on."""

import pytest

from tests.geo.stores.backends import MISSING, postgis_can_be_tried


@pytest.mark.skipif(not postgis_can_be_tried(), reason=MISSING)
def test_the_contract_is_tried_on_postgis_too(new_store):
    opened = new_store()()
    assert opened.incident_count() == 0
    opened.close()
