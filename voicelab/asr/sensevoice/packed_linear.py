"""Speeds up linear layers on the CPU by packing their weights once for oneDNN.

torch repacks a matrix on every multiplication, which takes a considerable part of the time on short segments. Results
are equal up to rounding in the last digits.
"""

from typing import Any


def pack_linears(model: Any) -> None:
    """Replace every torch.nn.Linear in a model (CPU, float32, inference only).

    Does nothing where torch lacks oneDNN or the operation, which is internal to its compiler.
    """
    import torch

    operations = torch.ops.mkldnn
    if not torch.backends.mkldnn.is_available() or not hasattr(operations, "_linear_pointwise"):
        return

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
