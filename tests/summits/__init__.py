"""Tests of the summits and of the directory of posts."""
