"""Throttles: how fast mail goes to the relay, of an issue, to a domain; a break after trouble."""
