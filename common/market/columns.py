"""The names of bar columns, written once."""

PRICES = ("open", "high", "low", "close")
REQUIRED = (*PRICES, "volume")
OPTIONAL = ("turnover", "open_interest")
NUMBERS = (*REQUIRED, *OPTIONAL)
SYMBOLS = ("vt_symbol", "symbol")
DATETIME = "datetime"
