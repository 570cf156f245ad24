"""Segments in the office: rules put together from conditions, counted, and saved."""
