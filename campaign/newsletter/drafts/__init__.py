"""Drafts: the desk at which an issue is written, in each of its languages, and thrown away."""
