"""The only module that knows both engines: equal weights for NumPy and Keras, and the proof that they agree."""

import copy
import html
import re
from contextlib import contextmanager
from dataclasses import dataclass

import numpy as np

from . import nn, startup

# What "equal" means (DESIGN: agreement of the engines): largest |ours − theirs| / max(1, |theirs|).
TOLERANCES = {
    "float32": {"output": 1e-6, "loss": 1e-6, "gradient": 1e-5, "weights": 1e-4},
    "float64": dict.fromkeys(("output", "loss", "gradient", "weights"), 1e-10),
}


@dataclass(frozen=True)
class Row:
    """One comparison: the same quantity, computed twice.

    Args:
        name: what is compared, such as `"gradient of hidden/kernel"`.
        ours: the NumPy array.
        theirs: the Keras array.
        tolerance: the largest difference that counts as agreement.
    """

    name: str
    ours: np.ndarray
    theirs: np.ndarray
    tolerance: float

    def _differences(self):
        """|ours − theirs| / max(1, |theirs|) of each element; infinite where only one side is NaN."""
        ours, theirs = np.asarray(self.ours, float), np.asarray(self.theirs, float)
        same = (ours == theirs) | (np.isnan(ours) & np.isnan(theirs))  # also equal infinities
        with np.errstate(invalid="ignore"):
            differences = np.where(same, 0, np.abs(ours - theirs) / np.maximum(1, np.abs(theirs)))
        return np.where(np.isnan(differences), np.inf, differences)

    @property
    def difference(self):
        """The largest difference of an element; infinite if the shapes differ."""
        if np.shape(self.ours) != np.shape(self.theirs):
            return np.inf
        return float(self._differences().max(initial=0))

    @property
    def agrees(self):
        """Whether the difference is within the tolerance."""
        return self.difference <= self.tolerance

    def cells(self):
        """Return the row as text: name, first NumPy value, first Keras value, verdict."""
        if np.shape(self.ours) != np.shape(self.theirs):
            return self.name, f"shape {np.shape(self.ours)}", f"shape {np.shape(self.theirs)}", "✗ shapes differ"
        verdict = f"✓ within {self.tolerance:.0e}" if self.agrees else f"✗ off by {self.difference:.4g}"
        return self.name, *self._values_that_tell(), verdict

    def _values_that_tell(self):
        """The element that differs most, or the first one; with its place if there are several."""
        ours, theirs = np.asarray(self.ours, float), np.asarray(self.theirs, float)
        if ours.size == 0:
            return "–", "–"
        place = np.unravel_index(0 if self.agrees else self._differences().argmax(), ours.shape)
        where = f"[{', '.join(map(str, place))}] " if ours.size > 1 else ""
        return tuple(f"{where}{array[place]:z.4f}" for array in (ours, theirs))


@dataclass(frozen=True)
class Comparison:
    """A table of what was compared. It shows the tolerance that was held, not the last digits of the noise.

    Args:
        rows: list of Row.
    """

    rows: list

    @property
    def agrees(self):
        """Whether every row agrees."""
        return all(row.agrees for row in self.rows)

    @property
    def disagreements(self):
        """The names of the rows that do not agree."""
        return [row.name for row in self.rows if not row.agrees]

    @property
    def conclusion(self):
        """One sentence."""
        if self.agrees:
            return "NumPy and Keras agree" + (f" on all {len(self.rows)} rows." if len(self.rows) > 1 else ".")
        return "NumPy and Keras do not agree on: " + ", ".join(self.disagreements) + "."

    def __repr__(self):
        cells = [("", "NumPy", "Keras", "difference"), *(row.cells() for row in self.rows)]
        widths = [max(len(line[column]) for line in cells) for column in range(4)]
        lines = [
            f"{name:<{widths[0]}}  {ours:>{widths[1]}}  {theirs:>{widths[2]}}  {verdict}"
            for name, ours, theirs, verdict in cells
        ]
        return "\n".join([*lines, self.conclusion])

    def _repr_html_(self):
        # Plain elements carry the meaning, so that a page that drops styles still shows the table.
        red = "background: #b3261e; color: #fff; font-weight: bold"
        head = "".join(
            f'<th scope="col" style="text-align: left">{t}</th>' for t in ("", "NumPy", "Keras", "difference")
        )
        body = ""
        for row in self.rows:
            name, ours, theirs, verdict = map(html.escape, row.cells())
            style = "" if row.agrees else f' style="{red}"'
            cells = "".join(f'<td style="text-align: left"><code>{v}</code></td>' for v in (ours, theirs))
            body += f'<tr{style}><th scope="row" style="text-align: left">{name}</th>{cells}<td>{verdict}</td></tr>'
        caption = html.escape(self.conclusion)
        return f"<table><thead><tr>{head}</tr></thead><tbody>{body}</tbody></table><p>{caption}</p>"


