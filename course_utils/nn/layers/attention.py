"""Attention: each query takes a weighted mean of values, by how well their keys fit it."""

import numpy as np

from .. import activations, utils
from .base import Layer
from .core import Dropout


def causal_mask(queries, keys):
    """Return which keys a query may see if it may not look ahead.

    Args:
        queries: how many.
        keys: how many.

    Returns:
        Boolean array `(queries, keys)`, True at and below the diagonal.
    """
    return np.tri(queries, keys, dtype=bool)


def transposed(x):
    """Return a view with the last two axes exchanged.

    Args:
        x: array `(…, rows, columns)`.
    """
    return x.swapaxes(-1, -2)


class Attention(Layer):
    """Weigh values by softmax(scores), scores = query · keyᵀ · scale (`keras.layers.Attention`).

    out = softmax(scores) · value. With score_mode `"concat"`, scores[i, j] = w Σ tanh(scale (queryᵢ + keyⱼ)).
    Backward, with P = softmax(scores) and g = ∂L/∂out: ∂L/∂value = Pᵀ g, ∂L/∂P = g valueᵀ, and by the slope of softmax
    ∂L/∂scores; for dot products, ∂L/∂query = ∂L/∂scores · key · scale and ∂L/∂key = ∂L/∂scoresᵀ · query · scale.

    A mask of the values keeps padding from being looked at; where a query is padding, the output is 0.

    Args:
        use_scale: whether there is a learned number `scale`.
        score_mode: `"dot"` or `"concat"`.
        dropout: share of the weights P that is set to 0 in training.
        seed: of the dropout.
        name: the layer's name.
        trainable: False freezes the weights.

    Call it with a list `[query, value]` or `[query, value, key]` (the key is the value if not given), and
    `use_causal_mask=True` to forbid looking ahead, `return_attention_scores=True` for `(out, P)`.

    Input shape: `(batch, queries, features)`, `(batch, keys, value features)`, `(batch, keys, features)`.
    Output shape: `(batch, queries, value features)`, and `(batch, queries, keys)` for P.

    Raises:
        ValueError: if the inputs are not two or three sequences whose sizes fit.

    Source: Luong, Pham & Manning 2015.
    """

    supports_masking = True

    def __init__(self, use_scale=False, score_mode="dot", dropout=0.0, seed=None, *, name=None, trainable=True):
        super().__init__(name=name, trainable=trainable)
        modes = ("dot", "concat")
        self.score_mode = utils.lookup(type(self).__name__, "score_mode", score_mode, dict(zip(modes, modes)))
        self.use_scale = use_scale
        self.dropout = utils.fraction(type(self).__name__, "dropout", dropout)
        self._drop = Dropout(dropout, seed=seed, name="dropout")

    def build(self, input_shape):
        self._check_shapes(input_shape)
        self.scale = self.add_weight("scale", (), "ones") if self.use_scale else None
        if self.score_mode == "concat":
            self.concat_score_weight = self.add_weight("concat_score_weight", (), "ones")

    def _check_shapes(self, input_shape):
        several = isinstance(input_shape, list) and len(input_shape) in (2, 3) and all(len(s) == 3 for s in input_shape)
        self.require(
            several,
            "inputs must be a list [query, value] or [query, value, key] of shapes (batch, time, features), "
            f"got {input_shape}",
        )
        query, value, key = self._query_value_key(input_shape)
        self.require(
            query[-1] == key[-1] and (value[1] == key[1] or None in (value[1], key[1])),
            f"query and key must have the same features, value and key the same steps; got {input_shape}",
        )
        self.require(utils.one_batch(input_shape), f"query, value and key must be of one batch, got {input_shape}")

    @staticmethod
    def _query_value_key(inputs):
        return inputs[0], inputs[1], inputs[-1]

    def compute_output_shape(self, input_shape):
        self._check_shapes(input_shape)
        return (*input_shape[0][:-1], input_shape[1][-1])

    def outputs_shape(self, shapes, options):
        output = self.compute_output_shape(*shapes)
        query, _, key = self._query_value_key(shapes[0])
        return [output, (*query[:2], key[1])] if options.get("return_attention_scores") else output

    def compute_mask(self, inputs, mask):
        return mask[0] if mask else None

    def call(self, inputs, mask=None, training=False, return_attention_scores=False, use_causal_mask=False):
        query, value, key = self._query_value_key(inputs)
        query_mask, value_mask = mask[:2] if mask else (None, None)
        scores, parts = self.scores(query, key)  # (batch, queries, keys)
        allowed = None if value_mask is None else value_mask[:, None]
        if use_causal_mask:
            causal = causal_mask(*scores.shape[1:])
            allowed = causal if allowed is None else allowed & causal
        if allowed is not None:
            scores = np.where(allowed, scores, scores - 1e9)
        softmax = activations.softmax(scores)
        weights = self._drop.call(softmax, training)
        self.save(
            query=query, value=value, key=key, parts=parts, softmax=softmax, weights=weights, query_mask=query_mask,
            drop=self._drop.saved, separate_key=len(inputs) == 3,
        )  # fmt: skip
        out = weights @ value
        if query_mask is not None:
            out = np.where(query_mask[..., None], out, 0)
        return (out, weights) if return_attention_scores else out

    def backward(self, grad):
        run = self.saved
        grad, weights_grad = grad if isinstance(grad, (list, tuple)) else (grad, None)
        if grad is None:
            grad = np.zeros((*run.query.shape[:2], run.value.shape[-1]), self.dtype)
        if run.query_mask is not None:
            grad = np.where(run.query_mask[..., None], grad, 0)
        value_grad = transposed(run.weights) @ grad
        through_value = grad @ transposed(run.value)
        weights_grad = through_value if weights_grad is None else through_value + weights_grad
        self._drop.saved = run.drop
        scores_grad = activations.softmax.backward(self._drop.backward(weights_grad), None, run.softmax)
        query_grad, key_grad = self.scores_backward(scores_grad, run.query, run.key, run.parts)
        return [query_grad, value_grad, key_grad] if run.separate_key else [query_grad, value_grad + key_grad]

    # ---- how well a key fits a query

    def scores(self, query, key):
        """Return how well each key fits each query.

        Args:
            query: array `(batch, queries, features)`.
            key: array `(batch, keys, features)`.

        Returns:
            `(scores, parts)`: array `(batch, queries, keys)`, and what `scores_backward` needs.
        """
        if self.score_mode == "concat":
            scale = self.scale.value if self.use_scale else 1
            sums = query[:, :, None] + key[:, None]  # (batch, queries, keys, features)
            bent = np.tanh(scale * sums)
            totals = bent.sum(axis=-1)
            return self.concat_score_weight.value * totals, (sums, bent, totals)
        products = query @ transposed(key)
        return (products * self.scale.value if self.use_scale else products), products

    def scores_backward(self, grad, query, key, parts):
        """Take ∂L/∂scores, add weight gradients, return ∂L/∂query and ∂L/∂key.

        Args:
            grad: array `(batch, queries, keys)`.
            query: as in `scores`.
            key: as in `scores`.
            parts: from `scores`.
        """
        if self.score_mode == "concat":
            sums, bent, totals = parts
            self.concat_score_weight.add_gradient(np.asarray((grad * totals).sum()))
            delta = (grad * self.concat_score_weight.value)[..., None] * (1 - bent * bent)
            if self.use_scale:
                self.scale.add_gradient(np.asarray((delta * sums).sum()))
                delta = delta * self.scale.value
            return delta.sum(axis=2), delta.sum(axis=1)
        if self.use_scale:
            self.scale.add_gradient(np.asarray((grad * parts).sum()))
            grad = grad * self.scale.value
        return grad @ key, transposed(grad) @ query


