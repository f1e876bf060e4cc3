"""Choosing hyper-parameters: what a search prints, and what it leaves behind."""
import json

from run import bclsh, check, folder


def test_a_search_leaves_every_configuration():
    home = folder()
    script = home / "search.bcl"
    script.write_text("let bench = permuted(digits(), tasks=4, per_task=40)\n"
                      "search er on bench.validation over lr=[0.01, 0.1], inner_steps=1..3, net=mlp(64, 20, 10)\n"
                      "search single on bench.validation over lr=0.1, epochs=2, batch=20, metric=\"la\"\n")
    result = check(bclsh("run", script, "--seed", "3", "--json", home / "result.json"), 0)
    assert [line.split()[0] for line in result.stdout.splitlines()] == ["1/4", "2/4", "3/4", "4/4", "best:", "1/1", "best:"], result.stdout
    first, second = json.loads((home / "result.json").read_text())["searches"]
    assert first["method"] == "er" and first["metric"] == "acc" and len(first["runs"]) == 4
    assert [(run["params"]["lr"], run["params"]["inner_steps"]) for run in first["runs"]] == [(0.01, 1), (0.01, 2), (0.1, 1), (0.1, 2)]
    for run in first["runs"]:
        assert run["params"]["memory"] == 256 and run["params"]["variant"] == "faithful" and run["net"] == "mlp 64-20-10"
        assert run["bench"] == "permuted(digits(), tasks=4, per_task=40, seed=3).validation" and (run["seed"], run["epochs"], run["batch"], run["device"]) == (3, 1, 10, "cpu")
        assert abs(run["acc"] - sum(run["accuracy"][-1]) / len(run["accuracy"])) < 1e-9
    best = max(first["runs"], key=lambda run: run["acc"])
    assert first["best"] == {"lr": best["params"]["lr"], "inner_steps": best["params"]["inner_steps"]}
    assert (second["metric"], second["runs"][0]["epochs"], second["runs"][0]["batch"]) == ("la", 2, 20)
    # A recorded run can be made again from what is recorded of it.
    again = bclsh("-e", f"let bench = {best['bench']}\nlet me = er(mlp(64, 20, 10), bench, lr={best['params']['lr']}, inner_steps={best['params']['inner_steps']})\n"
                        "train me on bench\nevaluate me on bench\nprint me.acc", "--seed", "3")
    assert float(check(again, 0).stdout.split()[-1]) == best["acc"], (again.stdout, best)


def test_values_that_a_method_does_not_take_come_to_light_first():
    bench = "let bench = permuted(digits(), tasks=4, per_task=40)\n"
    result = check(bclsh("-e", bench + "search er on bench.validation over variant=[\"faithful\", \"nope\"]"), 70, err="not \"nope\"")
    assert result.stdout == "", result.stdout
    result = check(bclsh("-e", bench + "search er on bench.validation over lr=[\"x\", \"y\"]"), 70, err="must be a number")
    assert "2/2  lr=y  failed" in result.stdout, result.stdout


def test_a_combination_that_fails_or_diverges_is_never_the_best():
    home = folder()
    script = home / "search.bcl"
    script.write_text("let bench = permuted(digits(), tasks=4, per_task=40)\n"
                      "let found = search single on bench.validation over lr=[1e30, none, 0.001], net=mlp(64, 20, 10)\n"
                      "print found.best, [row.acc == none for row in found.table]\n")
    result = check(bclsh("run", script, "--json", home / "result.json"), 0, err="BCL0068")
    lines = result.stdout.splitlines()
    assert "2/3  lr=none  failed: 'lr' of step must be a number, not none" in lines, lines
    assert lines[-2:] == ["best: lr=0.001", '{"lr": 0.001} [false, true, false]'], lines
    runs = json.loads((home / "result.json").read_text())["searches"][0]["runs"]
    assert runs[1]["error"] == "'lr' of step must be a number, not none" and runs[1]["acc"] is None, runs[1]
