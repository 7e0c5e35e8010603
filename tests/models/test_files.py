import pytest
import torch
import yaml

from diffshape.models import build_model, load


def test_a_model_comes_back(config, samples, tmp_path):
    model = build_model(config, seed=4).eval()
    model.save(tmp_path / "model")
    back = load(tmp_path / "model")
    assert back.config == config
    assert not back.training
    assert torch.equal(back(samples), model(samples))
    assert sorted(path.name for path in (tmp_path / "model").iterdir()) == ["config.yaml", "model.safetensors"]


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"version": 9}, "must be of version 1"),
        ({"kind": "chair"}, "a kind out of point-cloud, point-net, mesh, voxel"),
        ({"speed": 1}, r"there is no setting .*speed"),
        ({"network": {}}, "size mismatch|Missing key"),
    ],
)
def test_what_does_not_fit_is_refused(config, tmp_path, change, message):
    build_model(config).save(tmp_path)
    plain = yaml.safe_load((tmp_path / "config.yaml").read_text())
    (tmp_path / "config.yaml").write_text(yaml.safe_dump({**plain, **change}))
    with pytest.raises(ValueError, match=message):
        load(tmp_path)


def test_damage_is_one_clear_error(config, tmp_path):
    with pytest.raises(ValueError, match="load: no model can be read from"):
        load(tmp_path / "nowhere")
    build_model(config).save(tmp_path)
    content = bytearray((tmp_path / "model.safetensors").read_bytes())
    content[-5] ^= 1
    (tmp_path / "model.safetensors").write_bytes(content)
    with pytest.raises(ValueError, match=r"model\.safetensors is damaged: .*; copy it there anew"):
        load(tmp_path)
    (tmp_path / "model.safetensors").write_bytes(b"torn")
    with pytest.raises(ValueError, match="load: no model can be read from"):
        load(tmp_path)
