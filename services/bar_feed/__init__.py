"""The bar feed: a source's bars become numbered, journalled sections on the bus."""
