"""Parts of models in either engine: `course_utils.blocks`."""

import numpy as np
import pytest

from course_utils import blocks, bridge, nn
from tests.parity import twins


def build(causal):
    """Return a builder of a model of two letters' blocks; its shares of attention come out as well."""

    def model_of(K):
        x = K.Input(shape=(5, 6))
        y, _ = blocks.transformer(K, blocks.places(K, x), 3, causal=causal)
        y, shares = blocks.transformer(K, y, 2, causal=causal, name="second")
        model = K.Model(x, [K.layers.Dense(4, activation="softmax")(y), shares])
        return model

    return model_of


@pytest.mark.parametrize("causal", [False, True])
def test_both_engines_learn_the_same(causal):
    def one_output(K):
        full = build(causal)(K)
        model = K.Model(full.inputs, full.outputs[0])
        model.compile(optimizer=K.optimizers.Adam(0.01), loss="sparse_categorical_crossentropy")
        return model

    rng = np.random.default_rng(0)
    with bridge.number_type("float64"):
        ours, theirs = twins(one_output, rng)
        comparison = bridge.compare(ours, theirs, rng.normal(size=(8, 5, 6)), rng.integers(0, 4, (8, 5)), steps=20)
    assert comparison.agrees, comparison


@pytest.mark.parametrize("causal", [False, True])
def test_only_a_causal_block_hides_what_comes_later(causal):
    rng = np.random.default_rng(0)
    model = build(causal)(nn)
    x = rng.normal(size=(1, 5, 6))
    later = x.copy()
    later[:, 3:] = rng.normal(size=(1, 2, 6))
    (before, shares), (after, _) = model(x), model(later)
    assert np.allclose(before[:, :3], after[:, :3]) == causal
    assert np.allclose(np.triu(shares[0, 0], 1), 0) == causal
    assert shares.sum(axis=-1) == pytest.approx(1)


def test_the_same_token_at_another_place_gives_another_answer():
    answer, _ = build(causal=False)(nn)(np.ones((1, 5, 6)))
    assert np.abs(np.diff(answer, axis=1)).min() > 0


def test_heads_that_do_not_divide_the_features_are_refused():
    with pytest.raises(ValueError, match="num_heads must divide the 6 features of x, got 4"):
        blocks.transformer(nn, nn.Input(shape=(5, 6)), 4)
