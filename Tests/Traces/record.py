"""Records small runs with unusual hyper-parameters as traces for `bclsh verify`: one for each way in which the published code of a method differs
from the obvious. Plain PyTorch, written from what the methods' papers and files say; it shares nothing with bclsh.

    ~/.cache/bclsh/torch-*/bin/python3 Tests/Traces/record.py [FOLDER] [CASE]...      # FOLDER: that of this file; without a CASE those that are kept there

Needs torch, and for gem numpy and quadprog. Cases of split tasks go with a ResNet, and low rates: batch norms of narrow networks make much of rounding.
"""
import copy, json, pathlib, struct, sys
import torch
import torch.nn.functional as F
from torch import nn

# name: (method, network, minibatches of each task, hyper-parameters)
CASES = {
    "single_wide": ("single", "mlp", 4, {"lr": 0.2}),
    "er_carries_its_position": ("er", "mlp", 8, {"lr": 0.05, "inner_steps": 3, "n_memories": 25, "replay_batch_size": 7}),
    "er_not_full": ("er", "mlp", 3, {"lr": 0.05, "inner_steps": 1, "n_memories": 50, "replay_batch_size": 64}),
    "er_split": ("er", "resnet", 3, {"lr": 0.002, "inner_steps": 2, "n_memories": 13, "replay_batch_size": 8}),
    "gem_carries_its_position": ("gem", "mlp", 8, {"lr": 0.1, "n_memories": 25, "memory_strength": 0.1}),
    "gem_not_full": ("gem", "mlp", 3, {"lr": 0.1, "n_memories": 50, "memory_strength": 1.0}),
    "gem_without_margin": ("gem", "mlp", 6, {"lr": 0.2, "n_memories": 10, "memory_strength": 0.0}),
    "gem_split": ("gem", "resnet", 3, {"lr": 0.002, "n_memories": 13, "memory_strength": 0.5}),
    "ewc_few_samples": ("ewc", "mlp", 4, {"lr": 0.1, "n_memories": 4, "memory_strength": 20.0}),
    "ewc_all_samples": ("ewc", "mlp", 4, {"lr": 0.05, "n_memories": 100, "memory_strength": 50.0}),
    "ewc_split": ("ewc", "resnet", 7, {"lr": 0.2, "n_memories": 13, "memory_strength": 30.0}),
    "ftml_not_full": ("ftml", "mlp", 3, {"lr": 0.05, "beta": 0.7, "inner_steps": 3, "n_meta": 3, "n_memories": 50}),
    "ftml_split": ("ftml", "resnet", 3, {"lr": 0.002, "beta": 0.4, "inner_steps": 1, "n_meta": 2, "n_memories": 13}),
    "bcl_single_not_full": ("bcl_single", "mlp", 3, {"lr": 0.05, "beta": 0.6, "inner_steps": 3, "n_memories": 50, "replay_batch_size": 20, "memory_strength": 30.0, "temperature": 2.0}),
    "bcl_single_split": ("bcl_single", "resnet", 3, {"lr": 0.002, "beta": 0.3, "inner_steps": 2, "n_memories": 13, "replay_batch_size": 8, "memory_strength": 10.0, "temperature": 8.0}),
    "bcl_single_whole_step": ("bcl_single", "mlp", 4, {"lr": 0.05, "beta": 1.0, "inner_steps": 1, "n_memories": 12, "replay_batch_size": 5, "memory_strength": 0.0, "temperature": 5.0}),
    "bcl_dual_three_steps": ("bcl_dual", "mlp", 5, {"lr": 0.03, "beta": 0.5, "inner_steps": 3, "n_meta": 3, "n_memories": 33, "replay_batch_size": 9, "memory_strength": 10.0, "temperature": 3.0}),
    "bcl_dual_one_evaluation_slot": ("bcl_dual", "mlp", 5, {"lr": 0.05, "beta": 0.3, "inner_steps": 1, "n_meta": 2, "n_memories": 9, "replay_batch_size": 3, "memory_strength": 100.0, "temperature": 5.0}),
    "bcl_dual_split": ("bcl_dual", "resnet", 3, {"lr": 0.0003, "beta": 0.3, "inner_steps": 2, "n_meta": 2, "n_memories": 30, "replay_batch_size": 6, "memory_strength": 50.0, "temperature": 5.0}),
    "icarl_few_exemplars": ("icarl", "resnet", 4, {"lr": 0.002, "n_memories": 14, "memory_strength": 2.0}),
    "icarl_all_samples": ("icarl", "resnet", 3, {"lr": 0.002, "n_memories": 600, "memory_strength": 0.5}),
}
TASKS, BATCH, TESTED = 3, 10, 20


