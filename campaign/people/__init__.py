"""People: whom the campaign knows, what they agreed to, and how they are forgotten."""
