"""Checks before sending: whether links answer, and what providers and readers stumble over."""
