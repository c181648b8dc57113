"""The pages of tasking: tasks, what can be done with each, and meetings."""
