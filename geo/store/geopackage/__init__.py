"""The store in one GeoPackage file."""

from geo.store.geopackage.sqlite_file import is_store, make_private, remove_store
from geo.store.geopackage.store import GeoPackageStore

__all__ = ["GeoPackageStore", "is_store", "make_private", "remove_store"]
