"""Runs that record themselves, and looking back at them."""
import csv, io, json, os, re, resource, signal, sqlite3, statistics, struct, subprocess, sys, time
from pathlib import Path

from run import BINARY, ROOT, Skip, bclsh, check, folder
from test_looking import on_terminal

SCRIPT = """param lr = 0.1
param method = "er"
param layers = [16]
let bench = permuted(digits(), tasks=2, per_task=40, seed=1)
let net = mlp(64, layers[0], 10)
let me = if method == "er" then er(net, bench, lr=lr, memory=20) else single(net, bench, lr=lr)
for task in bench.tasks { train me on task; evaluate me on bench }
print "the end of {method}"
"""


class Place:
    """A folder with a script and a store of its own."""

    def __init__(self, script=SCRIPT):
        self.home = folder()
        self.store = self.home / "deep/runs.db"
        self.script = self.home / "my.bcl"
        self.script.write_text(script)
        self.env = {"BCL_STORE": str(self.store)}

    def __call__(self, *arguments, status=0, out=None, err=None, **options):
        return check(bclsh(*arguments, env={**self.env, **options.pop("env", {})}, **options), status, out, err)

    def run(self, *settings, seed=1, **options):
        return self("run", self.script, "--seed", seed, *[part for setting in settings for part in ("--set", setting)], **options)

    def rows(self, *filters):
        return json.loads(self("runs", "list", "--json", *filters).stdout)


def test_a_run_records_itself():
    place = Place()
    (place.home / "half.bcl").write_text("def half(x) { return x / 2 }\n")
    place.script.write_text('import "half.bcl"\n' + SCRIPT + 'save "text" to "out.txt"\nprint half(3)\n')
    result = place.run("lr=0.03", seed=3, cwd=place.home)
    record = json.loads(place("runs", "show", "last", "--json").stdout)
    assert record["run"] == 1 and record["state"] == "done" and record["exit_status"] == 0 and record["seed"] == 3
    assert record["params"] == {"lr": 0.03, "method": "er", "layers": [16]}, record["params"]
    assert record["script"]["text"] == place.script.read_text() and len(record["script"]["sha256"]) == 64
    assert any(f["name"].endswith("half.bcl") for f in record["files"])
    assert any(f["name"] == "stdlib:methods/er.bcl" for f in record["files"]), record["files"]
    assert record["log"] == result.stdout, (record["log"], result.stdout)
    assert record["artefacts"] == [{"path": f"{place.home}/out.txt", "bytes": 4}]
    learner = record["learners"][0]
    assert learner["name"] == "me" and learner["method"] == "er" and learner["minibatches"] == 8 == len(learner["losses"])
    assert learner["params"]["memory"] == 20 and len(learner["accuracy"]) == 2
    last = learner["accuracy"][1]
    assert abs(learner["metrics"]["acc"] - statistics.mean(last)) < 1e-12
    assert abs(learner["metrics"]["fm"] - (learner["accuracy"][0][0] - last[0])) < 1e-12
    assert record["machine"]["device"] == "cpu" and record["machine"]["threads"] == 1 and record["versions"]["torch"]
    assert record["command"][:2] == ["bclsh", "run"] and record["directory"] == os.path.realpath(place.home)
    assert 0 < record["seconds"] < 60 and record["ended"] >= record["started"]
    assert place("runs", "show", "1", "--script").stdout == place.script.read_text()
    assert place("runs", "show", record["id"][:20], "--log").stdout == result.stdout


def test_the_result_file_and_the_record_say_the_same():
    place = Place()
    place("run", place.script, "--seed", 2, "--json", place.home / "r.json")
    result, row = json.loads((place.home / "r.json").read_text()), place.rows()[0]
    assert result["metrics"] == row["metrics"] and result["config"]["lr"] == row["params"]["lr"] and result["seed"] == row["seed"]
    assert result["learners"]["me"]["params"]["memory"] == row["params"]["memory"] == 20


def test_all_learners_are_recorded_also_those_that_are_gone():
    place = Place("""for s in 1..4 {
  seed s
  let bench = permuted(digits(), tasks=2, per_task=30)
  let me = single(mlp(64, 10), bench)
  train me on bench
  evaluate me on bench
}
def untrained() { return er(mlp(64, 10), permuted(digits(), tasks=2, per_task=30)) }
print untrained()
""")
    place.run(seed=9)
    rows = place.rows()
    assert [(r["learner"], r["method"], r["seed"], r["minibatches"]) for r in rows] == [(f"single {s}", "single", s, 6) for s in (1, 2, 3)], rows
    assert all(r["metrics"]["acc"] is not None for r in rows)
    assert "1.single 2" in place("runs").stdout


