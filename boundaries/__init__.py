"""The areas, and how they might change."""
