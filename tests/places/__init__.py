"""Places: cities are found by the names people type, and distances are right."""
