"""A mail to all who come to one event: written by an organiser, about that event alone."""
