"""Imports: people in files come in as the file says, and nobody who left comes back with one."""
