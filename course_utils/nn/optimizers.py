"""Optimizers by the names of `keras.optimizers`: each says how a weight moves, given its gradient g and the rate η."""

import numpy as np

from . import schedules, utils

__all__ = ["SGD", "Adagrad", "Adam", "AdamW", "Optimizer", "RMSprop", "get", "schedules"]


class Optimizer:
    """Moves weights against their gradients.

    A subclass lists its `slots` (arrays kept for each weight) and writes `update_step`. Each takes the arguments after
    the learning rate as options by name. Before an update, gradients are clipped and then weights decay.

    Args:
        learning_rate: η, a number above 0, or a schedule: a function of the number of updates made.
        weight_decay: λ; every weight first loses η λ of itself.
        clipnorm: the largest norm √Σg² of the gradient of one weight array; a longer one is shortened to it.
        clipvalue: the largest |g| of an element; the rest is cut off.
        global_clipnorm: the largest norm of all gradients together; if it is more, all are shortened alike.

    Raises:
        ValueError: if a number is below 0, or more than one way to clip is chosen.
    """

    slots = ()

    def __init__(self, learning_rate, weight_decay=None, clipnorm=None, clipvalue=None, global_clipnorm=None):
        self._rate = None
        self.learning_rate = learning_rate
        self.weight_decay = self._number("weight_decay", weight_decay)
        clips = {"clipnorm": clipnorm, "clipvalue": clipvalue, "global_clipnorm": global_clipnorm}
        chosen = {name: value for name, value in clips.items() if value is not None}
        if len(chosen) > 1:
            raise ValueError(f"{type(self).__name__}: only one of {', '.join(clips)} can be set, got {chosen}")
        for name, value in clips.items():
            setattr(self, name, self._number(name, value))
        self.reset()

    def _number(self, argument, value):
        """Return an option, if it is None or a number of at least 0."""
        fits = value is None or (isinstance(value, (int, float, np.number)) and value >= 0)
        if not fits or isinstance(value, bool):
            raise ValueError(f"{type(self).__name__}: {argument} must be a number of at least 0, got {value!r}")
        return value

    @property
    def learning_rate(self):
        """η of the next update."""
        return float(self._rate(self.iterations)) if callable(self._rate) else self._rate

    @learning_rate.setter
    def learning_rate(self, value):
        if not callable(value) and (isinstance(value, bool) or not np.isscalar(value) or not value >= 0):
            raise ValueError(f"{type(self).__name__}: learning_rate must be a number of at least 0, got {value!r}")
        if callable(self._rate):
            raise TypeError(f"{type(self).__name__}: learning_rate follows a schedule and cannot be set to {value!r}")
        self._rate = value if callable(value) else float(value)

    def reset(self):
        """Forget everything about earlier updates."""
        self.iterations = 0
        self._state = {}

    def start_of(self, slot):
        """Return the value that a slot's array is filled with at first.

        Args:
            slot: its name.
        """
        return 0.0

    def update_step(self, gradient, variable, learning_rate, state):
        """Change `variable.value`.

        Args:
            gradient: array of the variable's shape.
            variable: the Variable.
            learning_rate: η.
            state: dict of slot name → array, kept from update to update.
        """
        raise TypeError(f"{type(self).__name__} does not say how a weight moves: write its update_step")

    def apply_gradients(self, grads_and_vars):
        """Make one update of all weights, every gradient taken before the first of them moves.

        Args:
            grads_and_vars: pairs of gradient array and Variable; pairs whose gradient is None are passed over.
        """
        rate = self.learning_rate
        pairs = [(gradient, variable) for gradient, variable in grads_and_vars if gradient is not None]
        for gradient, (_, variable) in zip(self._clip([gradient for gradient, _ in pairs]), pairs):
            if self.weight_decay is not None:
                variable.value -= variable.value * (_as_keras_casts(self.weight_decay, variable) * rate)
            self.update_step(gradient, variable, rate, self.state_of(variable))
        self.iterations += 1

    def _clip(self, gradients):
        """Shorten gradients that are too long."""
        if self.clipnorm:
            return [g * (self.clipnorm / max(_norm([g]), self.clipnorm)) for g in gradients]
        if self.global_clipnorm:
            scale = self.global_clipnorm / max(_norm(gradients), self.global_clipnorm)
            return [g * scale for g in gradients]
        if self.clipvalue:
            return [np.clip(g, -self.clipvalue, self.clipvalue) for g in gradients]
        return gradients

    def state_of(self, variable):
        """Return what is kept for a weight from update to update: a dict of slot → array of its shape.

        Args:
            variable: the Variable.
        """
        key = id(variable)
        if key not in self._state:
            self._state[key] = {slot: np.full_like(variable.value, self.start_of(slot)) for slot in self.slots}
        return self._state[key]


