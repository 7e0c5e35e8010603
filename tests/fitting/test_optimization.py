import torch

from diffshape.data import icosphere
from diffshape.fields import HASH_GRIDS
from diffshape.fitting import Supervised, fit_mesh


def test_short_steps_keep_pytorch_to_one_thread_and_others_do_not():
    threads = []
    before = torch.get_num_threads()
    torch.set_num_threads(2)
    try:
        for batch in (64, 2**16):
            observe = [lambda report: threads.append(torch.get_num_threads())]
            fit_mesh(icosphere(2), Supervised(batch=batch, pool=1000), HASH_GRIDS["small"], steps=1, observers=observe)
        assert threads == [1, 2]
        assert torch.get_num_threads() == 2
    finally:
        torch.set_num_threads(before)
