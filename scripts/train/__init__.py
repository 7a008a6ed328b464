"""Training from the command line: what is asked for, the spans, and what comes of it."""
