"""Models: bundles, the registry, and what fits and predicts."""