# --- Networks

class MLP(nn.Module):
    """Names as in the published code: net.0.weight, net.2.weight, ..."""

    def __init__(self, *sizes):
        super().__init__()
        layers = []
        for inputs, outputs in zip(sizes, sizes[1:]):
            layers += [nn.Linear(inputs, outputs), nn.ReLU()]
        self.net = nn.Sequential(*layers[:-1])

    def forward(self, x):
        return self.net(x)


class Block(nn.Module):
    def __init__(self, inputs, outputs, stride):
        super().__init__()
        self.conv1, self.bn1 = nn.Conv2d(inputs, outputs, 3, stride, 1, bias=False), nn.BatchNorm2d(outputs)
        self.conv2, self.bn2 = nn.Conv2d(outputs, outputs, 3, 1, 1, bias=False), nn.BatchNorm2d(outputs)
        needs = stride != 1 or inputs != outputs
        self.shortcut = nn.Sequential(*([nn.Conv2d(inputs, outputs, 1, stride, bias=False), nn.BatchNorm2d(outputs)] if needs else []))

    def forward(self, x):
        return torch.relu(self.bn2(self.conv2(torch.relu(self.bn1(self.conv1(x))))) + self.shortcut(x))


class ResNet(nn.Module):
    """The reduced ResNet18 with a max pool behind its stem, on square colour images."""

    def __init__(self, side, outputs, width):
        super().__init__()
        self.side = side
        self.conv1, self.bn1 = nn.Conv2d(3, width, 3, 1, 1, bias=False), nn.BatchNorm2d(width)
        widths = [width, width, 2 * width, 4 * width, 8 * width]
        for stage in range(4):
            blocks = [Block(widths[stage], widths[stage + 1], 1 if stage == 0 else 2), Block(widths[stage + 1], widths[stage + 1], 1)]
            setattr(self, f"layer{stage + 1}", nn.Sequential(*blocks))
        self.linear = nn.Linear(8 * width, outputs)

    def forward(self, x):
        x = F.max_pool2d(torch.relu(self.bn1(self.conv1(x.view(-1, 3, self.side, self.side)))), 3, 2, 1)
        return self.linear(F.adaptive_avg_pool2d(self.layer4(self.layer3(self.layer2(self.layer1(x)))), 1).flatten(1))


# --- Methods: as published, with what is odd about them

