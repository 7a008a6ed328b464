"""Bars from elsewhere, and what is wrong with them: a file a verb."""
