"""Bounces: who was said to be gone, what caused it, and what waits until a person has looked."""
