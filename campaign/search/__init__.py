"""What can be found by words, whatever it is: its index, kept in the deed that changes the thing.

The rooms register what of theirs is found, in their `findable.py` (`findings`); whoever is asked,
finds (`queries`). The words stand in SQLite's FTS5 and in PostgreSQL's tsvector (`index`), parted
and folded here, so that both databases find the same (`folded_words`).
"""
