"""Letters: what supporters write to ministers before a summit, and what becomes of it."""