def _norm(gradients):
    """√Σg² over all elements of all gradients."""
    return float(np.sqrt(sum(np.sum(g * g) for g in gradients)))


def _as_keras_casts(number, variable):
    """Round a constant to float32 first, whatever the type of the weights: Keras does, and it shows in float64."""
    return variable.value.dtype.type(np.float32(number))


class SGD(Optimizer):
    """Plain: w ← w − η g. With momentum μ: m ← μ m − η g, then w ← w + m, or (nesterov) w ← w + μ m − η g.

    Args:
        learning_rate: η.
        momentum: μ, from 0 to 1.
        nesterov: look ahead along the momentum (Nesterov 1983; momentum: Polyak 1964).
        **options: weight_decay, clipnorm, clipvalue, global_clipnorm; see Optimizer.

    Source: `keras.optimizers.SGD`.

    Raises:
        ValueError: if momentum is outside 0 … 1.
    """

    def __init__(self, learning_rate=0.01, momentum=0.0, nesterov=False, **options):
        super().__init__(learning_rate, **options)
        if not 0 <= momentum <= 1:
            raise ValueError(f"SGD: momentum must be a number from 0 to 1, got {momentum!r}")
        self.momentum, self.nesterov = momentum, nesterov
        self.slots = ("m",) if momentum else ()

    def update_step(self, gradient, variable, learning_rate, state):
        if not self.momentum:
            variable.value -= learning_rate * gradient
            return
        momentum = _as_keras_casts(self.momentum, variable)
        state["m"] = momentum * state["m"] - learning_rate * gradient
        variable.value += momentum * state["m"] - learning_rate * gradient if self.nesterov else state["m"]


class RMSprop(Optimizer):
    """Divide by the recent size of the gradient: v ← ρ v + (1 − ρ) g², w ← w − η g / √(v + ε).

    Args:
        learning_rate: η.
        rho: ρ, how slowly v forgets.
        momentum: μ; with it m ← μ m + η g / √(v + ε), w ← w − m.
        epsilon: ε.
        **options: weight_decay, clipnorm, clipvalue, global_clipnorm; see Optimizer.

    Source: `keras.optimizers.RMSprop`; Hinton's lectures 2012.
    """

    def __init__(self, learning_rate=0.001, rho=0.9, momentum=0.0, epsilon=1e-7, **options):
        super().__init__(learning_rate, **options)
        self.rho = utils.fraction("RMSprop", "rho", rho)
        self.momentum = utils.fraction("RMSprop", "momentum", momentum)
        self.epsilon = epsilon
        self.slots = ("v", "m") if momentum else ("v",)

    def update_step(self, gradient, variable, learning_rate, state):
        state["v"] = self.rho * state["v"] + (1 - self.rho) * gradient**2
        step = learning_rate * gradient / np.sqrt(state["v"] + self.epsilon)
        if self.momentum:
            state["m"] = step = self.momentum * state["m"] + step
        variable.value -= step


