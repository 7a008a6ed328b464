"""What a seed stands for: all that is to happen in one run, drawn before it begins (pure)."""

from __future__ import annotations

from dataclasses import dataclass
from random import Random
from typing import Literal

from alphabus.endpoints import SERVICES
from common.config import Policy
from common.market.journal_sync import Sync

MS = 1_000_000
MARKETS = 6
STORM_ROUNDS = 80
SHORT, LONG = (3, 4), (4, 12)
ARMS = ("champion", "challenger")


@dataclass(frozen=True, slots=True)
class Chances:
    """Chances, per message, of what the links do to it."""

    drop: float
    duplicate: float
    delay: float
    corrupt: float


@dataclass(frozen=True, slots=True)
class Deaths:
    """Chances of who dies when, and of what their death leaves on the disk."""

    sending: float  # of whoever sends, per message
    resting: float  # of each, per round
    all_at_once: float  # per round
    torn: float  # of a half-written record, per death of a writer
    power_cut: float  # of the end of every record being lost, per death of all
    snapshot: float  # of a damaged snapshot, per death of the engine
    run_lost: float  # of the run folder being emptied before the next start, per death; a power cut always does
    zombie: float  # of a writer that goes on speaking when its successor is up, per death


@dataclass(frozen=True, slots=True)
class Deed:
    """What a person does after so many rounds: moves an alias to a version, or gives an arm an order."""

    round: int
    verb: Literal["promote", "halt", "resume"]
    arm: str
    version: int = 0


@dataclass(frozen=True, slots=True)
class Fate:
    """One run: the market, the configuration, and everything that goes wrong with it."""

    seed: int
    market: int
    history: int
    live: int
    policy: Policy
    arms: tuple[str, ...]
    blend: bool
    credit: int
    sync: Sync
    snapshot_sections: int
    forgets: bool  # whether the feed's record goes as soon as it may
    forget_bars: int | None  # after how many sections a symbol that nobody expects leaves the list
    rounds_ns: tuple[int, ...]
    weather: Chances
    deaths: Deaths
    moods: float  # chance of a failing executor, per section and attempt
    sleeps: float  # chance of a sleep of the machine or a step of its wall clock, per round
    stops: float  # chance that feed or worker stands still for longer than it takes to be missed, per round
    pauses: float  # chance that one of the others does, per round
    aways: float  # chance that one dies and is started again only after long, per round
    asks: float  # chance that the trading engine asks for some section, per round
    deeds: tuple[Deed, ...]

    @property
    def dice(self) -> Random:
        """Chance while the run goes on; the same each time it is asked for."""
        return Random(f"{self.seed} runs")  # noqa: S311  dice, not secrets

    @property
    def later_dice(self) -> Random:
        """The same for fates that came later: by them those before keep their meaning."""
        return Random(f"{self.seed} runs later")  # noqa: S311  dice, not secrets

    @property
    def patience_bars(self) -> int:
        """Sections without a bar before nobody expects a symbol any more; few, where it is then to be forgotten."""
        return 3 if self.forget_bars is None else 1

    @property
    def keep_sections(self) -> int:
        """As few as the configuration takes."""
        least = self.snapshot_sections + self.credit
        if self.forget_bars is None:
            return least
        # What follows is the feed's own rule for a record by which a restart still knows whom to forget, and when.
        return max(least, self.patience_bars + max(self.forget_bars, (self.patience_bars + 1) ** 2))

    @property
    def undisturbed(self) -> bool:
        """Whether the record is to be that of a run that nothing happens to, to the bit."""
        return self.policy is Policy.WAIT and not self.deeds


def draw(seed: int) -> Fate:
    """Draw a run; most are short, since it is their number that finds things."""
    dice, later = (Random(f"{seed} {what}") for what in ("drawn", "drawn later"))  # noqa: S311  dice, not secrets
    policy = Policy.WAIT if dice.random() < 0.6 else Policy.DEADLINE
    waits = policy is Policy.WAIT
    fury = 1.0 if waits else 0.2  # under a deadline too much of it, and nothing is computed any more
    history, live = SHORT if dice.random() < 0.85 else LONG
    forgets = dice.random() < 0.3
    arms = ARMS[: dice.choice((1, 2))]
    return Fate(
        seed=seed,
        market=dice.randrange(MARKETS),
        history=history,
        live=live,
        policy=policy,
        arms=arms,
        blend=len(arms) > 1 and dice.random() < 0.5,
        credit=dice.choice((1, 2, 4) if forgets else (4, 8, 16)),
        sync=dice.choice((Sync.NEVER, Sync.INTERVAL, Sync.BEHIND, Sync.ALWAYS)),
        snapshot_sections=dice.choice((1, 2)),
        forgets=forgets,
        forget_bars=later.choice((None, None, None, 1)),
        rounds_ns=(0, 1 * MS, 20 * MS, 400 * MS) if waits else (0, 1 * MS, 10 * MS, 30 * MS),
        weather=_weather(dice, fury),
        deaths=_deaths(dice, fury),
        moods=dice.choice((0, 0.2)),
        sleeps=dice.choice((0, 0, 0.05)),
        stops=dice.choice((0, 0, 0, 0.02)),
        pauses=later.choice((0, 0, 0, 0.02)),
        aways=dice.choice((0, 0, 0.02)),
        asks=dice.choice((0, 0.05)),
        deeds=_deeds(dice) if dice.random() < 0.35 else (),
    )


def _weather(dice: Random, fury: float) -> Chances:
    return Chances(
        drop=fury * dice.choice((0, 0.02, 0.2)),
        duplicate=dice.choice((0, 0.1)),
        delay=fury * dice.choice((0, 0.05, 0.3)),
        corrupt=fury * dice.choice((0, 0, 0.02, 0.1)),
    )


def _deaths(dice: Random, fury: float) -> Deaths:
    return Deaths(
        sending=fury * dice.choice((0, 0.002, 0.02)),
        resting=fury * dice.choice((0, 0.01, 0.05)) / len(SERVICES),
        all_at_once=fury * dice.choice((0, 0, 0.02)),
        torn=dice.choice((0, 0.2)),
        power_cut=dice.choice((0, 0.5)),
        snapshot=dice.choice((0, 0, 0.3)),
        run_lost=dice.choice((0, 0, 0.5)),
        zombie=dice.choice((0, 0, 0.3)),
    )


def _deeds(dice: Random) -> tuple[Deed, ...]:
    """Promotions of good and bad models at any round, and halts, each of which ends again."""
    places = sorted(dice.randrange(STORM_ROUNDS) for _ in range(dice.choice((1, 2, 4))))
    deeds = [Deed(place, "promote", ARMS[0], dice.choice((1, 2, 2, 3))) for place in places]
    if dice.random() < 0.4:
        first, last = sorted(dice.sample(range(STORM_ROUNDS), 2))
        arm = dice.choice((*ARMS[:1], "*"))
        deeds += [Deed(first, "halt", arm), Deed(last, "resume", arm)]
    return tuple(sorted(deeds, key=lambda deed: deed.round))
