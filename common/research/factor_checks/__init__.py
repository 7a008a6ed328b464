"""Checks of a factor set on real bars: look-ahead, warm-up, blanking, membership, factor by factor."""
