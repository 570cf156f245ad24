"""Pages: the texts of the site and its news, kept as Markdown with their rendered HTML."""
