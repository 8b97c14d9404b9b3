"""Models: layers joined into a graph, run forward in order and backward in reverse."""

import numpy as np

from . import utils
from .layers.base import Layer
from .layers.graph import SymbolicTensor, by_depth, topological_order
from .plan import Masks, Step, makes_mask
from .training import Trainer


class Model(Trainer, Layer):
    """A graph of layers from inputs to outputs (`keras.Model`, functional).

    Forward, each layer computes once the layers before it have. Backward, gradients run through the same graph in
    reverse; where one output feeds several layers, their gradients add up.

    Args:
        inputs: what `Input` returned, or a list or dict of those.
        outputs: a symbolic tensor, or a list or dict of them.
        name: the model's name.

    Raises:
        ValueError: if an output does not depend on the inputs alone, or two layers share a name.
    """

    def __init__(self, inputs=None, outputs=None, name=None):
        super().__init__(name=name)
        if outputs is not None:
            self._join(inputs, outputs)

    # ---- the graph

    def _join(self, inputs, outputs):
        self.inputs, self.outputs = utils.flatten(inputs), utils.flatten(outputs)
        self._input_names = list(inputs) if isinstance(inputs, dict) else [tensor.name for tensor in self.inputs]
        self._output_structure = outputs
        nodes, met = topological_order(self.inputs, self.outputs)
        self._check_graph(nodes)
        nodes, self.sublayers = by_depth(nodes, met)
        slot_of = {id(tensor): slot for slot, tensor in enumerate(self.inputs)}
        for node in nodes:
            for tensor in node.outputs:
                slot_of[id(tensor)] = len(slot_of)
        self._slots = len(slot_of)
        self._plan = [Step(node, slot_of) for node in nodes]
        self._output_slots = [slot_of[id(tensor)] for tensor in self.outputs]
        self._step_of_output = [
            next((i for i, step in enumerate(self._plan) if slot in step.output_slots), None)
            for slot in self._output_slots
        ]
        self._weights = super().weights
        self._uses_masks = any(makes_mask(node.layer) or "mask" in node.kwargs for node in nodes)
        self._loses_masks = any(node.layer.takes_masks_away for node in nodes)
        self.built = True

    def _check_graph(self, nodes):
        known = {id(tensor) for tensor in self.inputs}
        for node in nodes:
            for tensor in node.inputs:
                if tensor.node is None and id(tensor) not in known:
                    raise ValueError(
                        f"Model '{self.name}': the output needs {tensor.name}, which is not among the inputs"
                    )
        names = [layer.name for layer in dict.fromkeys(node.layer for node in nodes)]
        doubles = sorted({name for name in names if names.count(name) > 1})
        if doubles:
            raise ValueError(
                f"Model '{self.name}': each layer needs a name of its own; used twice: {', '.join(doubles)}"
            )

    @property
    def layers(self):
        """The layers, in the order in which Keras lists them."""
        return self.sublayers

    @property
    def weights(self):
        return self._weights if self.built else []

    @property
    def path(self):
        """Empty, so that a variable's path begins with its layer's name."""
        return ""

    def get_layer(self, name=None, index=None):
        """Return one layer (`keras.Model.get_layer`).

        Args:
            name: its name.
            index: or its place, from 0.

        Raises:
            ValueError: if there is no such layer.
        """
        if name is None and index is not None and -len(self.layers) <= index < len(self.layers):
            return self.layers[index]
        for layer in self.layers:
            if layer.name == name:
                return layer
        names = [layer.name for layer in self.layers]
        raise ValueError(f"get_layer: no layer called {name!r} or at index {index!r}; there are {names}")

    @property
    def input_shape(self):
        """The shape of the input, or a list of shapes."""
        shapes = [tensor.shape for tensor in self.inputs]
        return shapes[0] if len(shapes) == 1 else shapes

    @property
    def output_shape(self):
        """The shape of the output, or a list of shapes."""
        return self.compute_output_shape()

    def compute_output_shape(self, *input_shape):
        shapes = [tensor.shape for tensor in self.outputs]
        if input_shape:
            shapes = self._infer_shapes(self._listed(input_shape[0]))
        return shapes if isinstance(self._output_structure, (list, tuple, dict)) else shapes[0]

    def _infer_shapes(self, input_shapes):
        """Return the shapes of the outputs, given those of the inputs, or say which one does not fit."""
        for shape, tensor in zip(input_shapes, self.inputs):
            self._require_shape(shape, tensor)
        shapes = input_shapes + [None] * (self._slots - len(input_shapes))
        for step in self._plan:
            step.infer_shapes(shapes)
        return [shapes[slot] for slot in self._output_slots]

    # ---- forward and backward

    def call(self, inputs, training=False, mask=None):
        """Run every layer.

        Args:
            inputs: array `(batch, …)`, or a list or dict of them, in the structure that the model was made with.
            training: whether layers such as Dropout do what they do in training.
            mask: the mask of the input or a list of them, None where there is none.

        Returns:
            The outputs, in the structure that the model was made with.
        """
        return self._run(self._check_inputs(inputs), training, mask if isinstance(mask, list) else [mask])

    def _run(self, arrays, training, input_masks=()):
        """Run every layer on a flat list of arrays that have been checked."""
        values = arrays + [None] * (self._slots - len(arrays))
        uses_masks = self._uses_masks or any(mask is not None for mask in input_masks)
        masks = Masks(self._slots, input_masks, self._loses_masks) if uses_masks else None
        saved = []
        for step in self._plan:
            step.run(values, masks, training)
            saved.append(step.layer.saved)
        self.saved = saved
        self._last_masks = masks and [masks.attached[slot] for slot in self._output_slots]
        outputs = iter([values[slot] for slot in self._output_slots])
        return utils.map_structure(lambda _: next(outputs), self._output_structure)

    def compute_mask(self, inputs, mask):
        return self._last_masks

    def _check_inputs(self, inputs):
        """Return the inputs as a flat list of arrays of the right type, or say what does not fit."""
        arrays = [self._check_input(value, tensor) for value, tensor in zip(self._listed(inputs), self.inputs)]
        if any(None in tensor.shape[1:] for tensor in self.inputs):  # before any layer runs
            self._infer_shapes([array.shape for array in arrays])
        return arrays

    def _listed(self, inputs):
        """Return inputs, arrays or their shapes, as a list in the order of the model's inputs."""
        if isinstance(inputs, dict):
            missing = [name for name in self._input_names if name not in inputs]
            if missing:
                raise ValueError(f"Model '{self.name}': inputs must hold {self._input_names}, {missing} is missing")
            inputs = [inputs[name] for name in self._input_names]
        elif len(self.inputs) == 1:
            inputs = [inputs]
        if not isinstance(inputs, (list, tuple)) or len(inputs) != len(self.inputs):
            raise ValueError(f"Model '{self.name}': inputs must be a list of {len(self.inputs)} arrays")
        return list(inputs)

    def _wanted(self, tensor):
        expected = ("batch", *(size or "any" for size in tensor.shape[1:]))
        return f"Model '{self.name}': input '{tensor.name}' must be numbers of shape ({', '.join(map(str, expected))})"

    def _require_shape(self, shape, tensor):
        fits = len(shape) == len(tensor.shape) and all(
            None in (size, came) or size == came for size, came in zip(tensor.shape, shape)
        )
        if not fits:
            raise ValueError(f"{self._wanted(tensor)}, got {shape}")

    def _check_input(self, value, tensor):
        try:
            if tensor.dtype.startswith("int") and not np.isfinite(value).all():
                raise ValueError("NaN or infinity is no whole number")
            array = np.asarray(value, dtype=tensor.dtype)
        except (TypeError, ValueError) as error:
            raise ValueError(f"{self._wanted(tensor)}; {error}") from None
        self._require_shape(array.shape, tensor)
        return array

    def _as_array(self, value):
        return np.asarray(value)  # each input is cast to its own type in _check_input

    def backward(self, grad):
        """Send gradients back through every layer, adding to the gradient of each Variable.

        Args:
            grad: ∂L/∂output, or a list of them (None for an output that L does not depend on).

        Returns:
            ∂L/∂input, or a list of them.
        """
        grads = grad if isinstance(grad, (list, tuple)) else [grad]
        self._mark_needed_gradients(self.needs_input_gradient)
        return self._backward(list(zip(self._output_slots, grads)), {})

    def _backward(self, output_grads, logits_grads):
        """Walk the plan in reverse. `logits_grads` holds gradients that enter before a final activation, by step."""
        grads = [None] * self._slots
        for slot, grad in output_grads:
            grads[slot] = grad if grads[slot] is None else grads[slot] + grad
        for index in reversed(range(len(self._plan))):
            step = self._plan[index]
            step.layer.saved = self.saved[index]
            step.run_backward(grads, logits_grads.get(index))
        found = grads[: len(self.inputs)]
        return found[0] if len(found) == 1 else found

    def _mark_needed_gradients(self, input_gradients):
        """Let each layer skip its input gradient where nothing before it learns from it."""
        needed = [input_gradients] * len(self.inputs) + [False] * (self._slots - len(self.inputs))
        for step in self._plan:
            before = any(needed[slot] for slot in step.input_slots)
            step.needs_input_gradient = before
            learns = before or bool(step.layer.trainable_weights)
            for slot in step.output_slots:
                needed[slot] = learns

    # ---- inside another model

    def build(self, *input_shape):
        """Do nothing: a joined model has its weights."""
        if not self.built:
            raise ValueError(f"Model '{self.name}' has no inputs and outputs yet")


