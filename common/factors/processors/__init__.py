"""Processors: from raw factors to what a model reads, fitted on a training span, the same for one section and many."""
