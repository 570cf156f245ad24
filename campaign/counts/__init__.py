"""Numbers that are kept: how many rows of a kind there are, known without counting them.

A room says beside its tables what is counted (`counted`); triggers of the database keep it in the
transaction of the deed, whoever changes the rows and how; `queries` read it.
"""
