"""Figures beside their floors: the least any program could need for the same, measured together."""
