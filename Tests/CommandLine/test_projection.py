"""GEM's projection against quadprog itself; recorded solutions are in Tests/Projection."""
import importlib.util, sys
from run import ROOT, Skip, bclsh, check, folder


def test_projection_agrees_with_quadprog():
    try:
        import numpy, quadprog
    except ImportError as error:
        raise Skip(f"{sys.executable} has no {error.name}: pip install numpy quadprog")
    spec = importlib.util.spec_from_file_location("record", ROOT / "Tests/Projection/record.py")
    record = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(record)
    problems = list(record.problems(60, seed=7, widest=30))
    script = folder() / "problems.bcl"
    lines = ["def show(x) { print [v for v in x.list()] }"]
    for _, gradient, memories, margin in problems:
        rows = ", ".join(f"tensor({row.tolist()}, dtype=\"float64\")" for row in memories)
        lines.append(f"show(project(tensor({gradient.tolist()}, dtype=\"float64\"), [{rows}], margin={margin}))")
    script.write_text("\n".join(lines) + "\n")
    printed = check(bclsh("run", script), 0).stdout.splitlines()
    assert len(printed) == len(problems)
    for (kind, gradient, memories, margin), line in zip(problems, printed):
        _, wanted = record.solve(gradient, memories, margin)
        found = numpy.array([float(v) for v in line.strip("[]").split(",")])
        error = numpy.linalg.norm(found - wanted) / max(1, numpy.linalg.norm(wanted))
        assert error < 1e-6, (kind, len(memories), margin, error)
