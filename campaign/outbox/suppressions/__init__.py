"""Suppressions: the addresses that must not be written to, known by their hashes."""
