"""What every store promises, whether a file or a database server holds it.

Changes are made inside `transaction()`: all of them happen or none, and a reader sees the store
as it was before or as it is after. Every change raises the counter of its subject, so a data
version names one state of a store.
"""

from __future__ import annotations

from typing import Protocol

from geo.store.contract.imports import (
    Change,
    ImportReader,
    ImportRecord,
    ImportState,
    ImportStore,
    Window,
)
from geo.store.contract.layers import (
    LayerMetadata,
    LayerReader,
    LayerStore,
)
from geo.store.contract.plans import PlanReader, PlanRecord, PlanStore, PlanSummary
from geo.store.contract.settings import Setting, SettingReader, SettingStore
from geo.store.contract.versions import DataVersion, Subject, VersionReader, VersionStore

__all__ = [
    "Change",
    "DataVersion",
    "ImportRecord",
    "ImportState",
    "LayerMetadata",
    "PlanRecord",
    "PlanSummary",
    "Setting",
    "Store",
    "StoreReader",
    "Subject",
    "Window",
]


class StoreReader(VersionReader, LayerReader, ImportReader, PlanReader, SettingReader, Protocol):
    """What can be read. Frames are in the store's working CRS, in metres."""


class Store(StoreReader, VersionStore, LayerStore, ImportStore, PlanStore, SettingStore, Protocol):
    """What can be read and changed."""
