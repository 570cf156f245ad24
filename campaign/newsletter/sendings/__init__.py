"""Sendings: an issue's going out, to whom, when and how fast, and what became of it."""
