from dataclasses import replace

import torch

from diffshape.models import build_model


def kept_bytes(model, samples):
    """Bytes that the forward pass keeps for the backward pass, and the gradients."""
    kept = 0

    def pack(tensor):
        nonlocal kept
        kept += tensor.numel() * tensor.element_size()
        return tensor

    torch.manual_seed(3)
    with torch.autograd.graph.saved_tensors_hooks(pack, lambda tensor: tensor):
        loss = model(samples).square().sum()
    after_forward = kept
    loss.backward()
    return after_forward, [p.grad for p in model.parameters() if p.grad is not None]


def test_checkpointing_keeps_less_and_changes_nothing(config, samples):
    network = replace(config.network, dropout=0.3)
    once, plain = kept_bytes(build_model(replace(config, network=network)).train(), samples)
    network = replace(network, checkpointing=True)
    again, same = kept_bytes(build_model(replace(config, network=network)).train(), samples)
    assert again < 0.7 * once
    for one, other in zip(plain, same, strict=True):
        torch.testing.assert_close(one, other, rtol=1e-5, atol=1e-7)
