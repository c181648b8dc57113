"""Every answer as a page to read."""
