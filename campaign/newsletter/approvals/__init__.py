"""Approvals: an issue goes out once a colleague has found good what it says now."""
