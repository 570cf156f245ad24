"""Lanes: the ways mail takes, to the relay, of an issue, to a domain; their pace, their rests."""
