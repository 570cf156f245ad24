"""Segments: a rule finds those it means, says itself in words, and refuses what it cannot read."""
