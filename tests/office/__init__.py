"""Tests of the office: its guard, its desk, its tables."""
