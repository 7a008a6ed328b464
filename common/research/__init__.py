"""From history to a model on record."""
