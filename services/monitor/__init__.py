"""The monitor: follows every process, and says what it sees; signals flow without it."""
