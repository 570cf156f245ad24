"""Imports: people taken over from a file, their consent with them, and what was refused of it."""