class Learner:
    """Labels are global; with heads of their own tasks use the outputs first(t) to first(t) + classes."""

    def __init__(self, net, classes, is_split, size, options):
        self.net, self.classes, self.is_split, self.options, self.draws = net, classes, is_split, options, []
        self.slots = int(options.get("n_memories", 0))
        self.memory_x, self.memory_y = torch.zeros(TASKS, max(self.slots, 1), size), torch.zeros(TASKS, max(self.slots, 1), dtype=torch.int64)
        self.position, self.task = 0, 0

    def first(self, t):
        return t * self.classes if self.is_split else 0

    def logits(self, x, t):
        return self.net(x)[:, self.first(t) : self.first(t) + self.classes]

    def loss(self, x, y, t):
        return F.cross_entropy(self.logits(x, t), y - self.first(t))

    def loss_of_several(self, x, y, tasks):
        """Logits and loss of samples of different tasks, in one pass."""
        first = torch.tensor([self.first(t) for t in tasks.tolist()])
        logits = self.net(x).gather(1, first[:, None] + torch.arange(self.classes))
        return logits, F.cross_entropy(logits, y - first)

    def step(self):
        with torch.no_grad():
            for parameter in self.net.parameters():
                parameter.add_(parameter.grad, alpha=-self.options["lr"])  # as torch.optim.SGD does: another order rounds otherwise

    def descend(self, loss):
        self.net.zero_grad()
        loss.backward()
        self.step()

    def pull(self, before):
        """weights = before + beta * (weights - before), batch-norm statistics too; counters are cut off."""
        beta = self.options["beta"]
        self.net.load_state_dict({name: before[name] + (now - before[name]) * beta for name, now in self.net.state_dict().items()})

    def draw(self, tasks, slots, count):
        """Without replacement from all slots of the first tasks, empty ones too."""
        flat = torch.randperm(tasks * slots)[:count]
        return flat

    def store(self, x, y, t):
        end = min(self.position + len(y), self.slots)
        self.memory_x[t, self.position : end], self.memory_y[t, self.position : end] = x[: end - self.position], y[: end - self.position]
        self.position = 0 if end == self.slots else end

    def take(self, flat, slots, xs, ys):
        t, s = flat // slots, flat % slots
        self.draws.append(torch.stack([t, s]))
        return xs[t, s], ys[t, s], t, s

    def task_end(self, t):
        pass

    def predict(self, x, t):
        return self.net(x)


class Single(Learner):
    def observe(self, x, y, t):
        loss = self.loss(x, y, t)
        self.descend(loss)
        return loss


class ER(Learner):
    """The position in the memory goes on from task to task."""

    def observe(self, x, y, t):
        self.store(x, y, t)
        if t != self.task:
            self.net(self.memory_x[self.task])
            self.task = t
        for _ in range(self.options["inner_steps"]):
            loss = self.loss(x, y, t)
            if t > 0:
                past = self.draw(t, self.slots, min(self.slots, self.options["replay_batch_size"]))
                px, py, tasks, _ = self.take(past, self.slots, self.memory_x, self.memory_y)
                loss = loss + self.loss_of_several(px, py, tasks)[1]
            self.descend(loss)
        return loss


class GEM(Learner):
    """The position in the memory goes on from task to task; empty slots count."""

    def gradient(self):
        return torch.cat([parameter.grad.reshape(-1) for parameter in self.net.parameters()])

    def observe(self, x, y, t):
        import numpy, quadprog
        self.store(x, y, t)
        past = []
        for k in range(t):
            self.net.zero_grad()
            self.loss(self.memory_x[k], self.memory_y[k], k).backward()
            past.append(self.gradient())
        self.net.zero_grad()
        loss = self.loss(x, y, t)
        loss.backward()
        g = self.gradient()
        if past and (torch.stack(past) @ g).min() < 0:
            rows = torch.stack(past).double().numpy()
            gram = rows @ rows.T
            v = quadprog.solve_qp((gram + gram.T) / 2 + 1e-3 * numpy.eye(t), -(rows @ g.double().numpy()), numpy.eye(t), numpy.full(t, self.options["memory_strength"]))[0]
            g = torch.from_numpy(v @ rows + g.double().numpy()).float()
        start = 0
        with torch.no_grad():
            for parameter in self.net.parameters():
                parameter.add_(g[start : start + parameter.numel()].view_as(parameter), alpha=-self.options["lr"])
                start += parameter.numel()
        return loss


