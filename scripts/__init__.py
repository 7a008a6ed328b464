"""Thin verbs over `common`; each is `python -m scripts.NAME`."""
