import pytest
import torch
from timm.layers.conv2d_same import Conv2dSame
from torch import nn

from vdup.features.same_padding import SamePaddedConv2d, replace_same_padding


@pytest.mark.parametrize("kernel", [3, 5])
@pytest.mark.parametrize("height", [1, 2, 7, 8, 16])
@pytest.mark.parametrize("width", [5, 6])
@pytest.mark.parametrize("bias", [False, True])
def test_equals_a_convolution_of_the_padded_copy(kernel: int, height: int, width: int, bias: bool) -> None:
    torch.manual_seed(0)
    padded = nn.Sequential(Conv2dSame(4, 8, kernel, 2, groups=2, bias=bias))
    x = torch.randn(2, 4, height, width)
    expected = padded(x)
    replace_same_padding(padded)
    assert isinstance(padded[0], SamePaddedConv2d)
    torch.testing.assert_close(padded(x), expected, rtol=1e-5, atol=1e-6)
    assert padded(x).shape == (2, 8, -(-height // 2), -(-width // 2))


def test_equals_the_sum_written_out() -> None:
    """TensorFlow's rule on a line of pixels: an even side is padded at its end only, for a kernel of 3."""
    layer = SamePaddedConv2d(1, 1, 3, 2, bias=False)
    with torch.no_grad():
        layer.weight.copy_(torch.tensor([[0.0, 0, 0], [1, 10, 100], [0, 0, 0]]).view(1, 1, 3, 3))
    line = torch.tensor([1.0, 2, 3, 4]).view(1, 1, 1, 4)
    # One row: odd, so the kernel's middle row meets it.
    assert layer(line).flatten().tolist() == [1 + 20 + 300, 3 + 40 + 0]


def test_names_weights_and_gradients_stay() -> None:
    network = nn.Sequential(nn.Sequential(Conv2dSame(3, 4, 3, 2), nn.ReLU()), nn.Conv2d(4, 4, 3))
    before = {name: tensor.clone() for name, tensor in network.state_dict().items()}
    replace_same_padding(network)
    after = network.state_dict()
    assert list(before) == list(after)
    assert all(torch.equal(before[name], after[name]) for name in before)
    assert type(network[1]) is nn.Conv2d
    network(torch.randn(1, 3, 8, 8)).sum().backward()
    gradient = network[0][0].weight.grad  # type: ignore[index]
    assert gradient is not None
    assert gradient.shape == (4, 3, 3, 3)


@pytest.mark.parametrize("layer", [Conv2dSame(1, 1, 3, 1), Conv2dSame(1, 1, 2, 2), Conv2dSame(1, 1, 3, 2, dilation=2)])
def test_other_layers_are_refused(layer: nn.Module) -> None:
    with pytest.raises(ValueError, match="is not known"):
        replace_same_padding(nn.Sequential(layer))
