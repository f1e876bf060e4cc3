"""Permuted MNIST from start to finish, as examples/permuted_mnist.bcl runs it with bcl_dual."""
import gzip, struct
from pathlib import Path
import torch
from setup import BATCH, make
from stream import Task

TASKS, PER_TASK = 20, 1000


def idx(folder, name):
    plain = Path(folder) / "mnist" / name
    data = plain.read_bytes() if plain.exists() else gzip.open(f"{plain}.gz").read()
    dimensions = data[3]
    shape = struct.unpack_from(f">{dimensions}I", data, 4)
    return torch.frombuffer(bytearray(data[4 + 4 * dimensions :]), dtype=torch.uint8).reshape(shape[0], -1)


class Permuted:
    """Training samples as float32; test images as bytes, a fourth of the memory, converted in batches when they are tested."""

    is_split, classes, outputs, inputs = False, 10, 10, 784

    def __init__(self, folder):
        train, labels = idx(folder, "train-images-idx3-ubyte"), idx(folder, "train-labels-idx1-ubyte")[:, 0].long()
        test = idx(folder, "t10k-images-idx3-ubyte")
        self.test_labels = idx(folder, "t10k-labels-idx1-ubyte")[:, 0].long()
        self.tasks, self.tests = [], []
        for _ in range(TASKS):
            pixels, rows = torch.randperm(self.inputs), torch.randperm(len(train))[:PER_TASK]
            self.tasks.append(Task(train[rows][:, pixels].float().div_(255), labels[rows]))
            self.tests.append(test[:, pixels])


@torch.no_grad()
def accuracy(network, images, labels):
    right = sum((network(x.float().div_(255)).argmax(1) == y).sum() for x, y in zip(images.split(1000), labels.split(1000)))
    return right.item() / len(labels)


def run(folder):
    torch.manual_seed(1)
    stream = Permuted(folder)
    model, learner = make("bcl_dual", "mlp", stream)
    for t, task in enumerate(stream.tasks):
        for x, y in task.batches(BATCH):
            learner.observe(x, y, t).item()
        model.network.eval()
        row = [accuracy(model.network, test, stream.test_labels) for test in stream.tests]
        model.network.train()
    print(f"ACC {sum(row) / len(row):.4f}")
