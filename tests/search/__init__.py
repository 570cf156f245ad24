"""The index of the search: it follows what changes, forgives slips, reads no more for more."""
