"""Stories of numbers that are kept."""
