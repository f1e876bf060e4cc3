"""GEM's projection (Lopez-Paz and Ranzato 2017, equation 11)."""
import torch


def solve(p, q, bound):
    """min over v >= bound of 1/2 v'Pv + q'v, by an active set (Lawson and Hanson 1974): p float64 [n, n] positive definite, q [n]."""
    n = len(q)
    r = q + p.sum(1) * bound  # for u = v - bound >= 0
    scale = max(1.0, r.abs().max().item())
    u, free = torch.zeros_like(q), torch.zeros(n, dtype=torch.bool)
    for _ in range(10 * n + 10):
        slopes = torch.where(free, -torch.inf, -r - p @ u)
        best = int(slopes.argmax())
        if slopes[best].item() <= 1e-12 * scale:
            break
        free[best] = True
        while free.any():
            rows = free.nonzero()[:, 0]
            target = torch.linalg.solve(p[rows][:, rows], -r[rows])
            at_bound = target <= 0
            if not at_bound.any():
                u[rows] = target
                break
            now = u[rows]
            step = (now / (now - target))[at_bound].min()
            now = now + step * (target - now)
            meets = at_bound & (now <= 1e-14 * scale)
            u[rows] = now.masked_fill(meets, 0)
            free[rows[meets]] = False
    return u + bound


@torch.no_grad()
def project(gradient, memories, margin):
    """The vector nearest to gradient [P] that has no negative inner product with a row of memories [n, P]."""
    if (memories @ gradient).min().item() >= 0:
        return gradient
    rows, g = memories.double(), gradient.double()
    gram = rows @ rows.T
    p = (gram + gram.T) / 2 + 1e-3 * torch.eye(len(rows), dtype=torch.float64)
    return (solve(p, rows @ g, margin) @ rows + g).float()
