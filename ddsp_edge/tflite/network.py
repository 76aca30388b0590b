"""The networks that our exporter writes, read out of their files for the C decoder.

A file is matched operator by operator with the two architectures of ``training/networks/``:
the GRU decoder and the one with running means. Anything that is not exactly as the exporter
writes it is unknown here, and left to a TFLite runtime. Int8 and float16 weights are unpacked to
float32 as the runtimes do before they multiply, so that nothing is lost by it.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from ddsp_edge.tflite.check import TfliteError, check_tflite
from ddsp_edge.tflite.graph import Graph, UnknownGraphError
from ddsp_edge.tflite.signature import INPUT_NAMES, OUTPUT_NAMES
from native.decoder import Layer, NetworkWeights

__all__ = ["UnknownGraphError", "read_network"]

_RELU = 1


def read_network(model: bytes) -> NetworkWeights:
    """The weights of a TFLite file. Raises UnknownGraphError (one line) for a foreign one."""
    try:
        check_tflite(model)
    except TfliteError as error:
        raise UnknownGraphError(str(error)) from None
    graph = Graph(model)
    try:
        weights = _Match(graph).weights()
    except (IndexError, KeyError, ValueError) as error:
        if isinstance(error, UnknownGraphError):
            raise
        raise UnknownGraphError(f"a tensor is not as expected ({error})") from None
    graph.check_understood()
    return weights


@dataclass
class _Inputs:
    """What is known of the way from the inputs to the first layer."""

    pitch: tuple[float, float]
    loudness: tuple[float, float]


class _Match:
    """One file on its way through the pattern; every method raises UnknownGraphError."""

    def __init__(self, graph: Graph) -> None:
        self.graph = graph
        inputs = {graph.name(i): i for i in graph.inputs}
        outputs = {graph.name(i): i for i in graph.outputs}
        self.pitch, self.loudness, self.state = (inputs[name] for name in INPUT_NAMES)
        self.ends = [self._reshaped(outputs[name]) for name in OUTPUT_NAMES]
        self.leak: float | None = None
        self.now: int | None = None  #: the tensor of both centred inputs
        self.centres = _Inputs((0.0, 0.0), (0.0, 0.0))

    def weights(self) -> NetworkWeights:
        graph = self.graph
        amplitude, harmonics, noise, state = self.ends
        gain_tensor, amplitude_at, amplitude_limits = self._levels(amplitude)
        again, noise_at, noise_limits = self._levels(noise)
        self._same(again, gain_tensor)
        softmax = graph.writer(harmonics, "SOFTMAX")
        if softmax.options.get("beta", 0.0) != 1.0:
            raise UnknownGraphError("the softmax is scaled")
        last, amplitude_layer = self._dense(amplitude_at)
        for tensor in (harmonics_at := softmax.inputs[0], noise_at):
            self._same(self._dense(tensor)[0], last)
        harmonics_layer, noise_layer = self._dense(harmonics_at)[1], self._dense(noise_at)[1]
        state_size = graph.shape(self.state)[0]
        gates: tuple[Layer, ...] = ()
        merge: tuple[Layer, ...] = ()
        shares: tuple[float, ...] = ()
        past: Layer | None = None
        if graph.is_written_by(state, "ADD") and self._is_gru(state):
            body, gates = self._gru(state)
            merge = self._merge(last, state, body)
            layers, first = self._layers(body)
            self._now(first)
            if len(layers) > 0 and layers[0].weights.shape[1] != 2:
                raise UnknownGraphError("the first layer has other inputs than pitch and loudness")
        else:
            layers, past, shares = self._feed_forward(last, state)
        return NetworkWeights(
            n_harmonics=harmonics_layer.weights.shape[0],
            n_noise=noise_layer.weights.shape[0],
            state_size=state_size,
            pitch=self.centres.pitch,
            loudness=self.centres.loudness,
            leak=self.leak or 0.0,
            gain=self._gain(gain_tensor),
            amplitude_limits=amplitude_limits,
            noise_limits=noise_limits,
            layers=tuple(layers),
            amplitude=amplitude_layer,
            harmonics=harmonics_layer,
            noise=noise_layer,
            gates=gates,
            merge=merge,
            mean_shares=shares,
            past=past,
        )

    def _same(self, found: int, wanted: int) -> None:
        if found != wanted:
            raise UnknownGraphError(
                f"{self.graph.name(found)!r} stands where {self.graph.name(wanted)!r} should"
            )

    def _reshaped(self, tensor: int) -> int:
        """What a RESHAPE gives another shape, the numbers being the same."""
        return self.graph.writer(tensor, "RESHAPE").inputs[0]

    def _dense(self, tensor: int) -> tuple[int, Layer]:
        """Return the input and the layer of a FULLY_CONNECTED."""
        operator = self.graph.writer(tensor, "FULLY_CONNECTED")
        if operator.options.get("weights_format", 0):
            raise UnknownGraphError("a layer's weights are shuffled")
        weights = self.graph.constant(operator.inputs[1])
        bias = np.zeros(len(weights), np.float32)
        if len(operator.inputs) > 2 and operator.inputs[2] != -1:
            bias = self.graph.constant(operator.inputs[2])
        if weights.ndim != 2 or bias.shape != weights.shape[:1]:
            raise UnknownGraphError(f"a layer has the shapes {weights.shape} and {bias.shape}")
        source = operator.inputs[0]
        if self.graph.shape(source)[-1:] != weights.shape[1:]:
            raise UnknownGraphError("a layer has other inputs than it is given")
        return source, Layer(weights, bias)

    def _leaky(self, tensor: int) -> int:
        operator = self.graph.writer(tensor, "LEAKY_RELU")
        alpha = float(operator.options.get("alpha", 0.0))
        if self.leak not in (None, alpha):
            raise UnknownGraphError("its leaky_relu have several slopes")
        self.leak = alpha
        return operator.inputs[0]

    def _levels(self, tensor: int) -> tuple[int, int, tuple[float, float]]:
        """(gain, exponent, limits) of gain * exp(exponent within the limits)."""
        gain, exponential = self.graph.writer(tensor, "MUL").inputs
        highest = self.graph.writer(self.graph.writer(exponential, "EXP").inputs[0], "MINIMUM")
        inner, high = self.graph.with_number(highest)
        exponent, low = self.graph.with_number(self.graph.writer(inner, "MAXIMUM"))
        return gain, exponent, (low, high)

    def _shifted(self, tensor: int) -> tuple[int, float, float]:
        """Return x, centre and slope of (x - centre) * slope."""
        difference, slope = self.graph.with_number(self.graph.writer(tensor, "MUL"))
        x, centre = self.graph.writer(difference, "SUB").inputs
        return x, self.graph.number(centre), slope

    def _gain(self, tensor: int) -> tuple[float, float, float]:
        exponential, floor = self.graph.writer(tensor, "SUB", activation=_RELU).inputs
        x, centre, slope = self._shifted(self.graph.writer(exponential, "EXP").inputs[0])
        self._same(self._reshaped(x), self.loudness)
        return centre, slope, self.graph.number(floor)

    def _now(self, tensor: int) -> None:
        """Pitch and loudness, centred and side by side."""
        if self.now is not None:
            self._same(tensor, self.now)
            return
        self.now = tensor
        pitch, loudness = self._concatenated(tensor)
        x, *self_pitch = self._shifted(pitch)
        self._same(self._reshaped(x), self.pitch)
        x, *self_loudness = self._shifted(loudness)
        self._same(self._reshaped(x), self.loudness)
        self.centres = _Inputs((self_pitch[0], self_pitch[1]), (self_loudness[0], self_loudness[1]))

    def _concatenated(self, tensor: int) -> tuple[int, ...]:
        operator = self.graph.writer(tensor, "CONCATENATION")
        if operator.options.get("axis", 0) not in (1, -1):
            raise UnknownGraphError("rows are joined, not columns")
        return operator.inputs

    def _layers(self, tensor: int) -> tuple[list[Layer], int]:
        """Dense layers with leaky_relu behind each, from the first, and their input."""
        layers: list[Layer] = []
        while self.graph.is_written_by(tensor, "LEAKY_RELU"):
            tensor, layer = self._dense(self._leaky(tensor))
            layers.insert(0, layer)
        return layers, tensor

    # ---- the recurrent network

    def _is_gru(self, state: int) -> bool:
        return self.graph.is_written_by(self.graph.writer(state, "ADD").inputs[0], "TANH")

    def _gru(self, state: int) -> tuple[int, tuple[Layer, ...]]:
        """(body, gates) of new + update * (before - new)."""
        graph = self.graph
        new, moved = graph.writer(state, "ADD").inputs
        update, difference = graph.writer(moved, "MUL").inputs
        before, again = graph.writer(difference, "SUB").inputs
        self._same(again, new)
        self._is_state(before)
        inner, product = graph.writer(graph.writer(new, "TANH").inputs[0], "ADD").inputs
        reset, recurrent = graph.writer(product, "MUL").inputs
        body, in_new = self._dense(inner)
        found, state_new = self._dense(recurrent)
        self._same(found, before)
        gates = []
        for gate in (reset, update):
            from_body, from_state = graph.writer(
                graph.writer(gate, "LOGISTIC").inputs[0], "ADD"
            ).inputs
            for tensor, source in ((from_body, body), (from_state, before)):
                found, layer = self._dense(tensor)
                self._same(found, source)
                gates.append(layer)
        return body, (gates[0], gates[2], in_new, gates[1], gates[3], state_new)

    def _merge(self, last: int, state: int, body: int) -> tuple[Layer, Layer]:
        from_state, from_body = self.graph.writer(self._leaky(last), "ADD").inputs
        found, state_layer = self._dense(from_state)
        self._same(found, state)
        found, body_layer = self._dense(from_body)
        self._same(found, body)
        return body_layer, state_layer

    # ---- the network with running means

    def _feed_forward(
        self, last: int, state: int
    ) -> tuple[list[Layer], Layer | None, tuple[float, ...]]:
        layers: list[Layer] = []
        heard = last
        past: Layer | None = None
        past_tensor: int | None = None
        while past_tensor is None and self.graph.is_written_by(heard, "LEAKY_RELU"):
            inner = self._leaky(heard)
            if self.graph.is_written_by(inner, "ADD"):
                inner, delayed = self.graph.writer(inner, "ADD").inputs
                past_tensor, past = self._dense(delayed)
            heard, layer = self._dense(inner)
            layers.insert(0, layer)
        means: int | None = None
        shares: tuple[float, ...] = ()
        if layers[0].weights.shape[1] == 2:
            self._now(heard)
        else:
            now, difference = self._concatenated(heard)
            self._now(now)
            means, shares = self._means(difference)
        self._follows(state, means, past_tensor, len(shares))
        return layers, past, shares

    def _means(self, tensor: int) -> tuple[int, tuple[float, ...]]:
        """(the means, their shares) of what the inputs are above means that move on."""
        graph = self.graph
        many, means = graph.writer(tensor, "SUB").inputs
        if many != self.now and any(each != self.now for each in self._concatenated(many)):
            raise UnknownGraphError("the means are of something else than the inputs")
        before, moved = graph.writer(means, "ADD").inputs
        product = graph.writer(moved, "MUL")
        difference, shares = product.inputs
        if graph.is_constant(difference):
            difference, shares = shares, difference
        again, old = graph.writer(difference, "SUB").inputs
        self._same(again, many)
        self._same(old, before)
        found = tuple(float(share) for share in graph.constant(shares).reshape(-1))
        if (len(found),) != graph.shape(means)[-1:]:
            raise UnknownGraphError(f"{graph.shape(means)} means have {len(found)} shares")
        self._part_of_state(before, 0, len(found))
        return means, found

    def _part_of_state(self, tensor: int, first: int, size: int) -> None:
        """``size`` numbers of the state as it came in, from ``first`` on."""
        if size == self.graph.shape(self.state)[0]:
            self._is_state(tensor)
            return
        self._is_state(self._slice(tensor, first, size))

    def _is_state(self, tensor: int) -> None:
        """The state as it came in; the converter leaves a RESHAPE out where shapes broadcast."""
        if tensor != self.state:
            self._same(self._reshaped(tensor), self.state)

    def _slice(self, tensor: int, first: int, size: int) -> int:
        operator = self.graph.writer(tensor, "SLICE")
        begin, sizes = (self.graph.whole_numbers(i) for i in operator.inputs[1:])
        if (
            begin != (0, first)
            or self.graph.shape(tensor) != (1, size)
            or sizes[1] not in (size, -1)
        ):
            raise UnknownGraphError(f"a slice from {begin} of {sizes}, not from {first} of {size}")
        return operator.inputs[0]

    def _follows(self, state: int, means: int | None, past: int | None, n_means: int) -> None:
        """The next state: the means, then the inputs, then the past without its oldest."""
        wanted: list[int] = [] if means is None else [means]
        if past is None:
            self._same(state, wanted[0])
            return
        assert self.now is not None
        size = self.graph.shape(past)[-1]
        self._part_of_state(past, n_means, size)
        parts = self._concatenated(state)
        if list(parts[: len(wanted) + 1]) != [*wanted, self.now]:
            raise UnknownGraphError("the next state begins with something else")
        if size > 2:
            (kept,) = parts[len(wanted) + 1 :]
            self._same(self._slice(kept, 0, size - 2), past)
        elif len(parts) != len(wanted) + 1:
            raise UnknownGraphError("the next state holds more than the inputs")
