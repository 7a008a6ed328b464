"""A file of bars through the five processes: prepare, launch, follow, sum up."""
