import pytest
import torch

from diffshape.fields import MLP, FeatureGrid, Field, FramedField, HashGrid, LatentMLP, Siren, field
from diffshape.fields.export import export


class Ellipsoid(Field):
    """f = |s x| - r with trainable s and r, through the default ``evaluate_with_gradient``."""

    def __init__(self):
        super().__init__()
        self.stretch = torch.nn.Parameter(torch.tensor([1.0, 2.0, 0.5], dtype=torch.float64))
        self.radius = torch.nn.Parameter(torch.tensor(0.5, dtype=torch.float64))

    def evaluate(self, points):
        return (points * self.stretch).norm(dim=-1) - self.radius


@pytest.fixture
def points():
    return torch.randn(5, 4, 3, dtype=torch.float64, generator=torch.Generator().manual_seed(0))


def test_default_gradient_is_exact(points):
    field = Ellipsoid()
    values, gradients = field.value_and_gradient(points)
    expected = points * field.stretch**2 / (points * field.stretch).norm(dim=-1, keepdim=True)
    torch.testing.assert_close(gradients, expected)
    torch.testing.assert_close(values, field(points))
    assert values.shape == (5, 4)


def test_both_outputs_train_the_parameters(points):
    field = Ellipsoid()
    values, gradients = field.value_and_gradient(points)
    (values.square().mean() + (gradients.norm(dim=-1) - 1).square().mean()).backward()

    def closed_form(stretch, radius):
        length = (points * stretch).norm(dim=-1)
        slope = (points * stretch**2).norm(dim=-1) / length
        return (length - radius).square().mean() + (slope - 1).square().mean()

    expected = torch.func.grad(closed_form, argnums=(0, 1))(field.stretch.detach(), field.radius.detach())
    torch.testing.assert_close((field.stretch.grad, field.radius.grad), expected)


def test_gradient_flows_back_to_the_points_too(points):
    moving = points.clone().requires_grad_()
    Ellipsoid().value_and_gradient(moving)[1].square().sum().backward()
    assert moving.grad is not None
    assert moving.grad.abs().sum() > 0
    assert not points.requires_grad


def test_no_grad_keeps_no_graph_and_leaves_the_points_alone(points):
    field = Ellipsoid()
    with torch.no_grad():
        values, gradients = field.value_and_gradient(points)
    assert not values.requires_grad
    assert not gradients.requires_grad
    assert not points.requires_grad
    torch.testing.assert_close((values, gradients), tuple(t.detach() for t in field.value_and_gradient(points)))


def test_empty_and_single_points():
    values, gradients = Ellipsoid().value_and_gradient(torch.zeros(0, 3, dtype=torch.float64))
    assert values.shape == (0,)
    assert gradients.shape == (0, 3)
    assert Ellipsoid()(torch.ones(3, dtype=torch.float64)).shape == ()


@pytest.mark.parametrize("shape", [(), (4,), (3, 2), (2, 3, 4)])
def test_wrong_shape_is_named(shape):
    for call in (Ellipsoid(), Ellipsoid().value_and_gradient):
        with pytest.raises(ValueError, match=r"Ellipsoid: x must have shape \(\.\.\., 3\), got"):
            call(torch.zeros(shape, dtype=torch.float64))


def test_wrong_dtype_is_named():
    with pytest.raises(ValueError, match=r"x is torch.float32 but the field is torch.float64"):
        Ellipsoid()(torch.zeros(2, 3))


def test_a_field_without_values_says_so():
    with pytest.raises(NotImplementedError, match="must define evaluate"):
        Field()(torch.zeros(2, 3))


class Ball(Field):
    """What a user writes at least: ``evaluate``, here without any parameter."""

    def evaluate(self, points):
        return points.norm(dim=-1) - 1


def latent(**options):
    return LatentMLP(hidden_layers=2, width=16, latent=4, skip=(), **options)


def test_query_is_the_field_in_chunks(monkeypatch):
    sizes = []

    class Noted(Ball):
        def evaluate(self, points):
            sizes.append(len(points))
            return super().evaluate(points)

    monkeypatch.setattr(field, "CHUNK", 7)
    points = torch.rand(4, 5, 3, generator=torch.Generator().manual_seed(0))
    assert torch.equal(Noted().query(points), Ball()(points))
    assert sizes == [7, 7, 6]


def test_query_keeps_no_graph(points):
    assert not Ellipsoid().query(points.requires_grad_()).requires_grad


@pytest.mark.parametrize("dtype", [torch.float16, torch.float32, torch.float64])
def test_query_answers_in_the_dtype_of_the_points(dtype):
    points = torch.rand(9, 3, generator=torch.Generator().manual_seed(0)).to(dtype)
    values = MLP(hidden_layers=1, width=8, skip=()).query(points)
    assert values.dtype == dtype
    assert torch.equal(values, MLP(hidden_layers=1, width=8, skip=())(points.float()).to(dtype))


@pytest.mark.parametrize("shape", [(0,), (), (2, 0), (2, 3)])
def test_query_takes_any_leading_shape(shape):
    assert Ellipsoid().query(torch.ones(*shape, 3)).shape == shape


def test_query_leaves_dropout_out_and_every_mode_as_it_was():
    whole, points = latent(dropout=0.9), torch.rand(50, 3, generator=torch.Generator().manual_seed(0))
    whole.decoder.eval()
    part = whole.shape(0).train(False)
    whole.train()
    part.training = False  # while the network that it shares trains
    assert torch.equal(part.query(points), part.query(points))
    assert (part.training, part.decoder.training, whole.training) == (False, True, True)


def test_query_gives_the_mode_back_after_an_error():
    class Broken(Ball):
        def evaluate(self, points):
            raise RuntimeError("no values")

    broken = Broken()
    with pytest.raises(RuntimeError, match="no values"):
        broken.query(torch.zeros(1, 3))
    assert broken.training


def test_query_names_a_wrong_shape():
    with pytest.raises(ValueError, match=r"Ball.query: points must have shape \(\.\.\., 3\), got \(3, 2\)"):
        Ball().query(torch.zeros(3, 2))


def test_a_field_with_evaluate_only_has_all_the_rest(tmp_path):
    ball, points = Ball(), torch.tensor([[0.0, 3.0, 4.0]])
    ball.fade_in(0.5)
    assert (ball.plain(points).tolist(), ball.query(points).tolist()) == ([4.0], [4.0])
    assert (ball.learning_rate, ball.box, ball.single_thread_batch) == (1e-3, None, 0)
    assert torch.jit.load(export(ball, tmp_path / "ball.pt"))(points).tolist() == [4.0]


def test_each_kind_has_its_learning_rate():
    grid = {"levels": 1, "base": 2, "finest": 4}
    kinds = [MLP(hidden_layers=1, width=8, skip=()), latent(), Siren(width=8), FeatureGrid(**grid), HashGrid(**grid)]
    assert [each.learning_rate for each in kinds] == [1e-3, 1e-3, 1e-4, 5e-3, 2e-2]
    assert FramedField(kinds[-1]).learning_rate == 2e-2


@pytest.mark.parametrize(("options", "name"), [({"progress": -0.1}, "progress"), ({"progress": 0, "over": 0}, "over")])
def test_a_share_that_is_none_is_named(options, name):
    for each in (Ball(), FeatureGrid(levels=1, base=2, finest=4)):
        with pytest.raises(ValueError, match=f"fade_in: {name} must be"):
            each.fade_in(**options)
