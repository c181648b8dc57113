"""For those who run the service: its figures, its processes, a check before it starts."""
