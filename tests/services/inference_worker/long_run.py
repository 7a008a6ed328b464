"""Who serves an arm, for hours: `python -m tests.services.inference_worker.long_run --examples 20000 --steps 50`."""

from __future__ import annotations

import argparse

from hypothesis import HealthCheck, settings
from hypothesis.stateful import run_state_machine_as_test

from tests.services.inference_worker.test_station_machine import StationMachine


def main() -> None:
    """Raise what broke, with the shortest way there."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--examples", type=int, default=20_000)
    parser.add_argument("--steps", type=int, default=50)
    said = parser.parse_args()
    wanted = settings(
        max_examples=said.examples,
        stateful_step_count=said.steps,
        deadline=None,
        database=None,
        suppress_health_check=list(HealthCheck),
    )
    run_state_machine_as_test(StationMachine, settings=wanted)


if __name__ == "__main__":
    main()
