"""A tasking year of the demo city: who answers for what, what was decided, and what came of it."""
