"""Whether a label can be learnt: it has to tell what follows."""

SHOWN = 200


def label_refusal(text: str, look_ahead: int, set_name: str) -> str | None:
    """Why nothing is learnt from a label that looks so many bars ahead; None where it does look ahead."""
    if look_ahead >= 1:
        return None
    shown = text if len(text) <= SHOWN else f"{text[:SHOWN]}..."
    return (
        f"label {shown!r} of {set_name} does not look ahead: it has to tell what follows a bar, so give ts_delay a "
        "negative number of bars, such as ts_delay(close, -5) / ts_delay(close, -1) - 1"
    )
