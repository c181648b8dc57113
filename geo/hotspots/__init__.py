"""What the cells say: one file for each question asked of them, pure functions of arrays."""