class AdditiveAttention(Attention):
    """Attention by sums: scores[i, j] = Σ scale · tanh(queryᵢ + keyⱼ) (`keras.layers.AdditiveAttention`).

    Everything else is as in `Attention`. Backward, with t = tanh(queryᵢ + keyⱼ): each sum's gradient is
    ∂L/∂scores · scale · (1 − t²), and ∂L/∂scale = Σ ∂L/∂scores · t.

    Args:
        use_scale: whether there is a learned vector `scale` of shape `(features,)`; 1 if not.
        dropout: share of the weights that is set to 0 in training.
        seed: of the dropout.
        name: the layer's name.
        trainable: False freezes the weights.

    Input shape and output shape: as for `Attention`.

    Raises:
        ValueError: if the inputs are not two or three sequences whose sizes fit.

    Source: Bahdanau, Cho & Bengio 2015.
    """

    def __init__(self, use_scale=True, dropout=0.0, *, seed=None, name=None, trainable=True):
        super().__init__(use_scale, dropout=dropout, seed=seed, name=name, trainable=trainable)

    def build(self, input_shape):
        self._check_shapes(input_shape)
        features = (input_shape[0][-1],)
        self.scale = self.add_weight("scale", features, "glorot_uniform") if self.use_scale else None

    def _check_shapes(self, input_shape):
        super()._check_shapes(input_shape)
        fits = not (self.built and self.use_scale) or input_shape[0][-1:] == self.scale.shape
        self.require(fits, f"inputs must have as many features as at first, got {input_shape}")

    def scores(self, query, key):
        bent = np.tanh(query[:, :, None] + key[:, None])  # (batch, queries, keys, features)
        return (bent @ self.scale.value if self.use_scale else bent.sum(axis=-1)), bent

    def scores_backward(self, grad, query, key, parts):
        bent, each = parts, grad[..., None]
        if self.use_scale:
            self.scale.add_gradient((each * bent).sum(axis=(0, 1, 2)))
            each = each * self.scale.value
        delta = each * (1 - bent * bent)
        return delta.sum(axis=2), delta.sum(axis=1)
