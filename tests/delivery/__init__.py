"""Delivery: what is due leaves once, in order, and whatever the relay answers is recorded."""
