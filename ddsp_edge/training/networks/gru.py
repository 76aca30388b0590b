"""A GRU over whole sequences whose training is quick on a CPU.

Torch's own adds to the gradient of its weights at every time step, which moves all of them through
the memory each time. Here the steps' parts are kept, and each gradient is one product at the end.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor, nn

from ddsp_edge.training import c_loops
from native import training


class Gru(nn.GRU):
    """``nn.GRU(n_inputs, size, batch_first=True)``, one layer, from a state of zeros.

    Same parameters, names and results (to rounding); on a GPU it is torch's own.
    """

    def __init__(self, n_inputs: int, size: int) -> None:
        super().__init__(n_inputs, size, batch_first=True)

    def forward(  # type: ignore[override] # no packed sequences
        self, x: Tensor, hx: Tensor | None = None
    ) -> tuple[Tensor, Tensor]:
        """x [batch, time, n_inputs] -> the states [batch, time, size] and the last one."""
        x_wide = x.float()
        if hx is not None or not c_loops.usable(x_wide) or not torch.is_grad_enabled():
            return super().forward(x, hx)
        kind = torch.float32
        if torch.is_autocast_enabled("cpu"):
            kind = torch.get_autocast_dtype("cpu")
        weights = (self.weight_ih_l0, self.weight_hh_l0, self.bias_ih_l0, self.bias_hh_l0)
        states = _Sequence.apply(x_wide, *weights, kind)
        return states, states[None, :, -1]


class _Sequence(torch.autograd.Function):
    """The recurrence with its gradients by hand; matrix products in ``kind``, the rest in float32.

    Gates in torch's order, [reset, update, new]; time is the first axis inside.
    """

    @staticmethod
    def forward(
        ctx: Any, x: Tensor, w_x: Tensor, w_h: Tensor, b_x: Tensor, b_h: Tensor, kind: torch.dtype
    ) -> Tensor:
        batch, steps, n_inputs = x.shape
        size = w_h.shape[1]
        w_x, w_h = w_x.to(kind), w_h.to(kind)
        inputs = x.transpose(0, 1).reshape(steps * batch, n_inputs).to(kind)
        with torch.autocast("cpu", enabled=False):
            bias = b_x.clone()
            bias[: 2 * size] += b_h[: 2 * size]
            gates = torch.mm(inputs, w_x.t()).float().add_(bias).view(steps, batch, 3 * size)
            news, states = (torch.empty(steps, batch, size) for _ in range(2))
            # Of the new gate, what comes from the old state has a bias of its own.
            bias_new = b_h[2 * size :].detach().numpy()
            product = torch.zeros(batch, 3 * size)
            arrays = (x.numpy() for x in (gates, news, states, product))
            step = training.GruSteps(*arrays).forward(bias_new)
            step(0)
            through = _times(w_h.t(), batch)
            for at in range(1, steps):
                product.copy_(through(states[at - 1].to(kind)))
                step(at)
        ctx.save_for_backward(inputs, w_x, w_h, gates, news, states)
        return states.transpose(0, 1)

    @staticmethod
    def backward(ctx: Any, *gradients: Any) -> Any:
        inputs, w_x, w_h, gates, news, states = ctx.saved_tensors
        steps, batch, size = states.shape
        kind = w_h.dtype
        outer = gradients[0].transpose(0, 1).contiguous().numpy()
        by_gate, slope = torch.empty_like(gates), torch.zeros(batch, size)
        by_product = torch.empty(steps, batch, 3 * size, dtype=kind)
        product = torch.empty(batch, 3 * size)
        loop = training.GruSteps(*(x.numpy() for x in (gates, news, states, product)))
        step = loop.backward(outer, slope.numpy(), by_gate.numpy())
        back = _times(w_h, batch)
        for at in reversed(range(steps)):
            step(at)
            slope.add_(back(by_product[at].copy_(product)))
        flat, heard = by_gate.view(-1, 3 * size), by_product.view(-1, 3 * size)
        low = flat.to(kind)
        to_x = torch.mm(low, w_x).float().view(steps, batch, -1).transpose(0, 1)
        to_w_x = torch.mm(low.t(), inputs).float()
        # The state before the first step is zero: its product has no part in this.
        to_w_h = torch.mm(heard[batch:].t(), states[:-1].view(-1, size).to(kind)).float()
        return to_x, to_w_x, to_w_h, flat.sum(0), heard.float().sum(0), None


def _times(weights: Tensor, rows: int) -> Callable[[Tensor], Tensor]:
    """Return x [rows, n] -> x @ weights [n, m], for many such products with the same weights.

    Where torch has oneDNN it brings the weights into its own order once, not each time; torch's
    compiler does so too.
    """
    if not torch.backends.mkldnn.is_available():
        return lambda x: torch.mm(x, weights)
    ordered = torch.ops.mkldnn._reorder_linear_weight(weights.t().contiguous(), rows)
    return lambda x: torch.ops.mkldnn._linear_pointwise(x, ordered, None, "none", [], "")
