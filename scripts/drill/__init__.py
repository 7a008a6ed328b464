"""Exercises on a real pipeline: what must hold while people promote, roll back and err."""
