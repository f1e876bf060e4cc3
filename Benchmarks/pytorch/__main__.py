"""The PyTorch program that bclsh is compared with: python3 Benchmarks/pytorch COMMAND --help."""
import argparse, sys, time
import torch
import full
from setup import BATCH, PARAMETERS, make, make_network
from stream import Stream
from trace import record


def time_third_task(options, stream):
    """Seconds for a minibatch of the last task; those before it are trained first, with memories that fill as they would."""
    _, learner = make(options.method, options.network, stream)
    losses = []
    for t, task in enumerate(stream.tasks):
        start = time.perf_counter()
        count = 0
        for x, y in task.batches(BATCH):
            losses.append(learner.observe(x, y, t).item())
            count += 1
    return (time.perf_counter() - start) / count


@torch.no_grad()
def time_evaluation(options, stream):
    network = make_network(options.network, stream, (128, 128, 128))
    network.eval()
    start = time.perf_counter()
    right = sum((network(x).argmax(1) == y).sum().item() for x, y in stream.test.batches(1000))
    assert 0 <= right <= len(stream.test.y)
    return time.perf_counter() - start


def serve(measure, options, stream):
    """One figure for each line on standard input: whoever asks takes turns with another program."""
    print("ready", flush=True)
    for _ in sys.stdin:
        print(f"{measure(options, stream):.9f}", flush=True)


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("command", choices=["train", "evaluate", "trace", "full"])
    parser.add_argument("--data", required=True, help="what Benchmarks/stream.bcl wrote; full: the folder that holds mnist/")
    parser.add_argument("--network", choices=sorted(PARAMETERS), default="mlp")
    parser.add_argument("--method", default="bcl_dual")
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--out", help="trace: the file to write")
    parser.add_argument("--minibatches", type=int, default=20, help="trace: of each task")
    parser.add_argument("--lr", type=float, default=0.03, help="trace")
    parser.add_argument("--seed", type=int, default=1, help="trace")
    options = parser.parse_args()
    torch.set_num_threads(options.threads)
    if options.command == "full":
        return full.run(options.data)
    stream = Stream(options.data)
    if options.command == "trace":
        record(options.out, options.method, options.network, stream, options.minibatches, options.lr, options.seed)
    else:
        serve(time_third_task if options.command == "train" else time_evaluation, options, stream)


main()
