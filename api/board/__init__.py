"""The tasking board and its brief."""
