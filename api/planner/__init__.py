"""The page on which boundaries are tried out, and what is written of a plan."""
