"""Learning rates that change as training goes, by the names of `keras.optimizers.schedules`.

Keras computes them in float32 whatever the type of the weights; here they are float64, equal to 6 or 7 digits.
"""

import math

from . import utils


class LearningRateSchedule:
    """A learning rate η that depends on t, the number of updates made."""

    def __call__(self, step):
        """Return the learning rate of an update."""
        raise TypeError(f"{type(self).__name__} does not say its rate: write its __call__(step)")


class ExponentialDecay(LearningRateSchedule):
    """Multiply by the same factor again and again: η = η₀ · decay_rate^(t / decay_steps).

    Args:
        initial_learning_rate: η₀.
        decay_steps: number of updates in which η shrinks by the factor decay_rate.
        decay_rate: the factor.
        staircase: round t / decay_steps down, so that η falls in steps.

    Source: `keras.optimizers.schedules.ExponentialDecay`.

    Raises:
        ValueError: if decay_steps is not a whole number above 0.
    """

    def __init__(self, initial_learning_rate, decay_steps, decay_rate, staircase=False):
        self.initial_learning_rate = initial_learning_rate
        self.decay_steps = utils.positive_integer("ExponentialDecay", "decay_steps", decay_steps)
        self.decay_rate, self.staircase = decay_rate, staircase

    def __call__(self, step):
        power = step // self.decay_steps if self.staircase else step / self.decay_steps
        return self.initial_learning_rate * self.decay_rate**power


class CosineDecay(LearningRateSchedule):
    """Fall along half a wave: η = η₀ ((1 − α) (1 + cos(π t / decay_steps)) / 2 + α), then stay at α η₀.

    With warmup_target, η first rises in a straight line from η₀ to the target in warmup_steps, and then falls from
    the target.

    Args:
        initial_learning_rate: η₀.
        decay_steps: number of updates of the fall.
        alpha: α, the share of the rate that is left at the end.
        warmup_target: the rate at the end of the rise; None for no rise.
        warmup_steps: number of updates of the rise.

    Source: `keras.optimizers.schedules.CosineDecay`; Loshchilov & Hutter 2017; warm-up: Goyal et al. 2017.

    Raises:
        ValueError: if decay_steps is not a whole number above 0.
    """

    def __init__(self, initial_learning_rate, decay_steps, alpha=0.0, *, warmup_target=None, warmup_steps=0):
        self.initial_learning_rate = initial_learning_rate
        self.decay_steps = utils.positive_integer("CosineDecay", "decay_steps", decay_steps)
        self.alpha, self.warmup_target, self.warmup_steps = alpha, warmup_target, warmup_steps

    def __call__(self, step):
        start, target = self.initial_learning_rate, self.initial_learning_rate
        if self.warmup_target is not None:
            target = self.warmup_target
            if step < self.warmup_steps:
                return start + (target - start) * step / self.warmup_steps
            step -= self.warmup_steps
        done = min(step / self.decay_steps, 1)
        return target * ((1 - self.alpha) * 0.5 * (1 + math.cos(math.pi * done)) + self.alpha)
