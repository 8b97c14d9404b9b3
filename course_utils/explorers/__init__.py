"""The interactive figures. Each function returns an Explorer that displays itself at the end of a cell."""

from .attention import attention
from .batches import batches
from .bidirectional import bidirectional
from .box_regression import box_regression
from .convolution import convolution
from .dense import dense
from .embedding import embedding
from .gradient_descent import gradient_descent
from .growth import growth
from .gru import gru
from .kernel import kernel
from .lstm import lstm
from .mask import mask
from .memory import memory
from .network import network
from .perceptron import perceptron
from .race import race
from .self_attention import self_attention
from .through_time import through_time
from .word_in_context import word_in_context
from .xor import xor

__all__ = [
    "attention",
    "batches",
    "bidirectional",
    "box_regression",
    "convolution",
    "dense",
    "embedding",
    "gradient_descent",
    "growth",
    "gru",
    "kernel",
    "lstm",
    "mask",
    "memory",
    "network",
    "perceptron",
    "race",
    "self_attention",
    "through_time",
    "word_in_context",
    "xor",
]
