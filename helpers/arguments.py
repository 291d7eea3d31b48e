"""Arguments of functions that people call: read, or refused with a sentence."""

import operator


def whole_number(name: str, value) -> int:
    """``value`` as an ``int``, if it is a whole number of at least 1, also one of NumPy's."""
    try:
        number = 0 if isinstance(value, bool) else operator.index(value)
    except TypeError:
        number = 0
    if number < 1:
        raise ValueError(f"{name} must be a whole number of at least 1, not {value!r}")
    return number
