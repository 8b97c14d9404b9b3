"""The interactive figures. Each function returns an Explorer that displays itself at the end of a cell."""

from .backpropagation import backpropagation
from .batches import batches
from .forward_propagation import forward_propagation
from .gradient_descent import gradient_descent
from .growth import growth
from .perceptron import perceptron
from .race import race
from .xor import xor

__all__ = [
    "backpropagation",
    "batches",
    "forward_propagation",
    "gradient_descent",
    "growth",
    "perceptron",
    "race",
    "xor",
]
