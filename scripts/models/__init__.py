"""Which models are on record, and what an alias means: a file a group of verbs."""
