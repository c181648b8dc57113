"""Releases: fixed sets of protected tables for the public, made once and served as they are."""
