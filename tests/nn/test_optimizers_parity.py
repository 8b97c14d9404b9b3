"""Every optimizer with every way to clip, decay and change its rate moves weights as Keras moves them."""

import numpy as np
import pytest

from course_utils import nn, startup
from tests.parity import assert_parity

KINDS = ["SGD", "RMSprop", "Adam", "AdamW", "Adagrad"]
OPTIONS = {
    "plain": {},
    "clipnorm": {"clipnorm": 0.1},
    "clipvalue": {"clipvalue": 0.05},
    "global_clipnorm": {"global_clipnorm": 0.2},
    "weight_decay": {"weight_decay": 0.1},
}
SCHEDULES = {
    "exponential": ("ExponentialDecay", {"initial_learning_rate": 0.1, "decay_steps": 7, "decay_rate": 0.8}),
    "stairs": (
        "ExponentialDecay",
        {"initial_learning_rate": 0.1, "decay_steps": 7, "decay_rate": 0.8, "staircase": True},
    ),
    "cosine": ("CosineDecay", {"initial_learning_rate": 0.1, "decay_steps": 9, "alpha": 0.1}),
    "warm-up": (
        "CosineDecay",
        {"initial_learning_rate": 0.01, "decay_steps": 9, "warmup_target": 0.2, "warmup_steps": 5},
    ),
}
rng = np.random.default_rng(0)
X, Y = rng.normal(size=(6, 3)), 3 * rng.normal(size=(6, 2))


def network(make_optimizer):
    """Return a function of an engine that makes a small compiled model."""

    def build(K):
        layers = [K.layers.Dense(4, activation="tanh", name="hidden"), K.layers.Dense(2, name="output")]
        model = K.Sequential([K.Input((3,)), *layers])
        model.compile(make_optimizer(K), "mse")
        return model

    return build


def schedule(K, name):
    """Return one of the schedules of an engine."""
    kind, arguments = SCHEDULES[name]
    return getattr(K.optimizers.schedules, kind)(**arguments)


@pytest.mark.parametrize("options", OPTIONS)
@pytest.mark.parametrize("kind", KINDS)
def test_options_agree_over_thirty_steps(kind, options):
    make = lambda K: getattr(K.optimizers, kind)(learning_rate=0.02, **OPTIONS[options])  # noqa: E731
    assert_parity(network(make), X, Y, "float64", steps=30)


@pytest.mark.parametrize("kind", ["AdamW", "SGD"])
def test_options_agree_in_float32(kind):
    make = lambda K: getattr(K.optimizers, kind)(0.02, weight_decay=0.01, global_clipnorm=0.5)  # noqa: E731
    build = network(make)
    assert_parity(build, X, Y, "float32", steps=30)
    ours = build(nn)
    ours.train_on_batch(X, Y)
    assert {variable.dtype for variable in ours.weights} == {"float32"}


@pytest.mark.parametrize("name", SCHEDULES)
def test_schedules_agree_at_every_step(name):
    keras = startup.load_keras()
    ours, theirs = schedule(nn, name), schedule(keras, name)
    for step in range(40):  # Keras computes rates in float32 whatever the type of the weights
        np.testing.assert_allclose(ours(step), float(theirs(step)), rtol=1e-6, err_msg=f"step {step}")


@pytest.mark.parametrize("name", SCHEDULES)
def test_schedules_agree_in_training(name):
    make = lambda K: K.optimizers.AdamW(schedule(K, name), weight_decay=0.1, clipnorm=1.0)  # noqa: E731
    assert_parity(network(make), X, Y, "float32", steps=20)


def test_the_defaults_are_those_of_keras():
    keras = startup.load_keras()
    for kind in KINDS:
        theirs = getattr(keras.optimizers, kind)().get_config()
        ours = vars(getattr(nn.optimizers, kind)())
        shared = set(ours) & set(theirs)
        assert {"weight_decay", "clipnorm", "clipvalue", "global_clipnorm"} <= shared
        assert {name: ours[name] for name in shared} == {name: theirs[name] for name in shared}
        assert nn.optimizers.get(kind.lower()).learning_rate == pytest.approx(theirs["learning_rate"])


BAD = {
    "two ways to clip": (lambda: nn.optimizers.SGD(clipnorm=1.0, clipvalue=1.0), "only one of clipnorm, clipvalue"),
    "negative clip": (lambda: nn.optimizers.Adam(clipnorm=-1.0), "Adam: clipnorm must be a number of at least 0"),
    "clip that is no number": (lambda: nn.optimizers.Adam(clipvalue="1"), "clipvalue must be a number"),
    "no decay": (lambda: nn.optimizers.AdamW(weight_decay=None), "AdamW: weight_decay must be a number"),
    "no steps": (lambda: nn.optimizers.schedules.CosineDecay(0.1, 0), "CosineDecay: decay_steps must be a whole"),
    "half steps": (lambda: nn.optimizers.schedules.ExponentialDecay(0.1, 0.5, 0.9), "ExponentialDecay: decay_steps"),
}


@pytest.mark.parametrize("case", BAD)
def test_bad_arguments_are_named(case):
    make, message = BAD[case]
    with pytest.raises(ValueError, match=message):
        make()


def test_an_unknown_option_raises():
    with pytest.raises(TypeError, match="use_ema"):
        nn.optimizers.Adam(use_ema=True)


def test_the_rate_of_a_schedule_cannot_be_set_as_in_keras():
    for K in (nn, startup.load_keras()):
        optimizer = K.optimizers.SGD(schedule(K, "cosine"))
        with pytest.raises(TypeError, match="schedule|LearningRateSchedule"):
            optimizer.learning_rate = 0.1
