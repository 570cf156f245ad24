"""Summits: the world the campaign speaks to, its meetings, its offices and who holds them."""
