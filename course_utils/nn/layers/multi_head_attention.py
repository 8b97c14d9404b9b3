"""Attention with several heads, the core of a transformer."""

import math
from functools import reduce

import numpy as np

from .. import activations, initializers, utils
from .attention import causal_mask, transposed
from .base import Layer
from .core import Dropout


class _Projection(Layer):
    """A dense layer from one or more axes to one or more: out = x · kernel + bias (an `EinsumDense` of Keras).

    Args:
        inputs: sizes of the axes that go in, the last ones of x.
        outputs: sizes of the axes that come out.
        use_bias: whether there is a bias, of the shape `outputs`.
        starts: initializers of kernel and bias.
        name: the layer's name.
    """

    def __init__(self, inputs, outputs, use_bias, starts, name):
        super().__init__(name=name)
        self.rows, self.columns, self.outputs = math.prod(inputs), math.prod(outputs), outputs
        self.kernel = self.add_weight("kernel", (*inputs, *outputs), starts[0])
        self.bias = self.add_weight("bias", outputs, starts[1]) if use_bias else None
        self.built = True

    def call(self, inputs):
        x = inputs.reshape(-1, self.rows)
        z = x @ self.kernel.value.reshape(self.rows, self.columns)
        if self.bias is not None:
            z += self.bias.value.reshape(-1)
        self.save(x=x, shape=inputs.shape)
        return z.reshape(*inputs.shape[:2], *self.outputs)

    def backward(self, grad):
        delta = grad.reshape(-1, self.columns)
        self.kernel.add_gradient((self.saved.x.T @ delta).reshape(self.kernel.shape))
        if self.bias is not None:
            self.bias.add_gradient(delta.sum(axis=0).reshape(self.bias.shape))
        if not self.needs_input_gradient:
            return None
        return (delta @ self.kernel.value.reshape(self.rows, self.columns).T).reshape(self.saved.shape)


