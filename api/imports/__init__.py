"""What importing a file does, for commands and pages alike: incidents, layers, figures of areas."""
