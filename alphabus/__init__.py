"""Subscribe to model signals: the client side of the Alphabus pipeline."""
