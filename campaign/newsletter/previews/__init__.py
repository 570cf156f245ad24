"""Previews: an issue while it is written, as a reader of one's choice sees it, wide or narrow."""
