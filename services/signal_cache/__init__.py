"""The signal cache: a replica beside the path that has the latest section of every arm, and all before it."""
