"""The store in a PostGIS database. Importing it imports psycopg: do so only where it is needed."""

from geo.store.postgis.store import PostgisStore

__all__ = ["PostgisStore"]
