"""Bounces and complaints: what machines report of mails that left, and what follows from it."""
