"""Vectors for whole numbers: of words, and of places in a sequence."""

import numpy as np

from .. import initializers, utils
from .base import Layer


class Embedding(Layer):
    """Look up a vector for every whole number: out = embeddings[x] (`keras.layers.Embedding`).

    Backward: each row of ∂L/∂embeddings is the sum of the gradients at the places where its number stood.
    (With TensorFlow, Keras leaves that sum to the optimizer, and those that square, as Adam, square each place by
    itself: where a number stands twice, their updates differ. SGD agrees. Notebook 11 shows it.)

    Args:
        input_dim: number of rows: the largest number that may come, plus 1.
        output_dim: size of each vector.
        embeddings_initializer: start of the embeddings `(input_dim, output_dim)`.
        mask_zero: whether 0 means padding, which the layers after it skip.
        weights: the embeddings to start with, an array or a list of it, instead of embeddings_initializer.
        name: the layer's name.
        trainable: False freezes the weights.

    Input shape: `(batch, …)`, whole numbers. Output shape: `(batch, …, output_dim)`.

    Raises:
        ValueError: if a size is not a whole number above 0, or a number to look up is outside 0 … input_dim − 1.
            (Keras counts negative numbers from the end.)
    """

    def __init__(
        self,
        input_dim,
        output_dim,
        embeddings_initializer="uniform",
        *,
        mask_zero=False,
        weights=None,
        name=None,
        trainable=True,
    ):
        super().__init__(name=name, trainable=trainable)
        self.input_dim = utils.positive_integer("Embedding", "input_dim", input_dim)
        self.output_dim = utils.positive_integer("Embedding", "output_dim", output_dim)
        self.embeddings_initializer = initializers.get(embeddings_initializer)
        self.supports_masking = self.mask_zero = mask_zero
        if weights is not None:
            self.build_once((None,))
            self.set_weights(weights if isinstance(weights, list) and len(weights) == 1 else [weights])

    def build(self, input_shape):
        self.embeddings = self.add_weight("embeddings", (self.input_dim, self.output_dim), self.embeddings_initializer)

    def compute_output_shape(self, input_shape):
        return (*input_shape, self.output_dim)

    def compute_mask(self, inputs, mask):
        return inputs != 0 if self.mask_zero else None

    def check_values(self, inputs):
        """Stop unless every number has a row.

        Args:
            inputs: array of numbers.

        Raises:
            ValueError: if one is outside 0 … input_dim − 1.
        """
        if inputs.size:
            low, high = inputs.min(), inputs.max()
            self.require(
                low >= 0 and high < self.input_dim,
                f"inputs must be whole numbers from 0 to {self.input_dim - 1} (input_dim − 1), "
                f"got numbers from {low:g} to {high:g} in shape {inputs.shape}",
            )

    def _as_array(self, value):
        return np.asarray(value)  # whole numbers stay such

    def call(self, inputs):
        self.check_values(inputs)
        indices = inputs.astype(np.intp, copy=False)
        self.save(indices=indices)
        return self.embeddings.value.take(indices, axis=0)

    def backward(self, grad):
        indices = self.saved.indices.reshape(-1)
        order = indices.argsort(kind="stable")  # equal numbers side by side, so that each run of them is one sum
        rows, grads = indices[order], grad.reshape(-1, self.output_dim)[order]
        starts = np.flatnonzero(np.diff(rows, prepend=-1))
        total = np.zeros_like(self.embeddings.value)
        if rows.size:
            total[rows[starts]] = np.add.reduceat(grads, starts, axis=0)
        self.embeddings.add_gradient(total)


class PositionEmbedding(Layer):
    """Give a vector for every place in a sequence: out[t] = position_embeddings[t], the same for all records.

    Add it to the embeddings of the words: attention alone cannot tell first from last. Backward: a place's gradient
    is the sum over records. Keras has no such layer; its twin is `course_utils.keras_layers.PositionEmbedding`.

    Args:
        sequence_length: the longest sequence that it has vectors for.
        initializer: start of the vectors `(sequence_length, features)`.
        name: the layer's name.
        trainable: False freezes the weights.

    Input shape: `(batch, time, features)`; only the shape is used. Output shape: the same.

    Raises:
        ValueError: if a sequence is longer than sequence_length.

    Source: Gehring et al. 2017; Devlin et al. 2018 (BERT).
    """

    supports_masking = True

    def __init__(self, sequence_length, initializer="glorot_uniform", *, name=None, trainable=True):
        super().__init__(name=name, trainable=trainable)
        self.sequence_length = utils.positive_integer("PositionEmbedding", "sequence_length", sequence_length)
        self.initializer = initializers.get(initializer)

    def build(self, input_shape):
        self.require(
            len(input_shape) == 3 and input_shape[-1] is not None,
            f"inputs must have shape (batch, time, features) with a known number of features, got {input_shape}",
        )
        shape = (self.sequence_length, input_shape[-1])
        self.position_embeddings = self.add_weight("position_embeddings", shape, self.initializer)

    def compute_output_shape(self, input_shape):
        features = self.position_embeddings.shape[1]
        self.require(
            len(input_shape) == 3 and input_shape[-1] == features,
            f"inputs must have shape (batch, time, {features}), got {input_shape}",
        )
        self.require(
            input_shape[1] is None or input_shape[1] <= self.sequence_length,
            f"inputs must have at most {self.sequence_length} steps (sequence_length), got {input_shape}",
        )
        return input_shape

    def call(self, inputs):
        return np.broadcast_to(self.position_embeddings.value[: inputs.shape[1]], inputs.shape)

    def backward(self, grad):
        total = np.zeros_like(self.position_embeddings.value)
        total[: grad.shape[1]] = grad.sum(axis=0)
        self.position_embeddings.add_gradient(total)