def test_runs_that_end_badly():
    place = Place(SCRIPT + "print 1 // 0\n")
    place.run(status=70)
    place("-e", "print lenn(1)", status=65)
    place("-e", "print 1", "--no-store")
    failed = place.rows()
    assert len(failed) == 1 and failed[0]["state"] == "failed" and failed[0]["exit_status"] == 70 and "division by zero" in failed[0]["error"] and "my.bcl:9:7" in failed[0]["error"]
    assert failed[0]["metrics"]["acc"] is not None, "what was learned before the error is kept"
    for number, ending in [(signal.SIGINT, "interrupted"), (signal.SIGKILL, "lost")]:
        process = subprocess.Popen([BINARY, "-e", 'print "up"\nlet n = 0\nwhile true { n = n + 1 }'], env={**os.environ, **place.env}, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        assert process.stdout.readline() == "up\n"
        assert place.rows("state=running")[0]["state"] == "running"
        place("runs", "delete", "--yes", "state=running", out="no runs to delete", err="is running and is kept")
        process.send_signal(number)
        process.communicate(timeout=20)
        assert place.rows()[0]["state"] == ending, place.rows()[0]
    assert len(place.rows("state=lost")) == 1 and len(place.rows("state!=done")) == 3


def test_many_processes_at_once():
    place = Place("param n = 0\nprint n\n")
    count = 24
    processes = [subprocess.Popen([BINARY, "run", str(place.script), "--set", f"n={i}"], env={**os.environ, **place.env}, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) for i in range(count)]
    for index, process in enumerate(processes):
        out, err = process.communicate(timeout=120)
        assert process.returncode == 0 and out == f"{index}\n" and err == "", (process.returncode, out, err)
    rows = place.rows()
    assert sorted(r["run"] for r in rows) == list(range(1, count + 1)) and sorted(r["params"]["n"] for r in rows) == list(range(count))
    assert all(r["state"] == "done" for r in rows) and len({r["id"] for r in rows}) == count


def test_a_store_that_cannot_be_written_costs_no_result():
    place = Place()
    wanted = json.loads((place("run", place.script, "--json", place.home / "r.json"), (place.home / "r.json").read_text())[1])
    good = place.store.read_bytes()

    def result_of(result):
        return json.loads(result.stdout[result.stdout.index("\n{") + 1:])

    def same(result, message):
        check(result, 0, "the end of er", ["bclsh: warning: this run is not recorded", message, "its result is on standard output", "hint:"])
        found = result_of(result)
        assert found["metrics"] == wanted["metrics"] and found["accuracy"] == wanted["accuracy"] and found["config"] == wanted["config"]

    same(bclsh("run", place.script, env={"BCL_STORE": "/proc/nowhere/runs.db"}), "can't be made")
    same(bclsh("run", place.script, "--store", ROOT / "README.md"), "is no run store")
    (place.home / "newer.db").write_bytes(good)
    database = sqlite3.connect(place.home / "newer.db")
    database.execute("PRAGMA user_version = 99")
    database.commit()
    database.close()
    same(bclsh("run", place.script, "--store", place.home / "newer.db"), "later bclsh")

    # A full disk: no file may grow beyond what it is.
    def full():
        signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
        resource.setrlimit(resource.RLIMIT_FSIZE, (16384, 16384))
    result = subprocess.run([BINARY, "run", str(place.script)], env={**os.environ, **place.env}, preexec_fn=full, capture_output=True, text=True, timeout=60)
    check(result, 0, "the end of er", ["this run is not recorded", "its result is on standard output"])
    assert result_of(result)["metrics"] == wanted["metrics"]
    assert len(place.rows()) == 1, "the store is as it was"

    # With a result file, or a record file, standard output is the script's alone.
    result = check(bclsh("run", place.script, "--store", ROOT / "README.md", "--record", place.home / "record.json"), 0, err="this run is not recorded")
    assert result.stdout.endswith("the end of er\n")
    place("runs", "merge", place.home / "record.json", out="1 new, 0 known")
    assert place.rows()[0]["metrics"] == wanted["metrics"]
    # Nothing learned: a warning is enough.
    assert bclsh("-e", "print 5", env={"BCL_STORE": "/proc/nowhere/runs.db"}).stdout == "5\n"
    assert bclsh("-e", "print 5", env={"BCL_STORE": "none"}).stderr == ""


def test_record_files_are_merged_once():
    place = Place()
    where = place.home / "records"
    where.mkdir()
    for seed in (1, 2):
        place("run", place.script, "--seed", seed, "--no-store", "--record", where / f"{seed}.json")
    assert not place.store.exists()
    (where / "broken.json").write_text((where / "1.json").read_text()[:500])
    place("runs", "merge", where, status=66, out="2 new, 0 known runs", err="'" + str(where / "broken.json") + "' is no record of a run")
    place("runs", "merge", where / "1.json", out="0 new, 1 known run")
    assert sorted(r["seed"] for r in place.rows()) == [1, 2]
    other = Place()
    other("runs", "merge", place.store, out="2 new, 0 known runs")
    assert [r["metrics"] for r in other.rows()] == [r["metrics"] for r in place.rows()]
    place("run", place.script, "--record", place.home / "no/such/x.json", status=73, err="is not there or can't be written")


def test_a_shared_folder_gets_record_files():
    place = Place()
    shared = {"BCL_STORE_SHARED": "1"}
    place.run(env=shared)
    place("-e", "print lenn(1)", status=65, env=shared)
    inbox = Path(f"{place.store}.inbox")
    assert not place.store.exists() and len(list(inbox.iterdir())) == 1
    place("-e", 'print runs("method=er").acc', out="[0.", env=shared)
    rows = json.loads(place("runs", "list", "--json", env=shared).stdout)
    assert [r["method"] for r in rows] == [None, "er"] and rows[1]["state"] == "done", rows
    assert list(inbox.iterdir()) == [], "what has ended is taken in"
    assert sqlite3.connect(place.store).execute("PRAGMA journal_mode").fetchone() == ("delete",)
    assert json.loads(place("runs", "list", "--json", "state=done", env=shared).stdout)[1] == rows[1]


def make_study():
    place = Place()
    for method in ("er", "single"):
        for seed in (1, 2, 3):
            place.run(f"method={method}", seed=seed)
    return place


def test_looking_back():
    place = make_study()
    table = place("runs").stdout.splitlines()
    assert len(table) == 7 and table[0].split()[:4] == ["run", "state", "started", "time"] and "ACC %" in table[0] and "my.bcl" in table[1], table
    assert [r["run"] for r in place.rows("method=er", "seed<3")] == [2, 1]
    assert [r["run"] for r in place.rows("method", "=", "er", "1")] == [1]
    assert place.rows("lr>=0.2") == [] and len(place.rows("lr>=0.1", "since=1h")) == 6
    best = [r["metrics"]["acc"] for r in json.loads(place("runs", "list", "--json", "--sort", "-acc").stdout)]
    assert best == sorted(best, reverse=True)
    place("runs", "list", "--limit", "2", out="2 of 6 are shown")
    assert "layers" in place("runs", "list", "--columns", "layers").stdout.splitlines()[0]
    rows = list(csv.DictReader(io.StringIO(place("runs", "list", "--csv", "method=single").stdout)))
    assert [(r["run"], r["method"], r["lr"], r["layers"]) for r in rows] == [(str(n), "single", "0.1", "[16]") for n in (6, 5, 4)], rows
    assert abs(float(rows[0]["acc"]) - place.rows("6")[0]["metrics"]["acc"]) < 1e-15
    place("runs", "list", "sedd=1", status=64, err=["no run has a parameter 'sedd'", "  sedd=1\n  ^^^^", "did you mean 'seed'?"])
    place("runs", "show", "77", status=64, err=["there is no run '77'", "numbers up to 6"])
    compared = place("runs", "compare", "1", "4").stdout
    assert "method" in compared and "ACC %" in compared and "SHA-256" not in compared and "seed" not in compared, compared
    place("runs", "compare", "1", status=64, err="nothing to compare run 1 with")
    place.script.write_text(SCRIPT.replace("memory=20", "memory=10"))
    place.run()
    place("runs", "compare", "1", "7", out=["script SHA-256", "- 6: let me", "+ 6: let me", "memory=10"])
    shown = place("runs", "show", "7").stdout
    assert "accuracy of me (%)" in shown and "param lr" in shown and "standard library" not in shown
    check(bclsh("runs", "list", env={"BCL_STORE": str(place.home / "no.db")}), 64, err="there is no run store")
    check(bclsh("runs", "list", env={"BCL_STORE": "none"}), 64, err="BCL_STORE is none")


def test_deleting_asks():
    place = make_study()
    place("runs", "delete", "seed=1", status=64, err=["2 runs, 1 to 4 would be deleted", "--yes"])
    place("runs", "delete", status=64)
    text = on_terminal("runs", "delete", "seed=1", answers=[("[y/N]", "n\n")], **place.env)
    assert "nothing is deleted" in text and len(place.rows()) == 6, text
    text = on_terminal("runs", "delete", "seed=1", answers=[("[y/N]", "y\n")], **place.env)
    assert "deleted 2 runs" in text and sorted(r["run"] for r in place.rows()) == [2, 3, 5, 6], text
    place("runs", "delete", "2", "--yes", out="deleted run 2")
    place.run()
    assert place.rows()[0]["run"] == 7, "numbers are not given twice"


def test_runs_in_the_language():
    place = make_study()
    code = """let found = runs("method=er", sort="seed")
print len(found), [r.run for r in found], found.seed, found[0].params.layers, found[0].method
let i = interval(found.acc)
print "{i.n} {i.mean}"
assert found[0].accuracy[1][0] == found[0].accuracy[1, 0] and len(found[0].losses) == 8
assert found[1].acc == found.acc[1] and found[0].acc == found[0].accuracy.acc
show found
show found[0]
plot found[0].losses, found[1].losses labels=["a", "b"]
print runs("seed=77"), found[0].log
"""
    out = place("-e", code).stdout
    mean = statistics.mean(r["metrics"]["acc"] for r in place.rows("method=er"))
    assert out.startswith("3 [1, 2, 3] [1, 2, 3] [16] er\n3 ") and abs(float(out.splitlines()[1].split()[1]) - mean) < 1e-12, out
    assert "the end of er" in out and "<0 recorded runs>" in out and "accuracy of me (%)" in out
    place("-e", 'print 1\nlet x = runs("sedd<3")', status=70, err=["no run has a parameter 'sedd'", "-e:2:14", "did you mean 'seed'?"])
    place("-e", f'runs("", store="{place.home}/no.db")', status=70, err="there is no run store")
    check(bclsh("-e", 'print len(runs())', "--no-store", env={"BCL_STORE": str(place.home / "no.db")}), 0, "0\n")


def crc32c(data):
    value = 0xFFFFFFFF
    for byte in data:
        value ^= byte
        for _ in range(8):
            value = value >> 1 ^ (0x82F63B78 if value & 1 else 0)
    return value ^ 0xFFFFFFFF


def event_records(path):
    """The records of an event file, with their checksums checked."""
    data, place, records = path.read_bytes(), 0, []
    masked = lambda part: ((crc32c(part) >> 15 | crc32c(part) << 17) + 0xA282EAD8) & 0xFFFFFFFF
    while place < len(data):
        length, = struct.unpack_from("<Q", data, place)
        assert struct.unpack_from("<I", data, place + 8)[0] == masked(data[place:place + 8])
        body = data[place + 12:place + 12 + length]
        assert struct.unpack_from("<I", data, place + 12 + length)[0] == masked(body)
        records.append(body)
        place += 16 + length
    return records


def test_event_files():
    place = Place()
    place.run()
    place("runs", "export", "--tensorboard", place.home / "tb", out="1 run written")
    place("runs", "export", "--tensorboard", place.home / "tb", out="1 run written")
    files = [p for p in (place.home / "tb").rglob("*") if p.is_file()]
    assert len(files) == 1 and files[0].parent.name == "1-me" and files[0].name.startswith("events.out.tfevents."), files
    records = event_records(files[0])
    assert b"brain.Event:2" in records[0] and sum(b"\x0a\x04loss" in r for r in records) == 8


READER = """
import json, sys
from tensorboard.backend.event_processing.event_accumulator import EventAccumulator
events = EventAccumulator(sys.argv[1], size_guidance={"scalars": 0})
events.Reload()
print(json.dumps({tag: [[e.step, e.value, e.wall_time] for e in events.Scalars(tag)] for tag in events.Tags()["scalars"]}))
"""


def tensorboard_python():
    """BCL_TENSORBOARD_PYTHON names a Python that has the package; else this one, where it does."""
    for python in filter(None, (os.environ.get("BCL_TENSORBOARD_PYTHON"), sys.executable)):
        if subprocess.run([python, "-c", "import tensorboard"], capture_output=True).returncode == 0:
            return python
    raise Skip("the package tensorboard can't be imported (pip install tensorboard, or name a Python that has it: BCL_TENSORBOARD_PYTHON)")


def test_tensorboard_reads_event_files():
    python = tensorboard_python()
    place = Place()
    place.run()
    place("runs", "export", "--tensorboard", place.home / "tb")
    found = json.loads(subprocess.run([python, "-W", "ignore", "-c", READER, str(place.home / "tb/1-me")], capture_output=True, text=True, check=True).stdout)
    record = json.loads(place("runs", "show", "1", "--json").stdout)
    learner = record["learners"][0]
    single = lambda x: struct.unpack("f", struct.pack("f", x))[0]
    assert [(s, v) for s, v, _ in found["loss"]] == [(i, single(x)) for i, x in enumerate(learner["losses"])]
    assert [(s, v) for s, v, _ in found["accuracy/task 1"]] == [(i + 1, single(row[0])) for i, row in enumerate(learner["accuracy"])]
    assert found["metrics/acc"][-1][:2] == [2, single(learner["metrics"]["acc"])] and found["metrics/fm"][-1][1] == single(learner["metrics"]["fm"])


def test_report_has_the_figures():
    place = make_study()
    page = place.home / "r.html"
    place("report", "-o", page, "--title", "A study", out="2 configurations on 1 benchmark")
    text = page.read_text()
    assert not re.search(r"https?:|src=|<script|<link|@import|url\(", text) and "<h1>A study</h1>" in text and "prefers-color-scheme: dark" in text and "@media print" in text
    accuracies = {method: [r["metrics"]["acc"] for r in sorted(place.rows(f"method={method}"), key=lambda r: r["seed"])] for method in ("er", "single")}

    def shown(values, signed=False):
        half = 4.302652730 * statistics.stdev(values) / 3 ** 0.5
        return f"{100 * statistics.mean(values):{'+' if signed else ''}.2f} <span class=\"pm\">± {100 * half:.2f}</span>"
    for values in accuracies.values():
        assert shown(values) in text, (shown(values), re.findall(r"[\d.+-]+ <span.*?</span>", text))
    best, other = sorted(accuracies, key=lambda m: -statistics.mean(accuracies[m]))
    assert f"Differences from {best}" in text and shown([a - b for a, b in zip(accuracies[other], accuracies[best])], signed=True) in text
    assert text.count("<svg viewBox=\"0 0 400 260\"") == 2 and text.count("class=\"heat\"") == 2
    place("report", "-o", page, "--against", other)
    assert f"Differences from {other}" in page.read_text()
    place("report", "-o", page, "--against", "gem", status=64, err=["no such method", "er; single"])
    place("report", "seed=77", "-o", page, status=64, err="no run through")
    place("report", "-o", place.home / "no/r.html", status=73)


def test_tables_for_papers():
    place = make_study()
    place("report", "-o", place.home / "t.md")
    assert re.search(r"^\| `er` \| 3 (\| \S+ ± \S+ ){3}\| \d+\.\d\d? s \|$", (place.home / "t.md").read_text(), re.M)
    place("report", "-o", place.home / "t.tex")
    assert (place.home / "t.tex").read_text().count(r"\texttt{") == 2


def test_long_output_is_kept_without_its_middle():
    place = Place("for i in 0..20000 { print \"this is line {i} of a long output\" }\n")
    place.run()
    lines = place("runs", "show", "1", "--log").stdout.splitlines()
    assert lines[0] == "this is line 0 of a long output" and lines[-1] == "this is line 19999 of a long output"
    cut = [i for i, line in enumerate(lines) if "bytes are left out" in line]
    assert len(cut) == 1 and sum(map(len, lines)) < 300_000, (cut, len(lines))
    left = int(lines[cut[0]].split()[1])
    assert left + sum(len(line) + 1 for i, line in enumerate(lines) if i != cut[0]) == sum(len(f"this is line {i} of a long output\n") for i in range(20000))


def test_export_whole():
    place = Place()
    place.run()
    place("runs", "export", "-o", place.home / "all.json")
    whole = json.loads((place.home / "all.json").read_text())
    assert len(whole) == 1 and len(whole[0]["learners"][0]["losses"]) == 8 and whole[0]["script"]["text"] == SCRIPT
    assert place("runs", "export", "--csv").stdout.count("\n") == 2
