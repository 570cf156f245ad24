"""Tallies: how many letters went by which way, counted by us or said by who sent them."""
