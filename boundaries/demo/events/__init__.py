"""What happens in the demo town: where, when and how often."""
