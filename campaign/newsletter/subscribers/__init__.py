"""Subscribers: how readers come, what they choose, how they leave and come back."""
