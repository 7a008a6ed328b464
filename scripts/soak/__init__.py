"""Days of sections in minutes: whether memory and descriptors of every process stay where they are."""
