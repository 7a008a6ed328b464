"""One folder a process. They meet only on the bus."""
