"""What a field is fitted to."""
