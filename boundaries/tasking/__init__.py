"""Tasking: what was decided where, by whom, from which Question, and what came of it."""
