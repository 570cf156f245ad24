"""Pictures in issues: taken in by organisers, made small and safe, shown at an address for ever."""
