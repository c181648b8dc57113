"""The store for many: a schema of a PostgreSQL database with PostGIS."""