def agreement(pairs, tolerance=1e-6):
    """Compare numbers that you computed in NumPy with those of Keras.

    Args:
        pairs: dict of name → `(ours, theirs)`, each a number, an array or a tensor; the two of one shape.
        tolerance: the largest |ours − theirs| / max(1, |theirs|) that counts as agreement.

    Returns:
        A Comparison, shown as a table.

    Raises:
        ValueError: if an entry is not a pair of numbers.
    """
    rows = []
    for name, pair in pairs.items():
        if not isinstance(pair, (tuple, list)) or len(pair) != 2:
            raise ValueError(f"agreement: {name!r} must be a pair (ours, theirs), got {pair!r}")
        rows.append(Row(name, _array(name, pair[0]), _array(name, pair[1]), tolerance))
    return Comparison(rows)


def _array(name, value):
    try:
        return np.asarray(value, float)
    except (TypeError, ValueError):
        raise ValueError(f"agreement: {name!r} must hold numbers, got {value!r}") from None


# ---- equal weights


def _variables(model):
    """List a model's or layer's variables with paths that both engines share, such as `hidden/kernel`.

    Keras puts the name of a Sequential in front, and both count up names that nobody chose (`dense_3`).
    """
    if isinstance(model, nn.layers.Layer):
        return [(variable.path, variable) for variable in model.weights]
    prefix = f"{model.name}/"
    return [(variable.path.removeprefix(prefix), variable) for variable in model.weights]


def _fits(path, other):
    """Whether two paths name the same variable: one may leave out parts that the other spells out.

    Keras names the cell of a recurrent layer (`lstm/lstm_cell/kernel`) and an inner Sequential.
    """
    parts, others = (re.sub(r"_\d+(?=/|$)", "", p).split("/") for p in (path, other))
    short, long = sorted((parts, others), key=len)
    rest = iter(long)
    return short[-1] == long[-1] and all(part in rest for part in short)


def copy_weights(source, target):
    """Give `target` the weights of `source`: all of them, or none if any name or shape does not fit.

    Either may be of either engine. Variables are paired in order, and must have the same path (apart from the
    numbers that Keras appends to names that nobody chose) and the same shape.

    Args:
        source: an `nn` or Keras model or layer, built.
        target: the other one, built.

    Raises:
        ValueError: if paths or shapes differ; the message names the first that does, and nothing is changed.
    """
    pairs = _paired(source, target)
    values = [np.array(variable.numpy()) for variable, _ in pairs]
    for value, (_, variable) in zip(values, pairs, strict=True):
        variable.assign(value)


def _paired(source, target):
    """Return pairs of variables, checked by path and shape."""
    sources, targets = _variables(source), _variables(target)
    for (path, variable), (other_path, other) in zip(sources, targets, strict=False):
        if not _fits(path, other_path):
            raise ValueError(f"copy_weights: source has {path} where target has {other_path}; nothing was copied")
        if tuple(variable.shape) != tuple(other.shape):
            raise ValueError(
                f"copy_weights: {path} has shape {tuple(variable.shape)} in source and {tuple(other.shape)} in target; "
                "nothing was copied"
            )
    if len(sources) != len(targets):
        raise ValueError(
            f"copy_weights: source has {len(sources)} weight arrays, target {len(targets)}; "
            "nothing was copied. Are both models built?"
        )
    return [(variable, other) for (_, variable), (_, other) in zip(sources, targets, strict=True)]


# ---- equal numbers


@contextmanager
def number_type(dtype):
    """Make both engines use one number type for a while, for layers made and losses computed meanwhile.

    A long training magnifies what rounding leaves; with float64, 16 digits, little is left.

    Args:
        dtype: `"float32"` or `"float64"`.

    Raises:
        ValueError: for another type; nothing is changed.
    """
    keras = startup.load_keras()

    def choose(name):
        nn.config.set_floatx(name)
        keras.config.set_floatx(name)
        keras.config.set_dtype_policy(name)

    old = nn.config.floatx()
    choose(dtype)
    try:
        yield
    finally:
        choose(old)


