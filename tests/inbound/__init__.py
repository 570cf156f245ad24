"""Tests of the inbox: what comes back, in every shape that somebody may give it."""
