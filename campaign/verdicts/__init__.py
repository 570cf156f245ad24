"""Verdicts: what the words of a mail server, of many programs and languages, mean for a person."""
