"""What all recurrent layers share: the walk through time, forward and back, with masks and states."""

import numpy as np

from .. import activations, initializers, utils
from .base import Layer


class Recurrent(Layer):
    """A layer that goes through a sequence one step at a time and takes its states along.

    The sums of the inputs, x · kernel + bias, are one matrix product for all steps; only what depends on the state of
    the step before waits for its turn. Backward (backpropagation through time) goes through the steps in reverse. Since
    every gate works element by element, what a gradient is multiplied by on its way through a gate is computed for all
    steps at once (`slopes`), and weight gradients are one product over all steps at the end.

    A masked step keeps the states and the output of the step before. The first output to be kept is 0.

    A subclass says how many `gates` it has and how many states, and writes `step`, `slopes` and `step_back`. Arrays of
    a gate are `(time, batch, units)`, in the order in which the steps are taken; the gates come first.

    Args:
        units: number of neurons.
        activation: name or function that works element by element.
        use_bias: whether each gate has a bias.
        kernel_initializer: start of the kernel `(features, gates · units)`.
        recurrent_initializer: start of the recurrent kernel `(units, gates · units)`.
        bias_initializer: start of the bias.
        return_sequences: return the output of every step, not only of the last.
        return_state: return the last states too: a list of the output and each state.
        go_backwards: take the steps from last to first; outputs come in that order.
        zero_output_for_mask: let the output of a masked step be 0.
        name: the layer's name.
        trainable: False freezes the weights.

    Raises:
        ValueError: if units is not a whole number above 0, or an activation mixes the units (softmax).
    """

    supports_masking = True
    gates = 1
    state_names = ("h",)
    reads_sums = False  # whether the slope of an activation needs its sum as well as its result

    def __init__(
        self,
        units,
        activation,
        use_bias,
        kernel_initializer,
        recurrent_initializer,
        bias_initializer,
        return_sequences,
        return_state,
        go_backwards,
        zero_output_for_mask,
        name,
        trainable,
    ):
        super().__init__(name=name, trainable=trainable)
        self.units = utils.positive_integer(type(self).__name__, "units", units)
        self.activation = self.elementwise("activation", activation)
        self.use_bias = use_bias
        self.kernel_initializer = initializers.get(kernel_initializer)
        self.recurrent_initializer = initializers.get(recurrent_initializer)
        self.bias_initializer = initializers.get(bias_initializer)
        self.return_sequences, self.return_state = return_sequences, return_state
        self.go_backwards, self.zero_output_for_mask = go_backwards, zero_output_for_mask

    def elementwise(self, argument, identifier):
        """Return the activation that a name stands for, unless it mixes the units; note whether it needs the sums.

        Args:
            argument: the name of the argument.
            identifier: name, function or None.

        Returns:
            The function.

        Raises:
            ValueError: for softmax, or an unknown name.
        """
        function = activations.get(identifier)
        self.require(
            function is not activations.softmax,
            f"{argument} must work on each unit by itself, such as 'tanh'; softmax mixes the units",
        )
        self.reads_sums |= getattr(function, "reads_z", True)
        return function

    # ---- to be written by subclasses

    def step(self, t, *states):
        """Take one step forward: complete the sums of step t, and keep the gates.

        Args:
            t: the step, in the order in which they are taken.
            *states: the states before it, each `(batch, units)`.

        Returns:
            A tuple of the new states; the first is the output.
        """
        raise TypeError(f"{type(self).__name__} does not say what one step computes: write its step(t, *states)")

    def slopes(self):
        """Return ∂(what a gate contributes to)/∂(its sum), for all gates and steps at once.

        Returns:
            Array `(gates, time, batch, units)`.
        """
        raise TypeError(f"{type(self).__name__} does not say its slopes: write its slopes()")

    def step_back(self, t, dz, *grads):
        """Take one step back.

        Args:
            t: the step.
            dz: the slopes of its gates `(gates, batch, units)`, to be turned into ∂L/∂sum in place.
            *grads: ∂L/∂state for each state after the step, each `(batch, units)`.

        Returns:
            A tuple of ∂L/∂state for each state before the step.
        """
        raise TypeError(f"{type(self).__name__} does not say how gradients flow back: write its step_back")

    def bias_shape(self):
        """Return the shape of the bias: one number for each unit of each gate."""
        return (self.gates * self.units,)

    def input_bias(self):
        """Return the bias that is added to the sums of the inputs, `(gates, 1, 1, units)`."""
        return self.bias.value.reshape(self.gates, 1, 1, self.units)

    # ---- weights and shapes

    def __call__(self, sequences, initial_state=None, **kwargs):
        """Use the layer on a sequence, with zeros or other tensors as the first states."""
        if initial_state is None:
            return super().__call__(sequences, **kwargs)
        states = list(initial_state) if isinstance(initial_state, (list, tuple)) else [initial_state]
        return super().__call__(sequences, states, **kwargs)

    def build(self, sequences_shape, initial_state_shape=None):
        self.require(
            len(sequences_shape) == 3 and sequences_shape[-1] is not None,
            f"sequences must have shape (batch, time, features), got {sequences_shape}",
        )
        width = self.gates * self.units
        self.kernel = self.add_weight("kernel", (sequences_shape[-1], width), self.kernel_initializer)
        self.recurrent_kernel = self.add_weight("recurrent_kernel", (self.units, width), self.recurrent_initializer)
        self.bias = self.add_weight("bias", self.bias_shape(), self.bias_initializer) if self.use_bias else None

    def compute_output_shape(self, sequences_shape, initial_state_shape=None):
        features = self.kernel.shape[0]
        self.require(
            len(sequences_shape) == 3 and sequences_shape[2] == features and sequences_shape[1] != 0,
            f"sequences must have shape (batch, time, {features}), of at least one step; got {sequences_shape}",
        )
        batch, time, _ = sequences_shape
        state = (batch, self.units)
        if initial_state_shape is not None:
            count = len(self.state_names)
            fits = len(initial_state_shape) == count and all(
                len(shape) == 2 and shape[1] == self.units and len({shape[0], batch} - {None}) < 2
                for shape in initial_state_shape
            )
            self.require(fits, f"initial_state must be {count} × shape {state}, got {initial_state_shape}")
        output = (batch, time, self.units) if self.return_sequences else state
        return [output, *[state] * len(self.state_names)] if self.return_state else output

    def compute_mask(self, inputs, mask):
        output = mask if self.return_sequences else None
        return [output, *[None] * len(self.state_names)] if self.return_state else output

    def by_gate(self, kernel):
        """Return a view of a kernel with the gates apart.

        Args:
            kernel: Variable `(inputs, gates · units)`.

        Returns:
            Array `(gates, inputs, units)`.
        """
        return kernel.value.reshape(-1, self.gates, self.units).swapaxes(0, 1)

    # ---- forward

    def call(self, sequences, initial_state=None, mask=None):
        x = np.ascontiguousarray(self._in_order(sequences))  # (time, batch, features)
        time, batch, _ = x.shape
        keep, shown = self._in_order_masks(mask, (batch, time))
        sums = x @ self.by_gate(self.kernel)[:, None]  # (gates, time, batch, units)
        if self.use_bias:
            sums += self.input_bias()
        histories = [np.zeros((time + 1, batch, self.units), self.dtype) for _ in self.state_names]
        for history, state in zip(histories, initial_state or []):
            history[0] = state
        # Where no slope reads the sums, the gates take their place.
        activated = np.empty_like(sums) if self.reads_sums else sums
        self.save(
            x=x, sums=sums, activated=activated, recurrent=self.by_gate(self.recurrent_kernel),
            histories=histories, keep=keep, shown=shown, given=initial_state is not None,
        )  # fmt: skip
        for t in range(time):
            states = self.step(t, *[history[t] for history in histories])
            for history, state in zip(histories, states):
                history[t + 1] = state if keep is None else np.where(keep[t], state, history[t])
        return self._outputs(histories, shown)

    def _outputs(self, histories, shown):
        outputs = histories[0][1:]
        if shown is not None:
            outputs = np.where(shown, outputs, 0)
        output = outputs.swapaxes(0, 1) if self.return_sequences else outputs[-1]
        return [output, *[history[-1] for history in histories]] if self.return_state else output

    def _in_order(self, array, back=False):
        """Put time first, in the order in which the steps are taken; or put the batch first again."""
        if self.go_backwards:
            array = array[::-1] if back else array[:, ::-1]
        return array.swapaxes(0, 1)

    def _in_order_masks(self, mask, shape):
        """Say, as `(time, batch, 1)`, which steps are real, and of which the state is shown as output."""
        if mask is None:
            return None, None
        mask = np.asarray(mask, bool)
        self.require(mask.shape == shape, f"mask must have shape (batch, time) = {shape}, got {mask.shape}")
        keep = self._in_order(mask)[..., None]
        # Before the first real step, the state is the initial one, but the output is 0.
        return keep, keep if self.zero_output_for_mask else np.logical_or.accumulate(keep)

    # ---- backward

    def backward(self, grad):
        run = self.saved
        output_grad, *grads = grad if self.return_state else [grad, *[None] * len(self.state_names)]
        nothing = np.zeros_like(run.histories[0][0])
        grads = [nothing if one is None else one for one in grads]
        output_grads = self._output_grads(output_grad)
        run.dz = self.slopes()
        for t in reversed(range(len(run.x))):
            if output_grads[t] is not None:
                grads[0] = grads[0] + output_grads[t]
            grads = self._masked_step_back(t, grads)
        # (time · batch, gates · units), as the kernels have it, so that every product is one for all steps
        dz = run.dz.transpose(1, 2, 0, 3).reshape(-1, self.gates * self.units)
        self.kernel.add_gradient(run.x.reshape(len(dz), -1).T @ dz)
        self.add_recurrent_gradients(dz)
        if not self.needs_input_gradient:
            return None
        dx = self._in_order((dz @ self.kernel.value.T).reshape(run.x.shape), back=True)
        return [dx, *grads] if run.given else dx

    def _output_grads(self, grad):
        """List ∂L/∂output of each step, None where there is none."""
        time, shown = len(self.saved.x), self.saved.shown
        if grad is None:
            return [None] * time
        if self.return_sequences:
            grad = grad.swapaxes(0, 1)
            return grad if shown is None else np.where(shown, grad, 0)
        return [None] * (time - 1) + [grad if shown is None else np.where(shown[-1], grad, 0)]

    def _masked_step_back(self, t, grads):
        """Where the step is masked, gradients pass it by."""
        dz, keep = self.saved.dz[:, t], self.saved.keep
        if keep is None:
            return list(self.step_back(t, dz, *grads))
        through = self.step_back(t, dz, *[np.where(keep[t], grad, 0) for grad in grads])
        return [np.where(keep[t], 0, grad) + one for grad, one in zip(grads, through)]

    def add_recurrent_gradients(self, dz):
        """Add ∂L/∂(recurrent kernel) and ∂L/∂bias of all steps.

        Args:
            dz: ∂L/∂sum, array `(time · batch, gates · units)`.
        """
        self.recurrent_kernel.add_gradient(self.states_before().T @ dz)
        if self.use_bias:
            self.bias.add_gradient(dz.sum(axis=0))

    def states_before(self):
        """Return the state before each step, `(time · batch, units)`."""
        return self.saved.histories[0][:-1].reshape(-1, self.units)
