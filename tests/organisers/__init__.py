"""Tests of organisers: accounts, links, sessions."""
