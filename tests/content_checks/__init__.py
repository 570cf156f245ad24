"""Tests of content checks."""
