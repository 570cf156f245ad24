"""Texts of single mails: what all say that are alike, made once, named by each, never changed."""
