"""The number type and the small constant that every part of `nn` shares, as in `keras.config`."""

_state = {"floatx": "float32", "epsilon": 1e-7}


def floatx():
    """Return the name of the number type of new layers, `"float32"` unless changed (`keras.config.floatx`)."""
    return _state["floatx"]


def set_floatx(value):
    """Choose the number type of layers made from now on (`keras.config.set_floatx`).

    Args:
        value: `"float32"` or `"float64"`.

    Raises:
        ValueError: for any other value.
    """
    if value not in ("float32", "float64"):
        raise ValueError(f"set_floatx: value must be 'float32' or 'float64', got {value!r}")
    _state["floatx"] = value


def epsilon():
    """Return the distance that probabilities keep from 0 and 1 inside a logarithm (`keras.config.epsilon`)."""
    return _state["epsilon"]
