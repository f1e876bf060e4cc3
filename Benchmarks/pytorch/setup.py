"""What is compared: networks, methods and their parameters, those of Benchmarks/methods.bcl."""
import torch
from methods import METHODS
from networks import MLP, Model, ResNet18

BATCH = 10
_rehearsal = {"memory": 256, "replay": 64, "inner_steps": 1}
PARAMETERS = {
    "mlp": {
        "single": {},
        "er": _rehearsal,
        "bcl_single": {**_rehearsal, "beta": 0.3, "strength": 100.0, "temperature": 5.0},
        "bcl_dual": {**_rehearsal, "n_meta": 2, "beta": 0.3, "strength": 100.0, "temperature": 5.0},
        "ewc": {"memory": 256, "strength": 100.0},
        "gem": {"memory": 256, "strength": 0.5},
    },
    "resnet": {
        "er": {"memory": 65, "replay": 64, "inner_steps": 2},
        "bcl_dual": {"memory": 65, "replay": 64, "inner_steps": 2, "n_meta": 1, "beta": 0.3, "strength": 100.0, "temperature": 5.0},
    },
}


def make_network(network, stream, hidden):
    if network == "resnet":
        return ResNet18(stream.outputs)
    return MLP(stream.inputs, *hidden, stream.outputs)


def make(method, network, stream, recorder=None, lr=0.03, seed=1):
    torch.manual_seed(seed)
    model = Model(make_network(network, stream, (100, 100) if method == "gem" else (128, 128, 128)), stream)
    return model, METHODS[method](model, stream, lr=lr, recorder=recorder, **PARAMETERS[network][method])
