"""Factors: the language, the operator table, the kernels, the block engine."""
