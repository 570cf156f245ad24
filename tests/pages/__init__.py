"""Tests of the pages, the news, and their files."""