def compare(ours, theirs, x, y, steps=100):
    """Run both models on the same records and compare outputs, loss, every gradient, and every weight after training.

    Training means `steps` optimizer steps on the whole of x, as each model's own optimizer makes them, from a fresh
    optimizer state. Both models are left as they were. Randomness (Dropout) makes them disagree.

    Args:
        ours: a compiled `nn` model.
        theirs: a compiled Keras model with the same weights (see `copy_weights`).
        x: records `(batch, …)`, or a list of arrays for several inputs.
        y: labels, or a list of arrays for several outputs.
        steps: number of optimizer steps; 0 leaves training out.

    Returns:
        A Comparison, shown as a table.

    Raises:
        ValueError: if the models are not compiled, or their weights do not match by path and shape.
    """
    if not isinstance(ours, nn.Model) or isinstance(theirs, nn.Model):
        raise ValueError(f"compare: ours must be an nn model and theirs a Keras model, got {ours!r} and {theirs!r}")
    if ours.optimizer is None or getattr(theirs, "optimizer", None) is None:
        raise ValueError("compare: both models must be compiled, with the same optimizer and loss")
    names = [path for path, _ in _variables(ours)]
    pairs = _paired(ours, theirs)
    limits = TOLERANCES[ours.dtype]
    rows = _rows("output", ours.predict(x), _leaves(theirs(_tensors(x), training=False)), limits["output"])
    with _kept(ours, theirs) as kept:
        our_loss, our_gradients = ours.loss_and_gradients(x, y)
        differentiate, update = _their_steps(theirs, x, y)
        their_loss, their_gradients = differentiate()
        theirs.set_weights(kept.weights[1])  # moving averages, which ours leaves alone while it only looks
        rows.append(Row("loss", np.asarray(our_loss), np.asarray(their_loss), limits["loss"]))
        for (path, gradient), other in zip(our_gradients.items(), their_gradients, strict=True):
            rows.append(Row(f"gradient of {path}", gradient, np.asarray(other), limits["gradient"]))
        for _ in range(steps):
            ours.train_on_batch(x, y)
            update()
        if steps:
            for name, (our_variable, their_variable) in zip(names, pairs, strict=True):
                values = our_variable.numpy(), their_variable.numpy()
                rows.append(Row(f"{name} after {steps} steps", *values, limits["weights"]))
    return Comparison(rows)


def _rows(name, ours, theirs, tolerance):
    ours = nn.utils.flatten([ours])
    names = [name] if len(ours) == 1 else [f"{name} {i + 1}" for i in range(len(ours))]
    return [Row(*row, tolerance) for row in zip(names, ours, theirs, strict=True)]


def _leaves(tensors):
    return [np.asarray(tensor) for tensor in nn.utils.flatten([tensors])]


def _tensors(structure):
    keras = startup.load_keras()
    return nn.utils.map_structure(keras.ops.convert_to_tensor, structure)


class _kept:
    """Put back the weights of both models, and the optimizer of ours, whatever happens in between."""

    def __init__(self, ours, theirs):
        self.ours, self.theirs = ours, theirs

    def __enter__(self):
        self.weights = self.ours.get_weights(), self.theirs.get_weights()
        self.optimizer = self.ours.optimizer
        self.ours.optimizer = copy.copy(self.optimizer)
        self.ours.optimizer.reset()
        return self

    def __exit__(self, *_):
        self.ours.optimizer = self.optimizer
        self.ours.set_weights(self.weights[0])
        self.theirs.set_weights(self.weights[1])


def _their_steps(theirs, x, y):
    """Return two functions: one computes Keras' loss and gradients, one makes an optimizer step of its own."""
    import tensorflow as tf

    optimizer = theirs.optimizer.__class__.from_config(theirs.optimizer.get_config())
    variables = theirs.trainable_variables
    optimizer.build(variables)
    x, y = _tensors(x), _tensors(y)

    def differentiate():
        with tf.GradientTape() as tape:
            loss = theirs.compute_loss(x=x, y=y, y_pred=theirs(x, training=True), training=True)
        # An Embedding's gradient comes as the rows that were used; make it an array like the others. (`fit` does not,
        # and then Adam squares each row by itself: nn.layers.Embedding says what follows.)
        return loss, [tf.convert_to_tensor(gradient) for gradient in tape.gradient(loss, variables)]

    def update():
        optimizer.apply(differentiate()[1], variables)

    # One concrete function: calling a new tf.function in every comparison would make TensorFlow warn.
    return differentiate, tf.function(update).get_concrete_function()
