"""The interactive figures. Each function returns an Explorer that displays itself at the end of a cell."""

from .backpropagation import backpropagation
from .batches import batches
from .dense import dense
from .forward_propagation import forward_propagation
from .gradient_descent import gradient_descent
from .growth import growth
from .kernel import kernel
from .memory import memory
from .perceptron import perceptron
from .race import race
from .xor import xor

__all__ = [
    "backpropagation",
    "batches",
    "dense",
    "forward_propagation",
    "gradient_descent",
    "growth",
    "kernel",
    "memory",
    "perceptron",
    "race",
    "xor",
]
