"""What mail servers of many programs and languages write, by what it means for the recipient."""
