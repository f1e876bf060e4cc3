"""bclsh sweep: many runs of a script in local processes."""
import os, signal, subprocess, time

from run import BINARY, bclsh, check
from test_looking import on_terminal
from test_runs import Place

TRAIN = """param lr = 0.1
param method = "er"
let bench = permuted(digits(), tasks=2, per_task=20, seed=1)
let me = if method == "er" then er(mlp(64, 10), bench, lr=lr, memory=20) else single(mlp(64, 10), bench, lr=lr)
train me on bench
evaluate me on bench
"""
WAIT = """param n = 1
param seconds = 0.0
let start = clock()
while clock() < start + seconds { }
print "waited {n}"
"""


def test_sweep_runs_each_combination_once():
    place = Place(TRAIN)
    words = ["sweep", place.script, "--grid", "method=er,single", "--set", "lr=0.05", "--seeds", "1..2"]
    planned = place(*words, "--plan").stdout.splitlines()
    name = planned[0].split()[1].rstrip(":")
    assert planned[1:] == [f"method={m} lr=0.05 seed {s}" for s in (1, 2) for m in ("er", "single")] and not place.store.exists(), planned
    first = place(*words, out=[f"sweep {name}: 4 of 4 runs done; 4 now", f"bclsh report sweep={name}"], err=["4 runs, ", "[4/4]", "ACC"])
    rows = place.rows(f"sweep={name}")
    assert sorted((r["method"], r["seed"], r["params"]["lr"]) for r in rows) == [(m, s, 0.05) for m in ("er", "single") for s in (1, 2)] and {r["threads"] for r in rows} == {1}
    place(*words, out="4 of 4 runs done; 0 now", err="4 of them done already")
    assert len(place.rows()) == 4
    place(*words[:-1], "1..3", out="6 of 6 runs done; 6 now")  # other seeds are another sweep
    # The same by hand is the same to the last bit.
    alone = Place(TRAIN)
    alone.run("method=er", "lr=0.05", seed=2)
    assert alone.rows()[0]["metrics"] == next(r["metrics"] for r in rows if r["method"] == "er" and r["seed"] == 2)
    place("report", f"sweep={name}", "-o", place.home / "r.html", out="2 configurations on 1 benchmark")
    assert first.stdout.count("\n") == 2


def test_sweep_tries_failures_once_more():
    place = Place('param n = 1\nif n == 2 and not exists("marker") { save "x" to "marker"; print 1 // 0 }\nif n == 3 { print "before"; assert 1 == 2, "never" }\nprint n\n')
    result = place("sweep", place.script, "--grid", "n=1,2,3", status=1, cwd=place.home, out="2 of 3 runs done, 1 failed",
                   err=["n=2 seed 0: failed: error[BCL0052]: division by zero; it is tried once more", "n=3 seed 0: failed: error[BCL0057]", "| before", "assertion failed: never", "the whole log:"])
    assert result.stderr.count("n=3 seed 0: failed") == 2 and "n=3 seed 0 failed: error" in result.stderr and result.stderr.count("tried once more") == 2, result.stderr
    assert sorted((r["params"]["n"], r["state"]) for r in place.rows()) == [(1, "done"), (2, "done"), (2, "failed"), (3, "failed"), (3, "failed")]
    place("sweep", place.script, "--grid", "n=1,2,3", status=1, cwd=place.home, out="2 of 3 runs done, 1 failed; 0 now")


def test_sweep_goes_on_where_it_was_cut_off():
    place = Place(WAIT)
    words = [str(place.script), "--grid", "n=" + ",".join(map(str, range(6))), "--set", "seconds=1.0", "--jobs", "1"]

    def start():
        return subprocess.Popen([BINARY, "sweep", *words], env={**os.environ, **place.env}, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, start_new_session=True)

    def wait_for(count):
        end = time.time() + 60
        while time.time() < end:
            if place.store.exists() and len(place.rows("state=done")) >= count:
                return
            time.sleep(0.1)
        raise AssertionError("too slow")
    process = start()
    wait_for(1)
    place("sweep", *words, status=64, err="is running already")
    process.send_signal(signal.SIGINT)
    out, err = process.communicate(timeout=30)
    assert process.returncode == 130 and "the same command goes on" in err and "interrupted" in err, (process.returncode, out, err)
    first = {r["params"]["n"]: r["run"] for r in place.rows("state=done")}
    process = start()
    wait_for(len(first) + 1)
    process.kill()
    process.communicate()
    # The run that it had started goes on, and counts.
    result = place("sweep", *words, out="6 of 6 runs done", err="done already")
    rows = place.rows("state=done")
    assert sorted(r["params"]["n"] for r in rows) == list(range(6)), rows
    assert all(first[r["params"]["n"]] == r["run"] for r in rows if r["params"]["n"] in first), "nothing is done twice"
    assert len(place.rows("state=lost")) == 0, result.stderr


def test_sweep_shows_a_table_on_a_terminal():
    place = Place(WAIT)
    text = on_terminal("sweep", str(place.script), "--grid", "n=1,2", "--set", "seconds=1.5", "--jobs", "1", **place.env)
    assert "0 of 2 done, 1 running" in text and "1 of 2 done, 1 running" in text and "left" in text and "2 of 2 runs done" in text, text


def test_sweep_refuses_what_does_not_fit():
    place = Place(WAIT)
    script = place.script
    place("sweep", script, "--grid", "m=1,2", status=64, err=["the script has no param 'm'", "it has n, seconds"])
    place("sweep", script, "--grid", "n=1,x", status=64, err="'x' is not an int like the default 1")
    place("sweep", script, "--grid", "n=1,1", status=64, err="a value stands there twice")
    place("sweep", script, "--grid", "seconds=0..1", status=64, err="--random N")
    place("sweep", script, "--seeds", "3..1", status=64, err="--seeds takes")
    place("sweep", script, "--jobs", "4000", status=64, err="need 4000 processors")
    place("sweep", script, "--device", "cuda:99", status=64, err="there is no device 'cuda:99'")
    place("sweep", place.home / "no.bcl", status=66, err="there is no file")
    script.write_text("print lenn(1)\n")
    place("sweep", script, status=65, err="did you mean 'len'?")
    assert not place.store.exists()
    assert len(check(bclsh("sweep", "--random", "7", "--grid", "lr=0.001..0.1:log", "--plan", Place(TRAIN).script), 0).stdout.splitlines()) == 8


def test_sweep_of_ten_thousand_runs_is_planned_in_seconds():
    place = Place(WAIT)
    start = time.time()
    lines = place("sweep", place.script, "--grid", "n=" + ",".join(map(str, range(100))), "--grid", "seconds=" + ",".join(f"0.{i:02d}" for i in range(10)), "--seeds", "1..10", "--plan").stdout.splitlines()
    assert len(lines) == 10_001 and time.time() - start < 15, time.time() - start
