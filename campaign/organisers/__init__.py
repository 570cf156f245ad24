"""Organisers: who has an account for the office, and how they come in."""
