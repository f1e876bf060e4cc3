"""Runs that are killed, terminated or interrupted, and go on from their checkpoints."""
import json, os, random, signal, subprocess, time
from pathlib import Path

from run import BINARY, MISSING, bclsh, check, folder

SCRIPT = """\
param rounds = 2
let bench = permuted(digits(), tasks=2, per_task=200, seed=1)
def learn(method, round) {
  let me = method(mlp(64, 16, 10), bench)
  for task in bench.tasks {
    train me on task epochs=2
    evaluate me on bench
  }
  print "{round} {me.method} {me.acc:.6f}"
  return me
}
let last = none
for round in 0..rounds {
  let learners = [learn(m, round) for m in [er, bcl_dual]]
  last = learners[1]
}
save last.net to "net.safetensors"
print last.losses[-1], last.accuracy
"""


# Long enough for a signal to meet it also where a round takes a twentieth of a second.
LONG = SCRIPT.replace("param rounds = 2", "param rounds = 12")


def home_with(script=SCRIPT):
    home = folder()
    (home / "run.bcl").write_text(script)
    return home, {"XDG_DATA_HOME": str(home / "data")}


def start(home, env, *arguments):
    return subprocess.Popen([BINARY, "run", "run.bcl", *arguments], cwd=home, env={**os.environ, **env}, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)


def wait_for(what, seconds=60):
    end = time.monotonic() + seconds
    while not what():
        assert time.monotonic() < end, "waited in vain"
        time.sleep(0.01)


def record(path):
    found = json.loads(path.read_text())
    found.pop("seconds")
    return found


def straight(script=SCRIPT):
    home, env = home_with(script)
    result = check(bclsh("run", "run.bcl", "--json", "r.json", "--seed", "3", cwd=home, env=env), 0)
    return result.stdout, record(home / "r.json"), (home / "net.safetensors").read_bytes()


def test_a_run_killed_at_random_moments_ends_as_if_nothing_had_been():
    home, env = home_with(LONG)
    chance, kills = random.Random(5), 0
    line = ["--json", "r.json", "--seed", "3", "--checkpoint", "5", "--checkpoint-to", "cp", "--resume"]
    while True:
        process = start(home, env, *line)
        if kills < 5:
            # Not before it has come a little further: each is to hit another part.
            before = max([p.stat().st_mtime_ns for p in (home / "cp").glob("*.checkpoint")], default=0)
            wait_for(lambda: process.poll() is not None or max([p.stat().st_mtime_ns for p in (home / "cp").glob("*.checkpoint")], default=0) > before)
            time.sleep(chance.uniform(0, 0.15))
            process.kill()
            kills += 1
        _, err = process.communicate()
        if process.returncode != -signal.SIGKILL: break
    assert process.returncode == 0, err
    # A fast build may be done before the last one.
    assert kills >= 3, kills
    assert ((home / "cp/output.txt").read_text(), record(home / "r.json"), (home / "net.safetensors").read_bytes()) == straight(LONG)
    assert sorted(p.name for p in (home / "cp").iterdir()) == ["finished", "output.txt"]
    check(bclsh("resume", "cp", cwd=home, env=env), 66, err="has come to its end")


def test_signals_leave_with_a_checkpoint():
    out, wanted, weights = straight(LONG)
    for number, status, word in [(signal.SIGTERM, 143, "terminated"), (signal.SIGINT, 130, "interrupted")]:
        home, env = home_with(LONG)
        process = start(home, env, "--json", "r.json", "--seed", "3", "--checkpoint", "1h")
        wait_for(lambda: process.poll() is not None or list(home.glob("data/bclsh/checkpoints/*/*.checkpoint")))
        process.send_signal(number)
        before, err = process.communicate(timeout=60)
        assert process.returncode == status, (process.returncode, err)
        name = next(home.glob("data/bclsh/checkpoints/*")).name
        assert f"{word}\n  hint: bclsh resume {name} goes on from its checkpoint of" in err, err
        assert len(list(home.glob("data/bclsh/checkpoints/*/*.checkpoint"))) == 2
        check(bclsh("resume", env=env), 0, out=[name, "run.bcl", "minibatches"])
        elsewhere = folder()
        # Relative paths of the script are those of the folder that it was started in; the command's own are here.
        rest = check(bclsh("resume", name, "--json", "here.json", cwd=elsewhere, env=env), 0)
        assert before + rest.stdout == out
        assert (record(elsewhere / "here.json"), (home / "net.safetensors").read_bytes()) == (wanted, weights)
        assert not (home / "r.json").exists() and not list(home.glob("data/bclsh/checkpoints/*"))
        check(bclsh("resume", env=env), 0, out="no run is waiting")


def stopped(script=SCRIPT, *arguments):
    """A run that was killed when it had two checkpoints."""
    home, env = home_with(script)
    process = start(home, env, "--checkpoint", "3", "--checkpoint-to", "cp", *arguments)
    wait_for(lambda: process.poll() is not None or len(list((home / "cp").glob("*.checkpoint"))) == 2)
    process.kill()
    _, err = process.communicate()
    assert process.returncode == -signal.SIGKILL, err
    return home, env


