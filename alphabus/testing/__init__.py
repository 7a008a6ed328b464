"""For those who test against signals: the memory bus, a clock only the test moves, and feeds that follow a script.

Nothing here needs pytest; the fixtures are asked for with `pytest_plugins = ["alphabus.testing.fixtures"]`.
"""

from alphabus.clock import ManualClock
from alphabus.testing.memory import MemoryTransport, memory_bus
from alphabus.testing.mischief import Calm, Link, Mischief, SeededMischief
from alphabus.testing.scripted import Line, ScriptedFeed
from alphabus.testing.sections import announcement, day_ns, signals, signals_script, universe

__all__ = [
    "Calm",
    "Line",
    "Link",
    "ManualClock",
    "MemoryTransport",
    "Mischief",
    "ScriptedFeed",
    "SeededMischief",
    "announcement",
    "day_ns",
    "memory_bus",
    "signals",
    "signals_script",
    "universe",
]
