"""The town of the pages of areas, whose reports these are too."""

from tests.api.areas.conftest import measured_client

__all__ = ["measured_client"]
