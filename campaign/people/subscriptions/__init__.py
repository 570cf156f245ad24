"""Subscriptions: what a form asks in somebody's name, what its owner agrees to, and takes back."""
