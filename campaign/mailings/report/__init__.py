"""The report of a mailing: counted from the ledger and from conversions, never by spying."""
