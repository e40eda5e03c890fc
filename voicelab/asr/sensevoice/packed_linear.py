"""Makes the linear layers of a model faster on a CPU: their weights laid out once as oneDNN wants them.

torch lays a matrix out anew each time that it multiplies with it; for the short pieces that speech comes in, this is a
good part of the work. The sums are the same up to rounding in the last digits.
"""

from __future__ import annotations

from typing import Any


def pack_linears(model: Any) -> int:
    """Replace every torch.nn.Linear inside a model (on the CPU, float32, never trained again); how many there were.

    None are where torch was built without oneDNN, or lacks the operation, which belongs to its compiler's interior.
    """
    import torch

    operations = torch.ops.mkldnn
    if not torch.backends.mkldnn.is_available() or not hasattr(operations, "_linear_pointwise"):
        return 0

    class PackedLinear(torch.nn.Module):  # type: ignore[misc]
        def __init__(self, linear: Any) -> None:
            super().__init__()
            self.bias = linear.bias
            self.packed = operations._reorder_linear_weight(linear.weight.detach(), None)

        def forward(self, values: Any) -> Any:
            return operations._linear_pointwise(values, self.packed, self.bias, "none", [], "")

    found = [
        (parent, name, child)
        for parent in model.modules()
        for name, child in parent.named_children()
        if type(child) is torch.nn.Linear
    ]
    for parent, name, child in found:
        setattr(parent, name, PackedLinear(child))
    return len(found)
