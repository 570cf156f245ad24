"""Checks of an issue before it is sent, and the page that shows what they find."""
