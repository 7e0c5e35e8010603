import torch

from diffshape.models.landmarks.output import UncertaintyHead


def test_it_begins_with_its_start_everywhere():
    answer = UncertaintyHead(4, 1.5)(torch.randn(2, 3, 8, 8), torch.randn(2, 4, 8, 8))
    torch.testing.assert_close(answer, torch.full((2, 3, 2), 1.5))


def test_it_judges_maps_and_does_not_move_them():
    head = UncertaintyHead(4, 0.0)
    torch.nn.init.normal_(head.answer.weight)
    maps, features = torch.randn(1, 2, 6, 6, requires_grad=True), torch.randn(1, 4, 6, 6, requires_grad=True)
    head(maps, features).sum().backward()
    assert maps.grad is None
    assert features.grad.abs().sum() > 0


def test_it_sees_the_width_of_a_map_on_each_axis():
    head = UncertaintyHead(1, 0.0)
    torch.nn.init.zeros_(head.hidden.weight)
    torch.nn.init.zeros_(head.hidden.bias)
    with torch.no_grad():
        head.hidden.weight[:2, 1:] = torch.eye(2)
        head.answer.weight[:, :2] = torch.eye(2)
    x, y = torch.meshgrid(torch.arange(41.0), torch.arange(41.0), indexing="xy")
    logits = -(((x - 20) / 2) ** 2 + ((y - 20) / 5) ** 2) / 2
    answer = head(logits[None, None], torch.zeros(1, 1, 41, 41))[0, 0]
    torch.testing.assert_close(answer, torch.tensor([4.0, 25.0]).log(), atol=0.01, rtol=0)
