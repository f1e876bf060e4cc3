"""What is timed, with the ratio (bclsh / PyTorch) that is aimed at."""
from dataclasses import dataclass


@dataclass(frozen=True)
class Case:
    title: str
    network: str  # mlp or resnet
    method: str  # of stdlib/methods, or evaluation
    target: float | None = None
    lr: float = 0.03  # of the run that checks the losses

    @property
    def key(self):
        return f"{self.network}-{self.method}"


CASES = [
    Case("single, MLP", "mlp", "single"),
    Case("er, MLP", "mlp", "er", 0.4),
    Case("bcl_single, MLP", "mlp", "bcl_single", 0.4),
    Case("bcl_dual, MLP", "mlp", "bcl_dual", 0.4),
    Case("ewc, MLP", "mlp", "ewc", 0.4),
    Case("gem, MLP", "mlp", "gem", 0.3, lr=0.1),
    Case("evaluation, MLP", "mlp", "evaluation", 0.8),
    Case("er, ResNet", "resnet", "er", 0.7, lr=3e-5),
    Case("bcl_dual, ResNet", "resnet", "bcl_dual", 0.7, lr=3e-5),
]
QUICK = ["mlp-er", "mlp-bcl_dual", "mlp-gem", "mlp-evaluation", "resnet-er"]

SAMPLES = {"mlp": 1000, "resnet": 70}  # of each task
# A ResNet's rounding errors grow with every step (ReLU and max pooling switch): few steps, and small ones.
CHECKED = {"mlp": 8, "resnet": 1}  # minibatches of each task whose losses are compared
SEEDS = [1, 2, 3]  # a run parts where a ReLU is on the edge: one of these must agree
