"""Chunks of an import: so many rows, laid out beside the tables and saved in one transaction."""
