"""Benchmarks: each measures the real components, names its goals, and reports in one form."""
