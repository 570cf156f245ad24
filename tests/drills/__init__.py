"""Drills: what breaks in the world is broken here on purpose, and what survives is counted."""
