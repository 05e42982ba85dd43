"""Python's collector of cycles, told to look seldom: few are made where very much is loaded."""

import gc


def look_for_cycles_seldom() -> None:
    """From now on; what was made until now is mostly code, and is looked through no more."""
    gc.freeze()
    gc.set_threshold(20_000, 20, 100)
