"""Convolutions with TensorFlow's "same" padding, without a padded copy of their input.

EfficientNet was trained in TensorFlow, where a layer of stride 2 pads an even side by one more pixel at its end than at
its start. PyTorch pads both ends alike, so the usual way out is to copy the input into a larger one first; for the
first such layer at 256 x 256 pixels that copy costs more than the convolution. A row of zeros before the kernel does
the same: the kernel starts one pixel earlier, on what it does not look at, and both ends are padded alike.
"""

from typing import cast

import torch
from timm.layers.conv2d_same import Conv2dSame
from torch import Tensor, nn
from torch.nn.functional import conv2d, pad


class SamePaddedConv2d(nn.Conv2d):
    """A convolution of odd kernel and stride 2 whose output has half the side of its input, rounded up."""

    def forward(self, x: Tensor) -> Tensor:
        """Convolves.

        Args:
            x: float [B, C, H, W].

        Returns:
            float [B, C', ceil(H / 2), ceil(W / 2)].
        """
        # (start of the kernel to widen, padding of both ends) along height and width
        (above, pad_height), (left, pad_width) = (
            (1, kernel // 2) if side % 2 == 0 else (0, kernel // 2)
            for side, kernel in zip(x.shape[2:], self.kernel_size, strict=True)
        )
        weight = pad(self.weight, (left, 0, above, 0)) if above or left else self.weight
        return conv2d(x, weight, self.bias, self.stride, (pad_height, pad_width), 1, self.groups)


def replace_same_padding(network: nn.Module) -> None:
    """Puts :class:`SamePaddedConv2d` in the place of timm's ``Conv2dSame``, in place; names and weights stay.

    Raises:
        ValueError: a layer has another stride than 2, an even kernel, or is dilated.
    """
    for name, child in list(network.named_children()):
        if not isinstance(child, Conv2dSame):
            replace_same_padding(child)
            continue
        kernel = cast("tuple[int, int]", child.kernel_size)
        if tuple(child.stride) != (2, 2) or any(side % 2 == 0 for side in kernel) or tuple(child.dilation) != (1, 1):
            raise ValueError(f"{name}: kernel {kernel}, stride {child.stride}, dilation {child.dilation} is not known")
        with torch.device("meta"):  # its first weights are thrown away: none are drawn
            layer = SamePaddedConv2d(
                child.in_channels, child.out_channels, kernel, 2, groups=child.groups, bias=child.bias is not None
            )
        layer.weight, layer.bias = child.weight, child.bias
        setattr(network, name, layer.train(child.training))
