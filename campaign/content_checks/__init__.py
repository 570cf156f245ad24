"""Content checks: what readers of a text to many stumble over, where its links lead."""
