"""Delivery: how a message leaves the outbox: claimed, built, sent, and recorded."""
