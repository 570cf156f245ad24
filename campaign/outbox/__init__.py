"""The outbox: every mail is a row here, posted with its deed, and sent later by a worker."""
