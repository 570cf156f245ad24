"""The office: the organisers' desk, behind one guard."""
