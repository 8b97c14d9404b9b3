"""What every layer can do, and what those that end with an activation share."""

import functools
import inspect
from types import SimpleNamespace

import numpy as np

from .. import activations, config, initializers, utils
from .graph import Node, SymbolicTensor, Variable


def _and_note_it(build):
    """Return a method `build` that notes when it has ended."""

    @functools.wraps(build)
    def wrapped(self, *args, **kwargs):
        build(self, *args, **kwargs)
        self.built = True

    return wrapped


class Layer:
    """A step of a network: it computes forward, and hands gradients back. An optimizer, not the layer, changes weights.

    A subclass writes `build(input_shape)` (make weights), `call(inputs)` (forward; keep what backward needs with
    `self.save`), `backward(grad)` (add weight gradients, return the input gradient) and, if the shape changes,
    `compute_output_shape(input_shape)`. It mirrors `keras.layers.Layer`.

    Args:
        name: unique in its model; made from the class name if None.
        trainable: False freezes the weights.
    """

    supports_masking = False
    takes_masks_away = False  # whether its inputs have no masks any more after the call (MultiHeadAttention)
    needs_input_gradient = True  # a Model sets it to False where nothing below can be trained

    def __init__(self, *, name=None, trainable=True):
        self.name = name or utils.unique_name(type(self).__name__)
        self.trainable = trainable
        self.dtype = config.floatx()
        self.built = False
        self.parent = None
        self.variables = []
        self.sublayers = []
        self.saved = None

    def __init_subclass__(cls, **options):
        """Let `build` note that the weights are there, whoever calls it."""
        super().__init_subclass__(**options)
        if "build" in vars(cls):
            cls.build = _and_note_it(cls.build)

    # ---- to be written by subclasses

    def build(self, input_shape):
        """Make the weights.

        Args:
            input_shape: tuple; the first entry is the batch and may be None.
        """

    def call(self, inputs):
        """Compute forward.

        Args:
            inputs: array `(batch, …)`.

        Returns:
            The output array.
        """
        raise TypeError(f"{type(self).__name__} does not say what it computes: write its call(inputs)")

    def backward(self, grad):
        """Take ∂L/∂output, add ∂L/∂weight to each weight's gradient, return ∂L/∂input.

        Args:
            grad: array of the output's shape.

        Returns:
            Array of the input's shape; a list if there are several inputs.
        """
        raise TypeError(f"{type(self).__name__} does not say how gradients flow back: write its backward(grad)")

    def check_values(self, inputs):
        """Stop if the layer cannot use these numbers; a Model asks the layers after its inputs before it learns.

        Args:
            inputs: array `(batch, …)`.

        Raises:
            ValueError: if so.
        """

    def compute_output_shape(self, input_shape):
        """Return the shape of the output.

        Args:
            input_shape: shape of the input, with None for the batch.

        Returns:
            Tuple.
        """
        return input_shape

    def outputs_shape(self, shapes, options):
        """Return the shapes of all outputs of one call, where what comes out depends on the options of the call.

        Args:
            shapes: shape of each positional argument.
            options: dict of keyword arguments, such as `{"return_attention_scores": True}`.

        Returns:
            Tuple, or a list of tuples for several outputs.
        """
        return self.compute_output_shape(*shapes)

    def compute_mask(self, inputs, mask):
        """Return the mask of the output, given that of the input (True where a step is real, False where it pads).

        Args:
            inputs: the input arrays.
            mask: boolean array `(batch, time)`, a list of them, or None.

        Returns:
            A mask or None.
        """
        return mask if self.supports_masking and not isinstance(mask, list) else None

    @property
    def logits(self):
        """The sums before a final sigmoid or softmax in the last call, if there was one, else None."""
        return None

    # ---- for subclasses to use

    def add_weight(self, name, shape, initializer, trainable=True):
        """Make a weight array.

        Args:
            name: such as `"kernel"`.
            shape: tuple of ints.
            initializer: name or initializer.
            trainable: False for arrays that no optimizer changes.

        Returns:
            A Variable.
        """
        variable = Variable(initializers.get(initializer)(shape, self.dtype), name, self, trainable)
        self.variables.append(variable)
        return variable

    def track(self, layer):
        """Own another layer, so that its weights count as this layer's.

        Args:
            layer: a Layer.

        Returns:
            The same layer.
        """
        layer.parent = self
        self.sublayers.append(layer)
        return layer

    def save(self, **arrays):
        """Keep what backward will need, as attributes of `self.saved`.

        Args:
            **arrays: anything, by name.
        """
        self.saved = SimpleNamespace(**arrays)

    def require(self, holds, message):
        """Stop with a sentence that begins with the layer's class and name.

        Args:
            holds: whether all is well.
            message: what is wrong: the argument, what came, what was expected.

        Raises:
            ValueError: unless it holds.
        """
        if not holds:
            raise ValueError(f"{type(self).__name__} '{self.name}': {message}")

    # ---- the same for every layer

    @property
    def path(self):
        """The layer's name, after those of the layers that own it."""
        return f"{self.parent.path}/{self.name}" if self.parent else self.name

    @property
    def weights(self):
        """All Variables, trainable ones of a layer first, in the order of Keras."""
        own = sorted(self.variables, key=lambda variable: not variable.trainable)
        return list(dict.fromkeys(own + [variable for layer in self.sublayers for variable in layer.weights]))

    @property
    def trainable_weights(self):
        """The Variables that an optimizer may change: none of a frozen layer, nor of the layers that it owns."""
        if not self.trainable:
            return []
        own = [variable for variable in self.variables if variable.trainable]
        return list(dict.fromkeys(own + [variable for layer in self.sublayers for variable in layer.trainable_weights]))

    @property
    def grads(self):
        """Gradients of the last backward pass, a dict by variable path."""
        return {variable.path: variable.grad for variable in self.weights if variable.grad is not None}

    def zero_gradients(self):
        """Forget all gradients, as before a new backward pass."""
        for variable in self.weights:
            variable.grad = None

    def get_weights(self):
        """Return copies of all weights as a list of arrays, in the order of Keras."""
        return [variable.numpy() for variable in self.weights]

    def set_weights(self, weights):
        """Replace all weights, or none if any shape is wrong.

        Args:
            weights: list of arrays with the shapes of `get_weights()`.

        Raises:
            ValueError: if their number or a shape differs.
        """
        targets = self.weights
        came, expected = [np.shape(w) for w in weights], [v.shape for v in targets]
        if came != expected:
            raise ValueError(f"{self.name}.set_weights: weights must have shapes {expected}, got {came}")
        for variable, value in zip(targets, weights):
            variable.assign(value)

    def count_params(self):
        """Return how many numbers the weights hold."""
        return sum(variable.value.size for variable in self.weights)

    def accepts(self, argument):
        """Return whether `call` takes a given argument, such as `training` or `mask`.

        Args:
            argument: its name.
        """
        return argument in inspect.signature(self.call).parameters

    def build_once(self, *shapes):
        """Make the weights unless they are there.

        Args:
            *shapes: the shape of each positional argument.
        """
        if not self.built:
            self.build(*shapes)
            self.built = True  # also where a subclass writes no build

    def __call__(self, *args, **kwargs):
        """Use the layer: on arrays it computes, on symbolic tensors it adds a node to the graph."""
        kwargs = self._known(kwargs)
        if any(isinstance(leaf, SymbolicTensor) for leaf in utils.flatten([args, kwargs])):
            return self._add_node(args, kwargs)
        args = utils.map_structure(self._as_array, args)
        shapes = utils.map_structure(np.shape, args)
        self.build_once(*shapes)
        self.compute_output_shape(*shapes)  # raises where the shapes do not fit
        return self.call(*args, **kwargs)

    def _known(self, options):
        """Return the options of a call; as in Keras, every layer may be told `training`, and nothing unknown."""
        options = {name: value for name, value in options.items() if name != "training" or self.accepts(name)}
        unknown = [name for name in options if not self.accepts(name)]
        if unknown:
            raise TypeError(f"{type(self).__name__} '{self.name}': a call takes no argument {unknown[0]!r}")
        return options

    def _as_array(self, value):
        array = np.asarray(value)
        return array.astype(self.dtype, copy=False) if array.dtype.kind in "fiu" else array

    def _add_node(self, args, kwargs):
        shapes = [utils.map_structure(lambda tensor: tensor.shape, arg) for arg in args]
        self.build_once(*shapes)
        node = Node(self, args, kwargs)
        shape = self.outputs_shape(shapes, kwargs)
        several = isinstance(shape, list)
        node.outputs = [SymbolicTensor(s, node) for s in (shape if several else [shape])]
        return node.outputs if several else node.outputs[0]


