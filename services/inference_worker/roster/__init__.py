"""Which model each arm is to have and which one served: wishes of the registry, and the record of what came of them."""
