"""Caps: how often a stranger's connection, or one form, may cause a mail."""
