"""What can be said to both engines means the same to both: names, defaults, the order of arguments without names."""

import inspect

import numpy as np
import pytest

from course_utils import nn, startup

OURS_ALONE = {"Layer", "Input", "PositionEmbedding", "RoIAlign"}  # no twin, or one that is only called by name
THROUGH_KEYWORDS = {"name", "trainable", "zero_output_for_mask", "seed"}  # Keras hands these on in **kwargs
OPTIMIZERS = ["SGD", "RMSprop", "Adam", "AdamW", "Adagrad"]
INITIALIZERS = [name for name in vars(nn.initializers) if name[0].isupper() and name != "Initializer"]
CALLBACKS = ["EarlyStopping", "History", "LearningRateScheduler"]
LOSSES = sorted({kind.__name__ for kind in nn.losses._TABLE.values()} | {"Loss"})
METHODS = ["compile", "evaluate", "fit", "get_layer", "get_weights", "predict", "set_weights", "train_on_batch"]
PLACES = {
    "layers": sorted(set(nn.layers.__all__) - OURS_ALONE),
    "losses": LOSSES,
    "optimizers": OPTIMIZERS,
    "optimizers.schedules": ["CosineDecay", "ExponentialDecay"],
    "initializers": INITIALIZERS,
    "callbacks": CALLBACKS,
    "Model": METHODS,
}
CASES = [(place, name) for place, names in PLACES.items() for name in names]


def both(place, name):
    """Return the parameters of ours and theirs, dicts by name, without self and without * and **.

    Args:
        place: where it is, below `nn` and `keras`, such as `"layers"`.
        name: of a class or a function.
    """
    found = []
    for K in (nn, startup.load_keras()):
        thing = K
        for part in (*place.split("."), name):
            thing = getattr(thing, part)
        made = inspect.signature(thing if place == "Model" or inspect.isfunction(thing) else thing.__init__).parameters
        kinds = (inspect.Parameter.VAR_KEYWORD, inspect.Parameter.VAR_POSITIONAL)
        found.append({key: p for key, p in made.items() if key != "self" and p.kind not in kinds})
    return found


def without_name(parameters):
    """List the names of the parameters that may come without their names, in order."""
    return [key for key, p in parameters.items() if p.kind is not inspect.Parameter.KEYWORD_ONLY]


def same(ours, theirs):
    """Whether two defaults mean the same: `2` is `(2, 2)`."""
    return ours == theirs or (isinstance(theirs, tuple) and theirs == (ours,) * len(theirs))


@pytest.mark.parametrize("place, name", CASES)
def test_an_argument_without_its_name_is_the_same_argument(place, name):
    ours, theirs = map(without_name, both(place, name))
    assert ours == theirs[: len(ours)]


@pytest.mark.parametrize("place, name", CASES)
def test_every_argument_exists_in_keras_with_the_same_default(place, name):
    ours, theirs = both(place, name)
    for key, parameter in ours.items():
        assert key in theirs or key in THROUGH_KEYWORDS, key
        if key in theirs and (place, key) not in {("Model", "x"), ("Model", "y")}:
            assert same(parameter.default, theirs[key].default), key


@pytest.mark.parametrize("name", PLACES["layers"])
def test_every_argument_of_a_call_exists_in_keras(name):
    keras = startup.load_keras()
    ours, theirs = (inspect.signature(getattr(K.layers, name).call).parameters for K in (nn, keras))
    assert list(ours)[1] == list(theirs)[1]
    later = set(ours) - set(theirs)
    # Layers that merge find the masks of their inputs on the tensors in Keras.
    assert later <= {"mask"}, later


def test_what_keras_would_take_for_something_else_is_refused():
    for wrong in (
        lambda: nn.layers.Dropout(0.5, 3),  # Keras: noise_shape
        lambda: nn.layers.Dense(1, "relu", True, "zeros", "zeros", "l2"),  # Keras: kernel_regularizer
        lambda: nn.layers.Bidirectional(nn.layers.GRU(1), "sum", None),  # Keras: weights
        lambda: nn.layers.Flatten("channels_first"),  # Keras: data_format
        lambda: nn.optimizers.schedules.CosineDecay(0.1, 9, 0.0, "cosine"),  # Keras: name
    ):
        with pytest.raises(TypeError, match="positional"):
            wrong()


def test_fit_and_evaluate_take_32_records_at_a_time_unless_told_otherwise():
    x, y = np.ones((70, 2)), np.ones((70, 1))
    model = nn.Sequential([nn.Input((2,)), nn.layers.Dense(1)])
    model.compile("sgd", "mse")
    model.fit(x, y, batch_size=None, verbose=0)
    assert model.optimizer.iterations == 3
    assert model.evaluate(x, y, batch_size=None) == model.evaluate(x, y, batch_size=32)
    assert model.predict(x, batch_size=None).shape == (70, 1)
