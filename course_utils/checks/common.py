"""What the exercises of several notebooks share."""

from functools import partial

import numpy as np

# Two penguins: (bill length, bill depth, flipper length) in teaching units.
GRETA = np.array([0.9, -1.0, 1.2])
ALAN = np.array([-0.4, 1.5, 0.2])


def sigmoid(z):
    """σ(z), between 0 and 1.

    Args:
        z: a number, or an array of any shape.
    """
    return 1 / (1 + np.exp(-z))


def variants(function, sentences):
    """Mistakes that differ from each other by one keyword only.

    Args:
        function: takes the arguments of the exercise and `mistake`, a name.
        sentences: {name of the mistake: what the learner is told}.

    Returns:
        A list of (name, function with that mistake, sentence).
    """
    return [(name, partial(function, mistake=name), text) for name, text in sentences.items()]
