"""Causes: what bounces have in common; a burst of them is withheld until a person has decided."""
