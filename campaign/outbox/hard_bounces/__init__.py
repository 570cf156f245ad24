"""Bounces: who is said to be gone, what that had as its cause, and what waits for a person."""
