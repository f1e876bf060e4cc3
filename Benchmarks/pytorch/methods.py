"""The methods of stdlib/methods, written for PyTorch: the same algorithms (stated there), eager mode, no loops over samples."""
import torch
import torch.nn.functional as F
from memory import Ring
from projection import project


def kl(logits, targets, temperature):
    return F.kl_div(F.log_softmax(logits / temperature, 1), targets, reduction="mean")


class Method:
    """One minibatch at a time through `batch`, which returns the loss as a tensor."""

    def __init__(self, model, lr):
        self.model, self.lr, self.current = model, lr, None

    def observe(self, x, y, t):
        if t != self.current:
            if self.current is not None:
                self.task_end(self.current)
            self.current = t
        return self.batch(x, y, t)

    def task_end(self, t):
        pass

    def descend(self, loss):
        self.model.zero_grad()
        loss.backward()
        self.model.step(self.lr)


class Single(Method):
    def __init__(self, model, stream, lr=0.03, recorder=None):
        super().__init__(model, lr)

    def batch(self, x, y, t):
        loss = F.cross_entropy(self.model(x, t), y)
        self.descend(loss)
        return loss


class ER(Method):
    def __init__(self, model, stream, lr=0.03, inner_steps=1, memory=256, replay=64, recorder=None):
        super().__init__(model, lr)
        self.steps, self.count = inner_steps, min(memory, replay)
        self.memory = Ring(stream, memory, carry=True, recorder=recorder)

    @torch.no_grad()
    def task_end(self, t):
        # As the published code does, for nothing but the running statistics of batch norms: empty slots too.
        self.model(self.memory.slots_of(t), t)

    def batch(self, x, y, t):
        self.memory.store(x, y, t)
        for _ in range(self.steps):
            loss = F.cross_entropy(self.model(x, t), y)
            if t > 0:
                past = self.memory.draw(self.count, t)
                loss = loss + F.cross_entropy(self.model(past.x, past.tasks), past.y)
            self.descend(loss)
        return loss


class Rehearsal(Method):
    """What BCL's methods share: soft targets, and the inner loss."""

    def __init__(self, model, lr, strength, temperature):
        super().__init__(model, lr)
        self.strength, self.temperature = strength, temperature

    @torch.no_grad()
    def task_end(self, t):
        x, _ = self.memory.samples(t)
        self.memory.set_targets(F.softmax(self.model(x, t) / self.temperature, 1), t)

    def inner_loss(self, x, y, t, removing=None):
        loss = F.cross_entropy(self.model(x, t), y)
        if t > 0:
            past = self.memory.draw(self.count, t, removing)
            if len(past) > 0:
                out = self.model(past.x, past.tasks)
                loss = loss + F.cross_entropy(out, past.y) + self.strength * kl(out, past.targets, self.temperature)
        return loss


class BCLSingle(Rehearsal):
    def __init__(self, model, stream, lr=0.03, beta=0.3, inner_steps=2, memory=256, replay=64, strength=100.0, temperature=5.0, recorder=None):
        super().__init__(model, lr, strength, temperature)
        self.beta, self.steps, self.count = beta, inner_steps, min(memory, replay)
        self.memory = Ring(stream, memory, recorder=recorder)

    def batch(self, x, y, t):
        self.memory.store(x, y, t)
        before = self.model.snapshot()
        for _ in range(self.steps):
            loss = self.inner_loss(x, y, t)
            self.descend(loss)
        self.model.interpolate(before, self.beta)
        return loss


class BCLDual(Rehearsal):
    def __init__(self, model, stream, lr=0.03, beta=0.3, inner_steps=1, n_meta=2, memory=256, replay=64, strength=100.0, temperature=5.0, recorder=None):
        super().__init__(model, lr, strength, temperature)
        self.beta, self.inner_steps, self.n_meta, self.replay = beta, inner_steps, n_meta, replay
        self.evaluation = Ring(stream, int(memory * 0.2), prefill=True, recorder=recorder)
        self.memory = Ring(stream, memory - self.evaluation.slots, prefill=True, recorder=recorder)
        self.count, self.last = min(self.memory.slots, replay), None

    def batch(self, x, y, t):
        x, y = self.evaluation.exchange(x, y, t)
        self.memory.store(x, y, t)
        for _ in range(self.n_meta):
            before = self.model.snapshot()
            self.model.zero_grad()  # only here: each step applies the sum of the gradients so far, as published
            for _ in range(self.inner_steps):
                self.inner_loss(x, y, t, removing=self.last).backward()
                self.model.step(self.lr)
            self.last = self.evaluation.draw(self.replay, t + 1)
            loss = F.cross_entropy(self.model(self.last.x, self.last.tasks), self.last.y)
            loss.backward()
            self.model.step(self.lr)
            self.model.interpolate(before, self.beta)
        return loss


class EWC(Method):
    def __init__(self, model, stream, lr=0.03, memory=256, strength=100.0, recorder=None):
        super().__init__(model, lr)
        self.slots, self.strength = memory, strength
        self.samples, self.held, self.past = [], 0, []

    def task_end(self, t):
        self.model.zero_grad()
        F.cross_entropy(self.model(torch.cat([x for x, _ in self.samples]), t), torch.cat([y for _, y in self.samples])).backward()
        self.past.append((self.model.gradients().square(), self.model.weights.clone()))
        self.samples, self.held = [], 0

    def batch(self, x, y, t):
        if self.held < self.slots:
            self.samples.append((x[: self.slots - self.held], y[: self.slots - self.held]))
            self.held += len(self.samples[-1][1])
        loss = F.cross_entropy(self.model(x, t), y)
        self.model.zero_grad()
        loss.backward()
        with torch.no_grad():
            loss = loss.detach()
            # The penalty's gradient is known: no graph is needed. Added to the weights it is the same step.
            weights = self.model.weights
            pull = None
            for fisher, anchor in self.past:
                difference = weights - anchor
                part = fisher * difference
                loss = loss + self.strength * torch.dot(part, difference)
                pull = part if pull is None else pull.add_(part)
            self.model.step(self.lr)
            if pull is not None:
                weights.add_(pull, alpha=-self.lr * 2 * self.strength)
        return loss


class GEM(Method):
    def __init__(self, model, stream, lr=0.1, memory=256, strength=0.5, recorder=None):
        super().__init__(model, lr)
        self.margin = strength
        self.memory = Ring(stream, memory)
        self.rows = torch.empty(len(stream.tasks), len(model.weights))

    def gradient(self, x, y, t):
        self.model.zero_grad()
        loss = F.cross_entropy(self.model(x, t), y)
        loss.backward()
        return loss

    def batch(self, x, y, t):
        self.memory.store(x, y, t)
        for k in range(t):
            self.gradient(*self.memory.samples(k), k)
            self.model.gradients(out=self.rows[k])
        loss = self.gradient(x, y, t)
        if t == 0:
            self.model.step(self.lr)
        else:
            with torch.no_grad():
                self.model.weights.add_(project(self.model.gradients(), self.rows[:t], self.margin), alpha=-self.lr)
        return loss


METHODS = {"single": Single, "er": ER, "bcl_single": BCLSingle, "bcl_dual": BCLDual, "ewc": EWC, "gem": GEM}
