"""Faults on purpose: kills and stops of real processes, judged by an undisturbed run of the same bars."""