class MultiHeadAttention(Layer):
    """Several attentions side by side, each in a small space of its own (`keras.layers.MultiHeadAttention`).

    For each head: Q = query · kernel + bias, K and V likewise from key and value; P = softmax(Q Kᵀ / √key_dim);
    context = P V. The contexts of all heads go through one more projection, attention_output.
    Backward, with g = ∂L/∂context: ∂L/∂V = Pᵀ g; ∂L/∂P = g Vᵀ; by the slope of softmax, with S = Q Kᵀ / √key_dim,
    ∂L/∂S = P (∂L/∂P − Σ P ∂L/∂P); ∂L/∂Q = ∂L/∂S · K / √key_dim; ∂L/∂K = ∂L/∂Sᵀ · Q / √key_dim.

    Call it with `layer(query, value, key=None)`: the key is the value if not given. It takes the masks of its inputs;
    further `value_mask` and `key_mask` `(batch, keys)`, `attention_mask` `(batch, queries, keys)`,
    `use_causal_mask=True` to forbid looking ahead, and `return_attention_scores=True` for `(output, P)`.
    A query sees the keys that all masks allow. One that may see none takes the mean of all values, but 0 if scores are
    returned or dropout is not 0.

    As in Keras 3, the inputs lose their masks: a layer that gets them later sees none. In a stack of several, hand
    each the mask as `attention_mask`.

    Args:
        num_heads: number of heads.
        key_dim: size of each query and key in a head.
        value_dim: size of each value in a head; key_dim if None.
        dropout: share of P that is set to 0 in training.
        use_bias: whether the projections have biases.
        output_shape: size of the output, or a tuple of sizes; that of the query if None.
        kernel_initializer: start of the kernels, `(features, heads, size)` and `(heads, value_dim, output)`.
        bias_initializer: start of the biases.
        seed: of the dropout.
        name: the layer's name.
        trainable: False freezes the weights.

    Input shape: `(batch, queries, features)` and `(batch, keys, features)`. Output shape:
    `(batch, queries, output)`, and `(batch, heads, queries, keys)` for P.

    Raises:
        ValueError: if a size is not a whole number above 0, or the inputs do not fit each other or their masks.

    Source: Vaswani et al. 2017.
    """

    supports_masking = True
    takes_masks_away = True

    def __init__(
        self,
        num_heads,
        key_dim,
        value_dim=None,
        dropout=0.0,
        use_bias=True,
        output_shape=None,
        *,
        kernel_initializer="glorot_uniform",
        bias_initializer="zeros",
        seed=None,
        name=None,
        trainable=True,
    ):
        super().__init__(name=name, trainable=trainable)
        checked = lambda argument, size: utils.positive_integer("MultiHeadAttention", argument, size)  # noqa: E731
        self.num_heads, self.key_dim = checked("num_heads", num_heads), checked("key_dim", key_dim)
        self.value_dim = self.key_dim if value_dim is None else checked("value_dim", value_dim)
        sizes = output_shape if isinstance(output_shape, (list, tuple)) else [output_shape]
        self._output = None if output_shape is None else tuple(checked("output_shape", size) for size in sizes)
        self.use_bias = use_bias
        self.dropout = utils.fraction("MultiHeadAttention", "dropout", dropout)
        self._drop = Dropout(dropout, seed=seed, name="dropout")
        self._initializers = initializers.get(kernel_initializer), initializers.get(bias_initializer)
        self.scale = float(np.float32(1 / math.sqrt(self.key_dim)))  # rounded as TensorFlow does in any number type

    def __call__(self, query, value, key=None, **kwargs):
        """Use the layer: what query looks for, in value, found by key (value itself if None)."""
        self.require(
            kwargs.get("query_mask") is None, "query_mask is not used, in Keras neither; make it part of attention_mask"
        )
        return super().__call__(query, value, *([] if key is None else [key]), **kwargs)

    def build(self, query_shape, value_shape, key_shape=None):
        key_shape = key_shape or value_shape
        self._check_shapes(query_shape, value_shape, key_shape)
        head, value_head = (self.num_heads, self.key_dim), (self.num_heads, self.value_dim)
        self.query, self.key, self.value, self.attention_output = (
            self.track(_Projection(inputs, outputs, self.use_bias, self._initializers, name))
            for name, inputs, outputs in (
                ("query", query_shape[-1:], head),
                ("key", key_shape[-1:], head),
                ("value", value_shape[-1:], value_head),
                ("attention_output", value_head, self._output or query_shape[-1:]),
            )
        )

    def _check_shapes(self, *shapes):
        query, value, key = shapes
        self.require(
            all(isinstance(s, tuple) and len(s) == 3 and s[-1] for s in shapes),
            f"query, value and key must have shape (batch, time, features), got {query}, {value} and {key}",
        )
        self.require(
            value[1] == key[1] or None in (value[1], key[1]),
            f"value and key must have the same number of steps, got {value} and {key}",
        )
        self.require(utils.one_batch(shapes), f"query, value and key must be of one batch, got {shapes}")
        if self.built:
            came = [shape[-1] for shape in shapes]
            expected = [projection.rows for projection in (self.query, self.value, self.key)]
            self.require(
                came == expected, f"query, value and key must have {expected} features, got {query}, {value} and {key}"
            )

    def compute_output_shape(self, query_shape, value_shape, key_shape=None):
        self._check_shapes(query_shape, value_shape, key_shape or value_shape)
        return (*query_shape[:2], *self.attention_output.outputs)

    def outputs_shape(self, shapes, options):
        output = self.compute_output_shape(*shapes)
        scores = (output[0], self.num_heads, output[1], shapes[-1][1])
        return [output, scores] if options.get("return_attention_scores") else output

    def call(
        self,
        query,
        value,
        key=None,
        query_mask=None,
        value_mask=None,
        key_mask=None,
        attention_mask=None,
        return_attention_scores=False,
        training=False,
        use_causal_mask=False,
    ):
        separate_key, key = key is not None, value if key is None else key
        Q, K, V = (
            projection.call(x).transpose(0, 2, 1, 3)  # (batch, heads, time, size)
            for projection, x in ((self.query, query), (self.key, key), (self.value, value))
        )
        Q *= self.scale
        scores = Q @ transposed(K)  # (batch, heads, queries, keys)
        masks = query_mask, value_mask, key_mask, attention_mask
        allowed = self._allowed(scores.shape, *masks, use_causal_mask)
        P = self._attend(scores, allowed, nothing_for_none=return_attention_scores or self.dropout)
        dropped = self._drop.call(P, training)
        output = self.attention_output.call(_product(dropped, V))
        inner = [layer.saved for layer in (self._drop, *self.sublayers)]
        self.save(Q=Q, K=K, V=V, P=P, dropped=dropped, allowed=allowed, inner=inner, separate_key=separate_key)
        return (output, P) if return_attention_scores else output

    @staticmethod
    def _attend(scores, allowed, nothing_for_none):
        """Softmax over the keys that may be seen; a query that may see none gets equal shares, or nothing."""
        if allowed is None:
            return activations.softmax(scores)
        np.copyto(scores, -1e9, where=~allowed)
        P = activations.softmax(scores)
        return P * allowed if nothing_for_none else P

    def _allowed(self, shape, query_mask, value_mask, key_mask, attention_mask, use_causal_mask):
        """Join the masks: where a query may look, of a shape that spreads over that of the scores; None: everywhere."""
        batch, _, queries, keys = shape
        masks = [causal_mask(queries, keys)] if use_causal_mask else []
        over_queries, over_keys = (slice(None), None, slice(None), None), (slice(None), None, None)
        for name, mask, steps, place in (
            ("query_mask", query_mask, queries, over_queries),
            ("value_mask", value_mask, keys, over_keys),
            ("key_mask", key_mask, keys, over_keys),
        ):
            if mask is not None:
                mask = np.asarray(mask, bool)
                self.require(mask.shape == (batch, steps), f"{name} must have shape {(batch, steps)}, got {mask.shape}")
                masks.append(mask[place])
        if attention_mask is not None:
            mask = np.asarray(attention_mask, bool)
            mask = mask[:, None] if mask.ndim == 3 else mask
            fits = 2 <= mask.ndim <= 4 and all(m in (1, n) for m, n in zip(mask.shape[::-1], shape[::-1]))
            expected = f"{(batch, queries, keys)}, or 1 in places"
            self.require(fits, f"attention_mask must have shape {expected}; got {np.shape(attention_mask)}")
            masks.append(mask)
        return reduce(np.logical_and, masks) if masks else None

    def backward(self, grad):
        run = self.saved
        for layer, saved in zip((self._drop, *self.sublayers), run.inner):
            layer.saved = saved
        grad, P_grad = grad if isinstance(grad, (list, tuple)) else (grad, None)
        if grad is None:
            grad = np.zeros((len(run.Q), run.Q.shape[2], *self.attention_output.outputs), self.dtype)
        context_grad = self.attention_output.backward(grad).transpose(0, 2, 1, 3)
        V_grad = _product(transposed(run.dropped), context_grad)
        from_context = self._drop.backward(context_grad @ transposed(run.V))
        S_grad = activations.softmax.backward(from_context if P_grad is None else from_context + P_grad, None, run.P)
        if run.allowed is not None:
            S_grad *= run.allowed  # a query that may look nowhere looks everywhere alike, whatever its scores
        Q_grad = _product(S_grad, run.K)
        Q_grad *= self.scale
        K_grad = _product(transposed(S_grad), run.Q)
        for projection in (self.query, self.key, self.value):
            projection.needs_input_gradient = self.needs_input_gradient
        found = self.query.backward(Q_grad), self.value.backward(V_grad), self.key.backward(K_grad)
        if not self.needs_input_gradient:
            return None
        return list(found) if run.separate_key else [found[0], found[1] + found[2]]


def _product(a, b):
    """Multiply `(batch, heads, time, n)` by `(batch, heads, n, size)` into an array `(batch, time, heads, size)`."""
    batch, heads, time, _ = a.shape
    out = np.empty((batch, time, heads, b.shape[-1]), a.dtype)
    np.matmul(a, b, out=out.transpose(0, 2, 1, 3))
    return out
