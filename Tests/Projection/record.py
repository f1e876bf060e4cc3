"""GEM's projections as quadprog solves them. Writes problems.json beside this file, which ProjectionTests compares with.

    python3 -m venv v && v/bin/pip install numpy quadprog && v/bin/python Tests/Projection/record.py
"""
import json, pathlib
import numpy as np
import quadprog

DIAGONAL = 1e-3  # as in GEM's code, which the problems are put to quadprog as


def solve(gradient, memories, margin):
    """(dual variables, projected gradient): 1/2 v'(MM' + 1e-3 I)v + (Mg)'v is minimal with v >= margin; x = M'v + g."""
    n = len(memories)
    p = memories @ memories.T
    p = (p + p.T) / 2 + DIAGONAL * np.eye(n)
    v = quadprog.solve_qp(p, -(memories @ gradient), np.eye(n), np.full(n, float(margin)))[0]
    return v, memories.T @ v + gradient


def problems(count, seed, largest=40, widest=14):
    """(kind, gradient [D], memories [n, D], margin): one to `largest` constraints, of which at least one is violated."""
    random = np.random.default_rng(seed)
    made = 0
    while made < count:
        kind = ("plain", "dependent", "duplicate", "scaled", "opposite", "zero")[made % 6]
        n, width = int(random.integers(1, largest + 1)), int(random.integers(2, widest + 1))
        memories, gradient = random.normal(size=(n, width)), random.normal(size=width)
        if kind == "dependent":  # of rank 2
            memories = random.normal(size=(n, 2)) @ random.normal(size=(2, width))
        elif kind == "duplicate":
            memories = memories[random.integers(0, (n + 3) // 4, size=n)]
        elif kind == "scaled":
            memories, gradient = memories * 10 ** random.uniform(-3, 2, size=(n, 1)), gradient * 10 ** random.uniform(-3, 2)
        elif kind == "opposite":  # of one another, and of the gradient
            memories[: n // 2] = -memories[n - n // 2 :]
            memories[-1] = -gradient
        elif kind == "zero":
            memories[random.random(n) < 0.3] = 0
        memories, gradient = [np.array([float(f"{value:.3g}") for value in array.flat]).reshape(array.shape) for array in (memories, gradient)]
        if (memories @ gradient).min() >= 0:
            continue
        yield kind, gradient, memories, (0, 0.1, 0.5, 1)[made // 6 % 4]
        made += 1


def main():
    recorded = []
    for kind, gradient, memories, margin in problems(48, seed=1):
        dual, projected = solve(gradient, memories, margin)
        recorded.append({"kind": kind, "margin": margin, "gradient": gradient.tolist(), "memories": memories.tolist(),
                         "dual": [float(f"{v:.12g}") for v in dual], "projected": [float(f"{v:.12g}") for v in projected]})
    text = ",\n".join(json.dumps(problem, separators=(",", ":")) for problem in recorded)
    (pathlib.Path(__file__).parent / "problems.json").write_text(f"[\n{text}\n]\n")


if __name__ == "__main__":
    main()
