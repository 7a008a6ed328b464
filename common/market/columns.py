"""The names of bar columns, written once."""

PRICES = ("open", "high", "low", "close")
REQUIRED = (*PRICES, "volume")
OPTIONAL = ("turnover", "open_interest")
ADJUSTMENTS = ("price_factor", "share_factor")
"""Cumulative from the past, 1 at first sight: factors see price x price_factor and volume / share_factor."""
NUMBERS = (*REQUIRED, *OPTIONAL, *ADJUSTMENTS)
SYMBOLS = ("vt_symbol", "symbol")
DATETIME = "datetime"
