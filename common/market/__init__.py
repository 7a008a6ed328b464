"""Market data: files of bars, checks, panels, membership, the journal."""