class Adam(Optimizer):
    """Momentum and scale in one: m ← β₁ m + (1 − β₁) g, v ← β₂ v + (1 − β₂) g², w ← w − η_t m / (√v + ε).

    With t counted from 1, η_t = η √(1 − β₂ᵗ) / (1 − β₁ᵗ) makes up for m and v starting at 0. As in Keras, ε
    stands outside that correction.

    Args:
        learning_rate: η.
        beta_1: β₁.
        beta_2: β₂.
        epsilon: ε.
        **options: weight_decay, clipnorm, clipvalue, global_clipnorm; see Optimizer.

    Source: `keras.optimizers.Adam`; Kingma & Ba 2014.
    """

    slots = ("m", "v")

    def __init__(self, learning_rate=0.001, beta_1=0.9, beta_2=0.999, epsilon=1e-7, **options):
        super().__init__(learning_rate, **options)
        self.beta_1 = utils.fraction("Adam", "beta_1", beta_1)
        self.beta_2 = utils.fraction("Adam", "beta_2", beta_2)
        self.epsilon = epsilon

    def update_step(self, gradient, variable, learning_rate, state):
        m, v = state["m"], state["v"]
        m += (1 - self.beta_1) * (gradient - m)
        v += (1 - self.beta_2) * (gradient * gradient - v)
        power_1, power_2 = (
            _as_keras_casts(beta, variable) ** (self.iterations + 1) for beta in (self.beta_1, self.beta_2)
        )
        rate = learning_rate * np.sqrt(1 - power_2) / (1 - power_1)
        variable.value -= rate * m / (np.sqrt(v) + self.epsilon)


class AdamW(Adam):
    """Adam, after every weight has lost a share of itself: w ← w − η λ w, then as Adam.

    The decay is not part of the gradient, so that it is not divided by √v.

    Args:
        learning_rate: η.
        weight_decay: λ.
        beta_1: β₁.
        beta_2: β₂.
        epsilon: ε.
        **options: clipnorm, clipvalue, global_clipnorm; see Optimizer.

    Source: `keras.optimizers.AdamW`; Loshchilov & Hutter 2019.
    """

    def __init__(self, learning_rate=0.001, weight_decay=0.004, beta_1=0.9, beta_2=0.999, epsilon=1e-7, **options):
        super().__init__(learning_rate, beta_1, beta_2, epsilon, weight_decay=weight_decay, **options)
        if weight_decay is None:
            raise ValueError("AdamW: weight_decay must be a number of at least 0, got None")


class Adagrad(Optimizer):
    """Divide by all gradients so far: v ← v + g², w ← w − η g / √(v + ε).

    Args:
        learning_rate: η.
        initial_accumulator_value: where v starts.
        epsilon: ε.
        **options: weight_decay, clipnorm, clipvalue, global_clipnorm; see Optimizer.

    Source: `keras.optimizers.Adagrad`; Duchi et al. 2011.
    """

    slots = ("v",)

    def __init__(self, learning_rate=0.001, initial_accumulator_value=0.1, epsilon=1e-7, **options):
        super().__init__(learning_rate, **options)
        self.initial_accumulator_value = initial_accumulator_value
        self.epsilon = epsilon

    def start_of(self, slot):
        return np.float32(self.initial_accumulator_value)  # rounded as Keras rounds it

    def update_step(self, gradient, variable, learning_rate, state):
        state["v"] += gradient**2
        variable.value -= learning_rate * gradient / np.sqrt(state["v"] + self.epsilon)


_TABLE = {"sgd": SGD, "rmsprop": RMSprop, "adam": Adam, "adamw": AdamW, "adagrad": Adagrad}


def get(identifier):
    """Return the optimizer that a name stands for.

    Args:
        identifier: a name such as `"adam"`, in any case, or an Optimizer.

    Returns:
        An Optimizer.

    Raises:
        ValueError: for an unknown name.
    """
    if isinstance(identifier, Optimizer):
        return identifier
    name = identifier.lower() if isinstance(identifier, str) else identifier
    return utils.lookup("optimizer", "identifier", name, _TABLE)()
