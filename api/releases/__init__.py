"""Releases: pages and files for the public, and where they are made and approved."""
