"""Delivery: how a message leaves the outbox; claimed, sent, and remembered."""
