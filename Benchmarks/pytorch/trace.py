"""Records a run as a trace that `bclsh verify` checks: what went in, every draw, and what came out."""
import torch
import tensorfile
from setup import BATCH, PARAMETERS, make


def record(path, method, network, stream, minibatches, lr, seed):
    """The first minibatches of each task of the stream."""
    count = minibatches * BATCH
    numbers = range(len(stream.tasks))
    draws, losses = [], []
    model, learner = make(method, network, stream, recorder=draws, lr=lr, seed=seed)
    if network == "resnet":
        # Zero at first, their error relative to their first tiny steps would say nothing.
        for name, parameter in model.network.named_parameters():
            if name.endswith("bias"):
                torch.nn.init.normal_(parameter, std=0.1)
    initial = {f"init.{name}": tensor.clone() for name, tensor in model.state().items()}
    for t, task in enumerate(stream.tasks):
        for x, y in list(task.batches(BATCH))[:minibatches]:
            losses.append(learner.observe(x, y, t).item())
    offset = stream.classes if stream.is_split else 0
    tensors = {
        "stream.x": torch.cat([task.x[:count] for task in stream.tasks]).mul(255).round().to(torch.uint8),
        "stream.y": torch.cat([task.y[:count] + t * offset for t, task in enumerate(stream.tasks)]),
        "stream.t": torch.cat([torch.full((len(task.y[:count]),), t) for t, task in enumerate(stream.tasks)]),
        "loss": torch.tensor(losses, dtype=torch.float64),
        **initial,
        **{f"final.{name}": tensor.clone() for name, tensor in model.state().items()},
        **{f"draw.{i:05d}": draw for i, draw in enumerate(draws)},
    }
    names = {"memory": "n_memories", "replay": "replay_batch_size", "strength": "memory_strength"}
    parameters = {"lr": lr, **PARAMETERS[network][method]}
    if method == "gem":
        parameters["variant"] = "fixed"  # each task is stored from its first slot on, and empty slots do not count
    tensorfile.write(path, tensors, {
        "method": method, "setting": "split" if stream.is_split else "permuted", "tasks": str(len(numbers)), "batch_size": str(BATCH),
        "batches_per_task": str(minibatches), **{names.get(name, name): str(value) for name, value in parameters.items()}})
