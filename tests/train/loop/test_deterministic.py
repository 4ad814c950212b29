import torch
from vdup.train.loop.deterministic import deterministic


def test_only_a_processor_is_held_to_a_fixed_order() -> None:
    for device, expected in (("cpu", True), ("cuda", False)):
        with deterministic(torch.device(device)):
            assert torch.are_deterministic_algorithms_enabled() is expected
        assert not torch.are_deterministic_algorithms_enabled()
