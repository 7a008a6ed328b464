"""LightGBM's trees at memory speed: its text model read, scored by our own kernels, to LightGBM's own bits."""