class Activated(Layer):
    """A layer that ends with an activation function: output = activation(z).

    A subclass computes z in `call`, ends it with `return self.activate(z, …)`, and writes `backward_sum(grad)` for
    ∂L/∂z. Losses use that entrance directly where sigmoid or softmax meets its cross-entropy, as Keras does.

    Args:
        activation: name, function or None.
        name: the layer's name.
        trainable: False freezes the weights.
    """

    def __init__(self, activation=None, *, name=None, trainable=True):
        super().__init__(name=name, trainable=trainable)
        self.activation = activations.get(activation)

    def activate(self, z, **arrays):
        """Apply the activation and keep a, whatever else backward needs, and z only where something reads it.

        Args:
            z: array of sums.
            **arrays: what else to keep.

        Returns:
            a, the output.
        """
        a = self.activation(z)
        reads_z = getattr(self.activation, "reads_z", True) or self._makes_probabilities
        self.save(z=z if reads_z else None, a=a, **arrays)
        return a

    @property
    def _makes_probabilities(self):
        return self.activation.__name__ in ("sigmoid", "softmax")

    @property
    def logits(self):
        return self.saved.z if self._makes_probabilities else None

    def backward(self, grad):
        return self.backward_sum(self.activation.backward(grad, self.saved.z, self.saved.a))

    def backward_sum(self, grad):
        """Take ∂L/∂z, add weight gradients, return ∂L/∂input.

        Args:
            grad: array of z's shape.
        """
        raise TypeError(f"{type(self).__name__} does not say how gradients flow back: write its backward_sum(grad)")
