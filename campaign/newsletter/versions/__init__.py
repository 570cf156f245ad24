"""Versions: what an issue said each time it was saved, put back if wanted."""
