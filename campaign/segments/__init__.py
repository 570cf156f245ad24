"""Segments: rules of who is meant, put together and saved; whom a mail to many may go to."""
