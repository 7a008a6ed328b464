"""The research folder itself."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import date
from pathlib import Path

import polars as pl

from common.errors import LabError
from common.market.constituents import Constituents
from common.models.bundle import Bundle
from common.models.records import ModelRef
from common.research.dataset import Dataset
from common.research.lab.arrival import Arrival
from common.research.lab.bar_files import BarFiles, Saved
from common.research.lab.components import Components, Filters, Lists
from common.research.lab.contracts import Contract, Contracts
from common.research.lab.datasets import Datasets
from common.research.lab.dates import Moment
from common.research.lab.files import Files
from common.research.lab.models import Models
from common.research.raw_file import SUFFIX


class Lab:
    """Bars, components, contracts, datasets, models and signals below one folder; made when something is saved.

    Method names are vnpy.alpha's `AlphaLab`'s where it has one. Every write replaces a file whole; what is not there is
    a LabError with the closest name. `clock` gives ns since 1970 UTC, for the registry's history.
    """

    def __init__(self, root: Path | str, *, clock: Callable[[], int], author: str) -> None:
        self.root = Path(root)
        if self.root.exists() and not self.root.is_dir():
            raise LabError(f"{self.root} is not a folder")
        self._components = Components(Files(self.root / "component", ".parquet", "index"))
        self._contracts = Contracts(self.root / "contract.json")
        self._datasets = Datasets(Files(self.root / "dataset", SUFFIX, "dataset"))
        self._models = Models(self.root / "model", clock, author)
        self._signals = Files(self.root / "signal", ".parquet", "signal")

    def take(self, arrival: Arrival) -> dict[str, Saved]:
        """Save all that an import brings, what it did to bars by interval; LabError before anything is written."""
        for interval, bars in arrival.bars.items():
            self._bars(interval).check(bars)
        for index, lists in arrival.components.items():
            self._components.check(index, lists)
        for name in arrival.signals:
            self._signals.path(name)
        saved = {interval: self.save_bar_data(bars, interval) for interval, bars in arrival.bars.items()}
        for index, lists in arrival.components.items():
            self.save_component_data(index, lists)
        if arrival.contracts:
            self._contracts.add(arrival.contracts)
        for name, signal in arrival.signals.items():
            self.save_signal(name, signal)
        return saved

    # Bars.

    def save_bar_data(self, bars: pl.DataFrame, interval: str) -> Saved:
        """Save a long frame (datetime, symbol or vt_symbol, open .. volume, ...); later bars correct older ones."""
        return self._bars(interval).save(bars)

    def load_bar_df(
        self,
        symbols: Sequence[str],
        interval: str,
        start: Moment | None = None,
        end: Moment | None = None,
        extended_days: int = 0,
    ) -> pl.DataFrame:
        """Long frame of the symbols' bars from `start` less `extended_days` to `end`, as saved: nothing is rescaled."""
        return self._bars(interval).load(symbols, start, end, extended_days)

    def load_bar_data(
        self, symbol: str, interval: str, start: Moment | None = None, end: Moment | None = None
    ) -> pl.DataFrame:
        """One symbol's bars, as `load_bar_df` gives them."""
        return self.load_bar_df([symbol], interval, start, end)

    def list_bar_symbols(self, interval: str) -> list[str]:
        """Symbols that have bars."""
        return self._bars(interval).files.names()

    def remove_bar_data(self, symbol: str, interval: str) -> None:
        """Delete a symbol's bars."""
        self._bars(interval).files.remove(symbol)

    # Index members.

    def save_component_data(self, index_symbol: str, index_components: Lists) -> None:
        """Save lists of symbols by date."""
        self._components.save(index_symbol, index_components)

    def load_component_data(
        self, index_symbol: str, start: Moment | None = None, end: Moment | None = None
    ) -> dict[date, list[str]]:
        """Lists of symbols by date."""
        return self._components.load(index_symbol, start, end)

    def load_component_symbols(
        self, index_symbol: str, start: Moment | None = None, end: Moment | None = None
    ) -> list[str]:
        """Everybody who was in the index at some time of the span, ascending."""
        return self._components.members(index_symbol, start, end)

    def load_component_filters(
        self, index_symbol: str, start: Moment | None = None, end: Moment | None = None
    ) -> Filters:
        """Stays by symbol: first and last date that lists it; for lists that hold for longer, `load_constituents`."""
        return self._components.filters(index_symbol, start, end)

    def load_constituents(self, index_symbol: str) -> Constituents:
        """Membership as factors, training and feed take it."""
        return self._components.constituents(index_symbol)

    def list_all_components(self) -> list[str]:
        """Indices on file."""
        return self._components.files.names()

    def remove_component_data(self, index_symbol: str) -> None:
        """Delete an index."""
        self._components.files.remove(index_symbol)

    # Contracts.

    def add_contract_setting(
        self, symbol: str, long_rate: float, short_rate: float, size: float, pricetick: float
    ) -> None:
        """Add what a backtest must know of a contract, or replace it."""
        self._contracts.add({symbol: Contract(long_rate, short_rate, size, pricetick)})

    def load_contract_settings(self) -> dict[str, Contract]:
        """Contracts by symbol."""
        return self._contracts.load()

    def remove_contract_setting(self, symbol: str) -> None:
        """Remove a contract."""
        self._contracts.remove(symbol)

    # Datasets.

    def save_dataset(self, name: str, dataset: Dataset) -> None:
        """Save factors, labels and the recipe of their parts; DatasetError where the set calls code of the user's."""
        self._datasets.save(name, dataset)

    def load_dataset(self, name: str) -> Dataset:
        """A dataset as it was saved, to the bit; factors stay on disk until they are looked at."""
        return self._datasets.load(name)

    def remove_dataset(self, name: str) -> None:
        """Delete one."""
        self._datasets.remove(name)

    def list_all_datasets(self) -> list[str]:
        """Names, ascending."""
        return self._datasets.files.names()

    # Models.

    def save_model(self, bundle: Bundle, *, why: str = "saved by the lab") -> ModelRef:
        """Put a model on record: the next version of its name, or the one it has already."""
        return self._models.save(bundle, why)

    def load_model(self, name: str, version: int | None = None) -> Bundle:
        """A verified bundle, the newest version unless told otherwise; RegistryError with the closest name."""
        return self._models.load(name, version)

    def remove_model(self, name: str, version: int, *, why: str = "removed by the lab") -> None:
        """Delete a version no alias means."""
        self._models.remove(name, version, why)

    def list_all_models(self) -> list[str]:
        """Names of models, ascending."""
        return self._models.names()

    # Signals.

    def save_signal(self, name: str, signal: pl.DataFrame) -> None:
        """Save a frame of signals."""
        self._signals.write(name, lambda path: signal.write_parquet(path, compression="zstd"))

    def load_signal(self, name: str) -> pl.DataFrame:
        """A frame as it was saved."""
        return self._signals.read(name)

    def remove_signal(self, name: str) -> None:
        """Delete one."""
        self._signals.remove(name)

    def list_all_signals(self) -> list[str]:
        """Names, ascending."""
        return self._signals.names()

    def _bars(self, interval: str) -> BarFiles:
        return BarFiles.at(self.root, interval)