def test_a_damaged_checkpoint_gives_way_to_the_one_before():
    home, env = stopped()
    files = sorted((home / "cp").glob("*.checkpoint"), key=lambda p: p.stat().st_mtime_ns)
    data = bytearray(files[1].read_bytes())
    data[len(data) // 2] ^= 1
    files[1].write_bytes(data)
    check(bclsh("resume", "cp", "--from-start", cwd=home, env=env), 0, err=["is damaged: the checksum of", "the checkpoint before it is taken"])

    home, env = stopped()
    for path in (home / "cp").glob("*.checkpoint"): path.write_bytes(path.read_bytes()[:-7])
    check(bclsh("resume", "cp", cwd=home, env=env), 66, err=["there is no checkpoint to go on from", "is no valid safetensors file"])


def test_what_has_changed_is_refused_by_name():
    home, env = stopped()
    (home / "run.bcl").write_text(SCRIPT.replace("epochs=2", "epochs=3"))
    check(bclsh("resume", "cp", cwd=home, env=env), 65, err=["run.bcl' has changed since the run began: line 6 was 'train me on task epochs=2', but is 'train me on task epochs=3'"])
    (home / "run.bcl").unlink()
    check(bclsh("resume", "cp", cwd=home, env=env), 0)

    home, env = home_with("import \"lib.bcl\"\nlet bench = permuted(digits(), tasks=2, per_task=1000)\nlet me = er(mlp(64, 10), bench)\ntrain me on bench epochs=9\nprint value()\n")
    (home / "lib.bcl").write_text("def value() { return 1 }\n")
    process = start(home, env, "--checkpoint", "3", "--checkpoint-to", "cp")
    wait_for(lambda: (home / "cp/0.checkpoint").exists())
    process.kill()
    process.communicate()
    (home / "lib.bcl").write_text("def value() { return 2 }\n")
    check(bclsh("resume", "cp", cwd=home, env=env), 66, err=["the file '", "lib.bcl' has changed since the run began", "put it back as it was"])


def test_a_recorded_run_goes_on_by_its_number():
    home, env = stopped(SCRIPT, "--store", "runs.db", "--seed", "3")
    check(bclsh("resume", "7", "--store", "runs.db", cwd=home, env=env), 66, err="there is no run '7'")
    check(bclsh("resume", "1", "--store", "runs.db", "--json", "r.json", cwd=home, env=env), 0)
    rows = json.loads(check(bclsh("runs", "list", "--store", "runs.db", "--json", cwd=home, env=env), 0).stdout)
    assert [(r["run"], r["state"]) for r in rows] == 4 * [(1, "done")], rows
    assert record(home / "r.json") == straight()[1]
    check(bclsh("resume", "1", "--store", "runs.db", cwd=home, env=env), 66, err="run 1 is done")


def test_checkpoints_are_guarded():
    home, env = stopped(SCRIPT, "--seed", "4")
    check(bclsh("run", "run.bcl", "--checkpoint", "3", "--checkpoint-to", "cp", cwd=home, env=env), 73, err=["there is a run to go on with", "bclsh resume cp"])
    check(bclsh("run", "run.bcl", "--checkpoint", "3", "--checkpoint-to", "cp", "--resume", cwd=home, env=env), 64, err="has seed 4, not 0")
    process = start(home, env, "--seed", "4", "--set", "rounds=50", "--checkpoint", "3", "--checkpoint-to", "other")
    wait_for(lambda: (home / "other/0.checkpoint").exists())
    check(bclsh("resume", "other", cwd=home, env=env), 73, err=["is going on: process", str(process.pid)])
    process.kill()
    process.communicate()
    check(bclsh("resume", MISSING), 66, err="there is no run")
    check(bclsh("run", "run.bcl", "--checkpoint", "5 parsecs", cwd=home, env=env), 64, err="invalid for '--checkpoint")
    check(bclsh("run", "run.bcl", "--checkpoint", "3", "--checkpoint-to", "/dev/null/x", cwd=home, env=env), 73, err="can't be made")


def test_code_without_a_file_goes_on_too():
    home, env = home_with()
    code = "print 1\nlet bench = permuted(digits(), tasks=2, per_task=1000)\nlet me = er(mlp(64, 10), bench)\ntrain me on bench\nprint me.minibatches"
    process = subprocess.Popen([BINARY, "-e", code, "--checkpoint", "20", "--checkpoint-to", "cp"], cwd=home, env={**os.environ, **env}, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    wait_for(lambda: (home / "cp/0.checkpoint").exists())
    process.kill()
    process.wait()
    assert check(bclsh("resume", "cp", "--from-start", cwd=home, env=env), 0).stdout == "1\n200\n"


def test_what_cant_be_saved_is_told_early_and_the_run_goes_on():
    home, env = home_with("""\
let task = permuted(digits(), tasks=2, per_task=100, seed=1)[0]
method mine(net) {
  on batch(x, y, t) { net.zero_grad()
    cross_entropy(net(x), y).backward()
    net.step(0.1) }
}
let me = mine(mlp(64, 10))
train me on task
print me.minibatches
""")
    result = check(bclsh("run", "run.bcl", "--checkpoint", "1", cwd=home, env=env), 0, out="10\n",
                   err=["no checkpoint can be taken: 'task' (run.bcl:1:5) can't be saved: no variable holds its benchmark", "hint: keep the benchmark in a variable: let bench = ..."])
    assert result.stderr.count("no checkpoint can be taken") == 1, result.stderr