class Sequential(Model):
    """Layers one after the other (`keras.Sequential`).

    Args:
        layers: list of layers; the first may be an `Input`. Without one, the model is joined at its first use.
        name: the model's name.

    Raises:
        ValueError: if something in the list is not a layer.
    """

    def __init__(self, layers=None, name=None):
        super().__init__(name=name)
        self._start, self._stack = None, []
        for layer in layers or []:
            self._append(layer)
        self._rejoin()

    def add(self, layer):
        """Put one more layer at the end.

        Args:
            layer: a layer.

        Raises:
            ValueError: if it is not a layer.
        """
        self._append(layer)
        self._rejoin()

    @property
    def layers(self):
        """The layers in order."""
        return self._stack

    def _append(self, layer):
        if isinstance(layer, SymbolicTensor) and not self._stack and self._start is None:
            self._start = layer
        elif isinstance(layer, Layer):
            self._stack.append(layer)
        else:
            raise ValueError(f"Sequential: layers must be layers, with an Input at most as the first; got {layer!r}")

    def _rejoin(self):
        if self._start is None or not self._stack:
            return
        tensor = self._start
        for layer in self._stack:
            tensor = layer(tensor)
        self._join(self._start, tensor)

    def build(self, input_shape=None):
        """Make the weights for inputs of a given shape.

        Args:
            input_shape: `(batch, …)`; the batch may be None.

        Raises:
            ValueError: if there are no layers.
        """
        if self.built:
            return
        if not self._stack:
            raise ValueError(f"Sequential '{self.name}' has no layers yet")
        self._start = SymbolicTensor((None, *input_shape[1:]), name="input", dtype=self.dtype)
        self._rejoin()
