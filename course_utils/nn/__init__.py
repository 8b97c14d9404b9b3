"""Deep learning in NumPy, by the names of Keras: everything here has a twin in `keras`, and gives the same numbers."""

from . import activations, callbacks, config, detection, initializers, layers, losses, metrics, optimizers, utils
from .gradcheck import gradcheck
from .layers import Input
from .models import Model, Sequential

__all__ = [
    "Input",
    "Model",
    "Sequential",
    "activations",
    "callbacks",
    "config",
    "detection",
    "gradcheck",
    "initializers",
    "layers",
    "losses",
    "metrics",
    "optimizers",
    "utils",
]