class EWC(Learner):
    """The first minibatch of a task counts as a whole."""

    def __init__(self, *rest):
        super().__init__(*rest)
        self.samples, self.past = None, []

    def observe(self, x, y, t):
        if t != self.task:
            self.net.zero_grad()
            self.loss(*self.samples, self.task).backward()
            self.past.append([(parameter.detach().clone(), parameter.grad.clone() ** 2) for parameter in self.net.parameters()])
            self.task, self.samples = t, None
        if self.samples is None:
            self.samples = x, y
        elif len(self.samples[0]) < self.slots:
            self.samples = torch.cat([self.samples[0], x])[: self.slots], torch.cat([self.samples[1], y])[: self.slots]
        loss = self.loss(x, y, t)
        for anchors in self.past:
            for parameter, (anchor, fisher) in zip(self.net.parameters(), anchors):
                loss = loss + (self.options["memory_strength"] * fisher * (parameter - anchor) ** 2).sum()
        self.descend(loss)
        return loss


class FTML(Learner):
    """Of the running task what was stored counts; of past tasks all slots, empty ones too."""

    def __init__(self, *rest):
        super().__init__(*rest)
        self.stored = 0

    def reptile(self, x, y, t):
        before = copy.deepcopy(self.net.state_dict())
        for _ in range(self.options["inner_steps"]):
            loss = self.loss(x, y, t)
            self.descend(loss)
        self.pull(before)
        return loss

    def observe(self, x, y, t):
        if t != self.task:
            self.task, self.position, self.stored = t, 0, 0
        self.store(x, y, t)
        self.stored = min(self.stored + len(y), self.slots) if self.position else self.slots
        self.reptile(x, y, t)
        for _ in range(self.options["n_meta"]):
            k = int(torch.randint(t + 1, (1,)))
            self.draws.append(torch.tensor([k]))
            count = self.stored if k == t else self.slots
            loss = self.reptile(self.memory_x[k, :count], self.memory_y[k, :count], k)
        return loss


class BCLSingle(Learner):
    def __init__(self, *rest):
        super().__init__(*rest)
        self.targets = torch.zeros(TASKS, self.slots, self.classes)

    def distil(self, logits, targets):
        return self.options["memory_strength"] * F.kl_div(F.log_softmax(logits / self.options["temperature"], 1), targets, reduction="mean")

    def soften(self, t):
        with torch.no_grad():
            self.targets[t] = F.softmax(self.logits(self.memory_x[t], t) / self.options["temperature"], 1)

    def observe(self, x, y, t):
        if t != self.task:
            self.soften(self.task)
            self.task, self.position = t, 0
        self.store(x, y, t)
        before = copy.deepcopy(self.net.state_dict())
        for _ in range(self.options["inner_steps"]):
            loss = self.loss(x, y, t)
            if t > 0:
                past = self.draw(t, self.slots, min(self.slots, self.options["replay_batch_size"]))
                px, py, tasks, slots = self.take(past, self.slots, self.memory_x, self.memory_y)
                logits, entropy = self.loss_of_several(px, py, tasks)
                loss = loss + entropy + self.distil(logits, self.targets[tasks, slots])
            self.descend(loss)
        self.pull(before)
        return loss


