"""Suppressions for bounces: what caused each, and what waits until a person has looked."""
