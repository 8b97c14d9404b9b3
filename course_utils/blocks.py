"""Parts of models in either engine that more than one notebook uses."""

from . import keras_layers, nn


def places(K, x, name="places"):
    """Add a learned vector for its place to each token: out[t] = x[t] + position_embeddings[t].

    Args:
        K: `nn` or `keras`.
        x: symbolic tensor `(batch, time, features)` with a known time.
        name: of the layer that holds the vectors.

    Returns:
        Symbolic tensor of the same shape.
    """
    layers = nn.layers if K is nn else keras_layers
    embedding = layers.PositionEmbedding(x.shape[1], name=name)
    return K.layers.Add(name=f"{name}_added")([x, embedding(x)])


def transformer(K, x, num_heads, causal=False, name="block"):
    """Make one block of a transformer: tokens look at each other, then each is worked on alone.

    x ← x + attention(norm(x)), then x ← x + W₂ relu(W₁ norm(x)), where W₁ has four times as many columns as x has
    features. The norm stands before attention and the dense layers, not behind the sum as in the first transformer;
    so it learns with fewer tricks.

    Args:
        K: `nn` or `keras`.
        x: symbolic tensor `(batch, time, features)`.
        num_heads: of attention; features must be a multiple of it.
        causal: whether a token sees itself and earlier ones only.
        name: with which the names of the layers begin.

    Returns:
        `(x, shares)`: symbolic tensors, `(batch, time, features)` and `(batch, num_heads, time, time)`.

    Raises:
        ValueError: if features is no multiple of num_heads.

    Source: Vaswani et al. 2017; the place of the norm: Xiong et al. 2020, arXiv 2002.04745.
    """
    features = x.shape[-1]
    if features % num_heads:
        raise ValueError(f"transformer: num_heads must divide the {features} features of x, got {num_heads}")
    look = K.layers.MultiHeadAttention(num_heads, features // num_heads, name=f"{name}_attention")
    normal = K.layers.LayerNormalization(name=f"{name}_norm")(x)
    seen, shares = look(normal, normal, use_causal_mask=causal, return_attention_scores=True)
    x = K.layers.Add(name=f"{name}_seen")([x, seen])
    hidden = K.layers.LayerNormalization(name=f"{name}_norm_2")(x)
    hidden = K.layers.Dense(4 * features, activation="relu", name=f"{name}_wide")(hidden)
    hidden = K.layers.Dense(features, name=f"{name}_back")(hidden)
    return K.layers.Add(name=f"{name}_out")([x, hidden]), shares