class BCLDual(BCLSingle):
    """Gradients add up within a meta step; a replay draw loses the slots whose numbers equal those of the last evaluation draw."""

    def __init__(self, net, classes, is_split, size, options):
        held = int(int(options["n_memories"]) * 0.2)
        super().__init__(net, classes, is_split, size, {**options, "n_memories": int(options["n_memories"]) - held})
        self.held = held
        self.evaluation_x, self.evaluation_y = torch.zeros(TASKS, held, size), torch.zeros(TASKS, held, dtype=torch.int64)
        self.evaluation_position, self.is_new, self.last = 0, True, torch.tensor([], dtype=torch.int64)

    def observe(self, x, y, t):
        if t != self.task:
            self.soften(self.task)
            self.task, self.position, self.evaluation_position, self.is_new = t, 0, 0, True
        kept, rest = (x[:1], y[:1]), (x[1:], y[1:])
        at = self.evaluation_position
        if self.is_new or self.held == 1:
            self.evaluation_x[t], self.evaluation_y[t] = kept
        else:
            rest = torch.cat([rest[0], self.evaluation_x[t, at : at + 1]]), torch.cat([rest[1], self.evaluation_y[t, at : at + 1]])
            self.evaluation_x[t, at], self.evaluation_y[t, at] = kept[0][0], kept[1][0]
        self.evaluation_position = (at + 1) % self.held
        x, y = rest
        if self.is_new:
            self.memory_x[t], self.memory_y[t] = x[0], y[0]
            self.is_new = False
        self.store(x, y, t)
        self.net.zero_grad()
        for _ in range(self.options["n_meta"]):
            before = copy.deepcopy(self.net.state_dict())
            for _ in range(self.options["inner_steps"]):
                loss = self.loss(x, y, t)
                if t > 0:
                    past = self.draw(t, self.slots, min(self.slots, self.options["replay_batch_size"]))
                    past = past[~torch.isin(past, self.last)]
                    px, py, tasks, slots = self.take(past, self.slots, self.memory_x, self.memory_y)
                    logits, entropy = self.loss_of_several(px, py, tasks)
                    loss = loss + entropy + self.distil(logits, self.targets[tasks, slots])
                loss.backward()
                self.step()
            self.last = self.draw(t + 1, self.held, min((t + 1) * self.held, self.options["replay_batch_size"]))
            ex, ey, tasks, _ = self.take(self.last, self.held, self.evaluation_x, self.evaluation_y)
            outer = self.loss_of_several(ex, ey, tasks)[1]
            outer.backward()
            self.step()
            self.net.zero_grad()
            self.pull(before)
        return outer


class ICaRL(Learner):
    """Herds in training mode; a class whose samples are used up lets the next classes have no more exemplars than it; earlier classes keep theirs."""

    def __init__(self, *rest):
        super().__init__(*rest)
        self.seen, self.exemplars, self.outputs = None, {}, {}

    def observe(self, x, y, t):
        if self.seen is None:
            self.seen = x, y
        elif len(self.seen[0]) < self.slots:
            self.seen = torch.cat([self.seen[0], x]), torch.cat([self.seen[1], y])
        loss = self.loss(x, y, t)
        for k in range(t):
            labels = range(self.first(k), self.first(k) + self.classes)
            places = [int(torch.randint(len(self.exemplars[label]), (1,))) for label in labels]
            self.draws += [torch.tensor([place]) for place in places]
            old = torch.stack([self.exemplars[label][place] for label, place in zip(labels, places)])
            wanted = torch.stack([self.outputs[label][place] for label, place in zip(labels, places)])[:, self.first(k) : self.first(k) + self.classes]
            loss = loss + self.options["memory_strength"] * self.classes * F.kl_div(F.log_softmax(self.logits(old, k), 1), F.softmax(wanted, 1), reduction="mean")
        self.descend(loss)
        return loss

    @torch.no_grad()
    def task_end(self, t):
        labels = sorted(set(self.seen[1].tolist()))
        count = self.slots // (len(labels) + len(self.exemplars))
        for label in labels:
            own = self.seen[0][self.seen[1] == label]
            mean = torch.cat([self.logits(part, t) for part in own.split(100)]).mean(0)
            out = self.logits(own, t)
            taken = []
            for n in range(count):
                so_far = self.logits(own[taken], t).sum(0) if taken else torch.zeros(self.classes)
                free = [place for place in (mean - (out + so_far) / (n + 1)).norm(dim=1).argsort().tolist() if place not in taken]
                if not free:
                    count = len(taken)
                    break
                taken.append(free[0])
            self.exemplars[label] = own[taken]
        for label, samples in self.exemplars.items():
            self.outputs[label] = self.net(samples)
        self.seen = None

    def predict(self, x, t):
        means = torch.stack([self.net(self.exemplars[self.first(t) + c]).mean(0) for c in range(self.classes)])
        nearest = torch.cdist(self.net(x), means).argmin(1)
        return F.one_hot(nearest + self.first(t), TASKS * self.classes).float()


METHODS = {"single": Single, "er": ER, "gem": GEM, "ewc": EWC, "ftml": FTML, "bcl_single": BCLSingle, "bcl_dual": BCLDual, "icarl": ICaRL}


