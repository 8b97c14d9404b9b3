"""Deep Learning Twice: every network once in NumPy and once in Keras, and the two are the same numbers."""

__version__ = "0.1.0"
__all__ = ["__version__", "load_keras", "start"]


def start(seed=0, background=True):
    """Prepare a notebook; see `course_utils.startup.start`.

    Args:
        seed: integer from 0 to 2**32 - 1 for every random generator.
        background: whether TensorFlow and Keras begin to load at once, behind the scenes.

    Raises:
        ValueError: if `seed` is no such integer.
    """
    from course_utils import startup

    startup.start(seed, background)


def load_keras():
    """Return the `keras` module, ready and seeded; see `course_utils.startup.load_keras`.

    Returns:
        The module `keras`.

    Raises:
        ImportError: if TensorFlow or Keras cannot be imported.
    """
    from course_utils import startup

    return startup.load_keras()
