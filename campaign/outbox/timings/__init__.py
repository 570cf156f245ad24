"""Timings: what the senders' time goes into, minute by minute, and so what bounds their speed."""
