"""Verdicts: what a mail server's words mean for the person they are about."""
