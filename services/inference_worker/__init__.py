"""Turns factor sections into signals on time; the model runs in a child that can be killed."""