# --- Runs

def write(path, tensors, metadata):
    names = {torch.uint8: "U8", torch.int64: "I64", torch.float32: "F32", torch.float64: "F64"}
    header, body = {"__metadata__": metadata}, b""
    for name, tensor in tensors.items():
        data = tensor.detach().contiguous().reshape(-1).view(torch.uint8).numpy().tobytes() if tensor.numel() else b""
        header[name] = {"dtype": names[tensor.dtype], "shape": list(tensor.shape), "data_offsets": [len(body), len(body) + len(data)]}
        body += data
    text = json.dumps(header).encode()
    path.write_bytes(struct.pack("<Q", len(text)) + text + body)


def images(classes, size, count, is_coloured):
    """A pattern for each class, in another brightness each time, with noise; of coloured images a coarse one, as of things."""
    patterns = F.interpolate(torch.rand(classes, 3, 4, 4), size=(32, 32), mode="bilinear").reshape(classes, -1) if is_coloured else torch.rand(classes, size)
    labels = (torch.arange(count) % classes)[torch.randperm(count)]
    return (patterns[labels] * (100 + 100 * torch.rand(count, 1)) + torch.rand(count, size) * 55).to(torch.uint8), labels


def record(path, method, network, minibatches, options):
    torch.manual_seed(sum(map(ord, path.stem)))
    is_split = network == "resnet"
    classes, size, count = (3, 3 * 32 * 32, minibatches * BATCH) if is_split else (4, 36, minibatches * BATCH)
    net = ResNet(32, TASKS * classes, 4) if is_split else MLP(size, 12, 9, classes)
    for name, parameter in net.named_parameters():
        if name.endswith("bias"):  # zero at first, their error relative to their first steps would say nothing
            nn.init.normal_(parameter, std=0.1)
    learner = METHODS[method](net, classes, is_split, size, options)
    xs, ys, losses = [], [], []
    state = {f"init.{name}": tensor.clone() for name, tensor in net.state_dict().items()}
    pictures, labels = images(classes, size, max(count, TESTED), is_split)
    for t in range(TASKS):
        x, y = images(classes, size, max(count, TESTED), is_split) if is_split else (pictures[:, torch.randperm(size)], labels)
        x, y = x[:count], y[:count] + learner.first(t)
        xs.append(x)
        ys.append(y)
        for start in range(0, count, BATCH):
            net.train()
            losses.append(float(learner.observe(x[start : start + BATCH].float() / 255, y[start : start + BATCH], t)))
        learner.task_end(t)
    net.eval()
    with torch.no_grad():
        logits = torch.stack([learner.predict(x[:TESTED].float() / 255, t) for t, x in enumerate(xs)])
    names = {f"final.{name}": tensor for name, tensor in net.state_dict().items()}
    tensors = {"stream.x": torch.cat(xs), "stream.y": torch.cat(ys), "stream.t": torch.arange(TASKS).repeat_interleave(count), "loss": torch.tensor(losses, dtype=torch.float64),
               "eval.logits": logits, **state, **names, **{f"draw.{number:05d}": draw for number, draw in enumerate(learner.draws)}}
    tensors = {name: tensor.reshape(1) if tensor.dim() == 0 else tensor for name, tensor in tensors.items()}
    write(path, tensors, {"method": method, "setting": "split" if is_split else "permuted", "tasks": str(TASKS), "batch_size": str(BATCH), "batches_per_task": str(minibatches),
                          **{name: str(value) for name, value in options.items()}})


def main():
    torch.set_num_threads(1)
    folder = pathlib.Path(sys.argv[1]) if len(sys.argv) > 1 else pathlib.Path(__file__).parent
    for name in sys.argv[2:] or [name for name in CASES if CASES[name][1] == "mlp" or name in ("icarl_few_exemplars", "ewc_split")]:
        record(folder / f"{name}.safetensors", *CASES[name])


if __name__ == "__main__":
    main()
