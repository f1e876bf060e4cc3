"""Tests of the built binary as users run it: exit codes, output, files, a real terminal.

    python3 Tests/CommandLine/run.py .build/release/bclsh [FILTER]...

Only Python's standard library. Tests of one subject may have a file of their own, test_SUBJECT.py. The last line is "N passed, N failed, N skipped".
"""
import gzip, importlib.util, json, os, re, shutil, signal, struct, subprocess, sys, tempfile, time
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent.parent
BINARY = str(Path(sys.argv[1] if len(sys.argv) > 1 else ROOT / ".build/release/bclsh").resolve())
SHARED = ROOT.parent / "shared"
TRACES = ROOT / "Tests/Traces"
# What tests run is recorded, but not among the user's own runs.
os.environ["BCL_STORE"] = str(Path(tempfile.mkdtemp(prefix="bclsh-test-")) / "runs.db")
MISSING = Path(tempfile.mkdtemp(prefix="bclsh-test-")) / "missing"  # a folder that is not there


class Skip(Exception):
    pass


def bclsh(*arguments, stdin="", env=None, cwd=None, timeout=300):
    environment = {k: v for k, v in os.environ.items() if k != "BCL_DATA"}
    environment.update(env or {})
    return subprocess.run([BINARY, *map(str, arguments)], input=stdin, capture_output=True, text=True, env=environment, cwd=cwd, timeout=timeout)


def check(result, status, out=None, err=None):
    shown = f"status {result.returncode}, stdout {result.stdout[-800:]!r}, stderr {result.stderr[-1500:]!r}"
    assert result.returncode == status, f"wanted status {status}: {shown}"
    for text in [out] if isinstance(out, str) else out or []:
        assert text in result.stdout, f"wanted {text!r} on stdout: {shown}"
    for text in [err] if isinstance(err, str) else err or []:
        assert text in result.stderr, f"wanted {text!r} on stderr: {shown}"
    return result


def folder():
    return Path(tempfile.mkdtemp(prefix="bclsh-test-"))


# --- Ways to run code ---

def test_code_from_everywhere():
    home = folder()
    script = home / "a script.bcl"
    script.write_text("#!/usr/bin/env bclsh\nparam n = 1\nprint \"n is {n}\"\n")
    check(bclsh("-e", "print 1+1"), 0, "2\n")
    check(bclsh(stdin="print 3"), 0, "3\n")
    check(bclsh("-", stdin="print 3"), 0, "3\n")
    check(bclsh("run", script), 0, "n is 1\n")
    check(bclsh(script), 0, "n is 1\n")
    check(bclsh(script, "--set", "n=5"), 0, "n is 5\n")
    script.chmod(0o755)
    bin_folder = home / "bin"
    bin_folder.mkdir()
    (bin_folder / "bclsh").symlink_to(BINARY)
    result = subprocess.run([str(script)], capture_output=True, text=True, env={**os.environ, "PATH": f"{bin_folder}:{os.environ['PATH']}"})
    check(result, 0, "n is 1\n")


def test_values_are_not_echoed_in_batch():
    assert bclsh("-e", "1 + 1\nlet x = 2\nx").stdout == ""


# --- Exit codes ---

def test_usage_errors_are_64():
    check(bclsh("run", "--nonsense"), 64)
    check(bclsh("-e", "print 1", "--seed", "-1"), 64)
    check(bclsh("-e", "print 1", "--seed", "x"), 64)
    check(bclsh("-e", "print 1", "--threads", "0"), 64)
    check(bclsh("-e", "param lr = 0.1", "--set", "lt=1"), 64, err="it has lr")
    check(bclsh("-e", "param lr = 0.1", "--set", "lr=fast"), 64, err="'fast' is not a float")
    check(bclsh("-e", "param lr = 0.1", "--set", "lr"), 64)
    check(bclsh("-e", "print 1", "--device", "tpu"), 64, err="there is no device 'tpu'")


def test_language_errors_are_65_and_nothing_runs():
    for code, message in [
        ("print 1\nprint lenn([1])", "did you mean 'len'?"),
        ("print 1\nlet bench = permuted(digits(), task=5)", "permuted has no parameter 'task'"),
        ("print 1\nlet me = bcl_dual(1, 2, betta=3)", "did you mean 'beta'?"),
        ("print 1\nif 1 {", "never closed"),
        ("print 1\nlet me = bcl_duel(1, 2)", "did you mean 'bcl_dual'?"),
        ("print 1\ntrain me", "the sentence reads 'train LEARNER on TASK'"),
    ]:
        result = check(bclsh("-e", code), 65, err=[message, "-e:2:" if "if 1" not in code else "-e:"])
        assert result.stdout == "", result.stdout


def test_missing_files_are_66():
    check(bclsh("run", MISSING / "x.bcl"), 66, err="there is no file")
    check(bclsh("rnu"), 66, err="did you mean 'bclsh run'?")
    check(bclsh("run", "/"), 66, err="is a folder")
    check(bclsh("verify", MISSING / "x.safetensors"), 66, err="there is no file")


def test_running_errors_are_70_with_the_place():
    setup = "let bench = permuted(digits(), tasks=2, per_task=30)\nlet net = mlp(64, 16, 10)\n"
    for code, messages in [
        ("print 1 // 0", ["division by zero", "-e:1:7"]),
        ("assert 1 == 2, \"no\"", ["assertion failed: no"]),
        ("device \"cuda:99\"", ["there is no device 'cuda:99'", "-e:1:1"]),
        ("zeros(2, 3) @ zeros(2, 3)", ["can't be multiplied as matrices", "-e:1:1"]),
        (setup + "net(zeros(1, 5))", ["takes samples [B, 64], not [1, 5]", "-e:3:1"]),
        (setup + "single(mlp(784, 10), bench)", ["the network takes 784 inputs", "start the network with 64"]),
        (setup + "single(mlp(64, 5), bench)", ["5 outputs, but permuted digits needs 10"]),
        (setup + "train 5 on bench", ["'learner' of train must be a learner, not an int"]),
        (setup + "let me = single(net, bench, lr=\"x\")\ntrain me on bench", ["must be a number", "single.bcl:", "in 'on batch' of single"]),
        (setup + "bcl_dual(net, bench, variant=\"best\")", ["variant is \"faithful\" or \"fixed\", not \"best\""]),
        (setup + "bcl_dual(net, bench, memory=3)", ["memory must be at least 5"]),
        ("mnist()", ["the files of mnist are in none of", "set BCL_DATA"]),
        ("permuted(digits(), tasks=2, per_task=99999)", ["99999 samples are asked for, but digits has 1442", "ask for 1 to 1442"]),
        (f"save mlp(2, 2) to \"{MISSING}/x.safetensors\"", [f"there is no folder '{MISSING}'"]),
        ("method m(net) { on task_end(t) { } }\nm(1)", ["has no 'on batch'"]),
    ]:
        check(bclsh("-e", code), 70, err=messages)


def test_interrupt_is_130():
    process = subprocess.Popen([BINARY, "-e", "let n = 0\nwhile true { n = n + 1 }"], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    time.sleep(2)
    process.send_signal(signal.SIGINT)
    _, err = process.communicate(timeout=20)
    assert process.returncode == 130 and "interrupted" in err, (process.returncode, err)


# --- Data ---

def idx(numbers, body):
    return b"".join(struct.pack(">I", n) for n in numbers) + bytes(body)


def write_mnist(where, train=30, **replace):
    files = {
        "train-images-idx3-ubyte.gz": idx([2051, train, 4, 4], [i % 256 for i in range(train * 16)]),
        "train-labels-idx1-ubyte.gz": idx([2049, train], [i % 10 for i in range(train)]),
        "t10k-images-idx3-ubyte.gz": idx([2051, 10, 4, 4], [i % 256 for i in range(160)]),
        "t10k-labels-idx1-ubyte.gz": idx([2049, 10], range(10)),
    }
    for name, content in files.items():
        (where / name).write_bytes(gzip.compress(content))
    for name, content in replace.items():
        (where / (name.replace("_", "-") + "-ubyte.gz")).write_bytes(content)


def test_mnist_files():
    home = folder()
    (home / "mnist").mkdir()
    write_mnist(home / "mnist")
    check(bclsh("-e", "print mnist()", env={"BCL_DATA": str(home)}), 0, "30 training and 10 test images 1x4x4")
    check(bclsh("-e", f"print permuted(mnist(path=\"{home}/mnist\"), tasks=2, per_task=5)"), 0, "2 tasks of 5 samples, 16 inputs")
    good = gzip.compress(idx([2051, 30, 4, 4], [0] * 480))
    for content, message in [
        (good[:-12], "cut off"),
        (gzip.compress(idx([2052, 30, 4, 4], [0] * 480)), "magic number is 2052 instead of 2051"),
        (gzip.compress(idx([2051, 31, 4, 4], [0] * 496)), "has 31 images"),
        (gzip.compress(idx([2051, 30, 4, 4], [0] * 479)), "479 of 480 bytes"),
        (b"", "shorter than a header"),
        (gzip.compress(idx([2051, 30, 4, 4], [0] * 50_000_000)), "holds more bytes than the 480 that its header announces"),
    ]:
        write_mnist(home / "mnist", train_images_idx3=content)
        check(bclsh("-e", "let a = 1\nlet d = mnist()", env={"BCL_DATA": str(home)}), 70, err=[message, "-e:2:9"])
    (home / "mnist/train-images-idx3-ubyte.gz").unlink()
    check(bclsh("-e", f"mnist(path=\"{home}/mnist\")"), 70, err="there is no 'train-images-idx3-ubyte.gz'")


IMAGES = Path(__file__).resolve().parent.parent / "Images/modes"


def write_birds(where, each=20):
    for name in ["crow", "jay"]:
        (where / name).mkdir(parents=True)
        for i in range(each):
            (where / name / f"{i}.jpg").write_bytes((IMAGES / "rgb.jpg").read_bytes())


def test_folders_of_images():
    home = folder()
    write_birds(home / "birds")
    cache = {"XDG_CACHE_HOME": str(home / "cache")}
    program = f'let d = image_folder("{home}/birds", size=12)\nprint d, d.train.images.double().sum().item()'
    first = check(bclsh("-e", program, env=cache), 0, "32 training and 8 test images 3x12x12, 2 classes", "images: 40 images")
    files = list((home / "cache/bclsh/images").iterdir())
    assert len(files) == 1 and files[0].name.endswith(".images"), files
    second = check(bclsh("-e", program, env=cache), 0)
    assert second.stdout == first.stdout and second.stderr == "", (second.stdout, second.stderr)
    files[0].write_bytes(files[0].read_bytes()[:-3])
    third = check(bclsh("-e", program, env=cache), 0, err=["warning", "are decoded again: the cache", "is cut off"])
    assert third.stdout == first.stdout
    (home / "birds/jay/7.jpg").write_bytes((IMAGES / "rgb.jpg").read_bytes()[:400])
    check(bclsh("-e", program, env=cache), 70, err=["decoded again", f"the image '{home}/birds/jay/7.jpg' is damaged: it is cut off", "-e:1:9"])


def test_decoding_is_interrupted():
    home = folder()
    write_birds(home / "birds", each=1500)
    process = subprocess.Popen([BINARY, "-e", f'print "ready"\nimage_folder("{home}/birds", size=(600, 600))'], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
                               env={**os.environ, "XDG_CACHE_HOME": str(home / "cache")})
    assert process.stdout.readline() == "ready\n"
    time.sleep(0.3)
    process.send_signal(signal.SIGINT)
    _, err = process.communicate(timeout=20)
    assert process.returncode == 130 and "interrupted" in err, (process.returncode, err)
    assert not (home / "cache/bclsh").exists()


# --- Learning ---

SMALL = """
let bench = permuted(digits(), tasks=3, per_task=60)
let net = mlp(64, 32, 10)
let me = {method}
for task in bench.tasks {{ train me on task; evaluate me on bench }}
print "ACC {{me.acc}} FM {{me.fm}} LA {{me.la}} BWT {{me.bwt}} W {{net.weights.vector.sum().item()}}"
"""
METHODS = ["single(net, bench)", "ewc(net, bench, memory=25)", "gem(net, bench, lr=0.03, memory=20)", "ftml(net, bench, memory=20)", "bcl_single(net, bench, memory=20, replay=16)", "er(net, bench, memory=20, replay=16, inner_steps=2)", "bcl_dual(net, bench, memory=20, replay=16, inner_steps=2)",
           "bcl_dual(net, bench, memory=20, replay=16, variant=\"fixed\")"]


def test_same_seed_same_bits():
    for method in METHODS:
        code = SMALL.format(method=method)
        first, second, other = (check(bclsh("-e", code, "--seed", seed, "--threads", 1), 0).stdout for seed in (3, 3, 4))
        assert first == second, method
        assert first != other, method


def test_split_benchmark_learns():
    for method in METHODS:
        code = SMALL.format(method=method).replace("permuted(digits(), tasks=3, per_task=60)", "split(digits(), tasks=5)")
        last = check(bclsh("-e", code, "--seed", 1), 0).stdout.splitlines()[-1]
        assert float(re.search(r"LA ([0-9.]+)", last)[1]) > 0.8, (method, last)


def test_own_method_and_odd_sizes():
    code = """
    method averaging(net, bench, lr=0.1) {
      let f = classifier(net, bench)
      let seen = 0
      on batch(x, y, t) { net.zero_grad(); let l = cross_entropy(f(x, t), y); l.backward(); net.step(lr); seen = seen + len(y); return l }
      on predict(x, t) { return f(x, t) }
    }
    let bench = permuted(digits(), tasks=1, per_task=11)
    let me = averaging(mlp(64, 10), bench)
    train me on bench epochs=2 batch=4
    assert me.seen == 22 and len(me.losses) == 6 and me.params.lr == 0.1
    evaluate me on bench
    let other = bcl_dual(mlp(64, 10), bench, memory=5)
    train other on bench batch=1
    assert len(other.replay) == 4 and len(other.evaluation) == 1
    print "done"
    """
    check(bclsh("-e", code), 0, "done\n")


def test_own_method_is_saved_and_goes_on():
    home = folder()
    script = home / "continue.bcl"
    script.write_text(f"""
import "{ROOT}/examples/my_method.bcl"
param part = "both"
let bench = permuted(digits(), tasks=2, per_task=100, seed=1)
let me = bcl_mixed(mlp(64, 32, 10), bench)
if part != "second" {{ train me on bench[0] }}
if part == "first" {{ save me to "me.learner" }}
if part == "second" {{ load me from "me.learner" }}
if part != "first" {{ train me on bench[1]; print me.losses, me.mixing, me.net.weights.vector.double().sum().item() }}
""")
    straight = check(bclsh("run", script, "--seed", 3, cwd=home), 0).stdout
    check(bclsh("run", script, "--seed", 3, "--set", "part=first", cwd=home), 0)
    assert check(bclsh("run", script, "--seed", 8, "--set", "part=second", cwd=home), 0).stdout == straight
    assert len(straight) > 100
    check(bclsh("-e", f'let me = er(mlp(64, 10), permuted(digits(), tasks=2))\nload me from "{home}/me.learner"'), 70, err=["BCL0058", "bcl_mixed"])


def test_own_method_is_verified():
    home = folder()
    trace = TRACES / "bcl_dual_mlp.safetensors"
    text = (ROOT / "stdlib/methods/bcl_dual.bcl").read_text().replace("method bcl_dual", "method mine")
    mine = home / "mine.bcl"
    mine.write_text(text)
    check(bclsh("verify", trace, "--method", mine), 0, ["mine", "ok"])
    check(bclsh("verify", trace, "--method", "mine.bcl:mine", cwd=home), 0, ["mine", "ok"])
    check(bclsh("verify", trace, "--method", f"{mine}:yours"), 1, "has no method 'yours'; it has mine")
    check(bclsh("verify", trace, "--method", home / "nothing.bcl"), 66, err="there is no file")
    mine.write_text(text.replace("net.step(lr)", "net.step(lr * 1.01)"))
    check(bclsh("verify", trace, "--method", mine), 1, "differs")
    mine.write_text(text.replace("net.step(lr)", "net.stepp(lr)"))
    check(bclsh("verify", trace, "--method", mine), 1, "differs", ["BCL0054", "did you mean '.step'?"])
    mine.write_text(text.replace("beta)", "betta)"))
    check(bclsh("verify", trace, "--method", mine), 1, "differs", ["BCL0012", "did you mean 'beta'?"])


def test_kept_fuzzer_inputs():
    inputs = sorted((ROOT / "Tests/Fuzz/Inputs").iterdir())
    assert inputs
    for path in inputs:
        for command in (["check"], ["fmt", "--check"], ["run"]):
            result = bclsh(*command, path)
            assert result.returncode in (0, 1, 65, 70), f"{command} {path.name}: {result.returncode} {result.stderr[-500:]}"
            assert "fault of bclsh" not in result.stderr, path


# --- Tools for scripts ---

def test_check_names_every_problem_and_runs_nothing():
    home = folder()
    good, bad, warned = home / "good.bcl", home / "bad.bcl", home / "warned.bcl"
    good.write_text('param n = 1\nprint "never printed", n\n')
    bad.write_text("print lenn([1])\nlet x = 5 5\ndef f(a) { return a }\nprint f(1, 2), f(b=1)\n")
    warned.write_text("param unread = 1\nprint 1\n")
    check(bclsh("check", good), 0, "1 file checked: 0 errors, 0 warnings")
    assert "never printed" not in check(bclsh("check", good), 0).stdout
    result = check(bclsh("check", home), 65, "3 files checked: 4 errors, 1 warning", [f"{bad}:1:7", f"{bad}:2:11", f"{bad}:4:7", f"{bad}:4:18", f"{warned}:1:7", "did you mean 'len'?"])
    assert "\x1b[" not in result.stderr
    check(bclsh("check", warned), 0, "0 errors, 1 warning", "warning[BCL0041]")
    check(bclsh("check", MISSING), 66, "", "there is no file")


def test_fmt_rewrites_in_place_and_check_only_tells():
    home = folder()
    untidy, broken = home / "untidy.bcl", home / "broken.bcl"
    untidy.write_text("let x=[1,2]# two\nif x {print  'a'}\n")
    check(bclsh("fmt", "--check", untidy), 1, "is not formatted")
    assert untidy.read_text().startswith("let x=[")
    untidy.chmod(0o640)
    check(bclsh("fmt", untidy), 0, "1 file, 1 rewritten")
    assert untidy.read_text() == 'let x = [1, 2]  # two\nif x { print "a" }\n', untidy.read_text()
    assert untidy.stat().st_mode & 0o777 == 0o640
    check(bclsh("fmt", "--check", untidy), 0, "0 not formatted")
    broken.write_text("let = 3\n")
    check(bclsh("fmt", broken), 65, "", "BCL0014")
    assert broken.read_text() == "let = 3\n"
    assert check(bclsh("fmt", "-", stdin="print  1"), 0).stdout == "print 1\n"
    for scripts in ("stdlib", "examples"):
        check(bclsh("fmt", "--check", ROOT / scripts), 0, "0 not formatted")
        check(bclsh("check", ROOT / scripts), 0, "0 errors, 0 warnings")


def test_test_blocks():
    home = folder()
    (home / "a.bcl").write_text('def f(x) { return x + 1 }\ntest "adds" { assert f(1) == 2 }\ntest "wrong" { assert f(1) == 3 }\n')
    (home / "b.bcl").write_text('import "a.bcl"\ntest "imported" { assert f(2) == 3 }\n')
    check(bclsh("test", home), 1, ["ok      ", "adds", "FAILED", "wrong", "imported", "2 passed, 1 failed", "f(1) == 3", "a.bcl:3:23"])
    check(bclsh("test", "--filter", "adds", home / "a.bcl"), 0, "1 passed, 0 failed")
    check(bclsh("test", home / "none.bcl"), 66, "", "there is no file")
    check(bclsh(home / "a.bcl"), 0)


def test_explain():
    check(bclsh("explain", "BCL0012"), 0, ["BCL0012: ", "Wrong:", "Right:"])
    check(bclsh("explain"), 0, ["BCL0001", "BCL0067"])
    check(bclsh("explain", "BCL9999"), 64, "", "there is no code 'BCL9999'")


def test_paths_of_one_letter():
    home = folder()
    (home / "t").write_text('import "m"\nprint x\nsave mlp(2, 2) to "w"\n')
    (home / "m").write_text("let x = 7\n")
    check(bclsh("run", "t", cwd=home), 0, "7\n")
    assert (home / "w").stat().st_size > 0
    check(bclsh("fmt", "t", cwd=home), 0)


def test_hostile_text_is_an_error_message():
    home = folder()
    for name, content, status in [
        ("brackets", b"print " + b"(" * 10000 + b"1" + b")" * 10000, 65), ("open", b"[" * 10000, 65), ("braces", b"if true {" * 10000, 65),
        ("bytes", b"print \"\xff\xfe\"\n", 65), ("nul", b"print 1\x00\n", 65), ("minus", b"print " + b"- " * 10000 + b"1", 65), ("nots", b"print " + b"not " * 10000 + b"true", 65),
        ("long", b'let x = "' + b"a" * 10_000_000 + b'"\nprint len(x)\n', 0), ("longer", b"print 1" + b" + 1" * 2_500_000, 65), ("calls", b"def f(n) { return f(n + 1) }\nf(0)", 70),
        ("lambdas", b"let f = x => x\nfor i in 0..5000 { let g = f; f = x => g(x) }\nprint f(1)", 70), ("nested", b"let x = []\nfor i in 0..300000 { x = [x] }\nprint x == x\n", 0),
        ("records", b"let x = []\nfor i in 0..300000 { x = {a: x} }\nprint 1\n", 0), ("closures", b"let f = x => x\nfor i in 0..300000 { let g = f; f = x => g(x) }\nprint 1", 0),
        ("compared", b"let x = []\nlet y = []\nfor i in 0..100000 { x = [x]; y = [y] }\nprint x == y, x == [y], x < [y]\n", 0), ("shared", b"let x = [1]\nlet y = [1]\nfor i in 0..200 { x = [x, x]; y = [y, y] }\nassert x == y", 0), ("shown", b"let x = []\nfor i in 0..100000 { x = [x] }\nprint x\n", 0),
    ]:
        (home / name).write_bytes(content)
        result = bclsh("run", home / name, timeout=60)
        assert result.returncode == status, (name, result.returncode, result.stdout[-300:], result.stderr[-500:])
        assert status == 0 or len(result.stderr) < 20000 and "error[BCL" in result.stderr, (name, len(result.stderr), result.stderr[-300:])


def test_a_method_of_ones_own():
    home = folder()
    script = home / "run.bcl"
    script.write_text(f"""import "{ROOT}/examples/my_method.bcl"
seed 1
let bench = permuted(digits(), tasks=3, per_task=300)
let me = bcl_mixed(mlp(64, 64, 10), bench, lr=0.1)
train me on bench
evaluate me on bench
print me.mixing.item() != 0.0, me.acc > 0.3
""")
    check(bclsh("run", script), 0, "true true")


def test_json():
    home = folder()
    out = home / "r.json"
    code = "param lr = 0.05\n" + SMALL.format(method="er(net, bench, lr=lr, memory=20)")
    check(bclsh("-e", code, "--seed", 5, "--set", "lr=0.2", "--threads", 1, "--json", out), 0)
    record = json.loads(out.read_text())
    assert record["seed"] == 5 and record["config"] == {"lr": 0.2} and record["threads"] == 1 and record["device"] == "cpu"
    assert record["versions"]["torch"].startswith("2.") and record["versions"]["bclsh"]
    matrix = record["accuracy"]
    assert len(matrix) == 3 and all(len(row) == 3 for row in matrix)
    assert abs(record["metrics"]["acc"] - sum(matrix[2]) / 3) < 1e-9
    assert abs(record["metrics"]["la"] - sum(matrix[i][i] for i in range(3)) / 3) < 1e-9
    assert abs(record["metrics"]["bwt"] - sum(matrix[2][i] - matrix[i][i] for i in range(2)) / 2) < 1e-9
    forgetting = sum(max(matrix[0][j], matrix[1][j]) - matrix[2][j] for j in range(2)) / 2
    assert abs(record["metrics"]["fm"] - forgetting) < 1e-9 and record["metrics"]["fwt"] is None
    # A run that fails leaves the file of the run before; an impossible place is refused before anything runs.
    check(bclsh("-e", "print 1 // 0", "--json", out), 70)
    assert json.loads(out.read_text()) == record
    assert check(bclsh("-e", "print 1", "--json", MISSING / "x.json"), 73).stdout == ""
    assert os.listdir(home) == ["r.json"]


def test_saved_weights_load_again():
    home = folder()
    check(bclsh("-e", "let net = mlp(4, 3, 2)\nsave net to \"n.safetensors\"\nlet other = mlp(4, 3, 2)\nassert any(net.weights.vector != other.weights.vector)\n"
                "load other from \"n.safetensors\"\nassert all(net.weights.vector == other.weights.vector)\nload mlp(4, 2) from \"n.safetensors\"", cwd=home), 70,
          err="these weights do not fit mlp 4-2")


def test_weights_are_those_of_pytorch():
    python = next((p for p in Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache").glob("bclsh/torch-*/bin/python")), None)
    if python is None:
        raise Skip("no Python with torch in the cache folder")
    home = folder()
    check(bclsh("-e", "let net = mlp(4, 3, 2)\nsave net to \"n.safetensors\"\nlet x = tensor([[0.1, -0.2, 0.3, 0.4]])\nprint net(x)[0, 0].item(), net(x)[0, 1].item()", cwd=home), 0)
    ours = [float(v) for v in bclsh("-e", "let net = mlp(4, 3, 2)\nload net from \"n.safetensors\"\nlet y = net(tensor([[0.1, -0.2, 0.3, 0.4]]))\nprint y[0, 0].item(), y[0, 1].item()", cwd=home).stdout.split()]
    program = """
import json, struct, torch
b = open("n.safetensors", "rb").read(); n = struct.unpack("<Q", b[:8])[0]; h = json.loads(b[8:8 + n]); h.pop("__metadata__")
state = {k[4:]: torch.frombuffer(bytearray(b[8 + n + v["data_offsets"][0]:8 + n + v["data_offsets"][1]]), dtype=torch.float32).reshape(v["shape"]) for k, v in h.items()}
net = torch.nn.Sequential(torch.nn.Linear(4, 3), torch.nn.ReLU(), torch.nn.Linear(3, 2)); net.load_state_dict(state)
print(*net(torch.tensor([[0.1, -0.2, 0.3, 0.4]])).flatten().tolist())
"""
    theirs = [float(v) for v in subprocess.run([str(python), "-W", "ignore", "-c", program], capture_output=True, text=True, cwd=home, check=True).stdout.split()]
    assert all(abs(a - b) < 1e-6 for a, b in zip(ours, theirs)), (ours, theirs)


# torchvision's resnet18, which the wheel does not bring along.
TORCHVISION = """
import json, struct, sys, torch
from torch import nn

class Block(nn.Module):
    def __init__(self, planes_in, planes, stride):
        super().__init__()
        self.conv1 = nn.Conv2d(planes_in, planes, 3, stride, 1, bias=False); self.bn1 = nn.BatchNorm2d(planes); self.relu = nn.ReLU(inplace=True)
        self.conv2 = nn.Conv2d(planes, planes, 3, 1, 1, bias=False); self.bn2 = nn.BatchNorm2d(planes); self.downsample = None
        if stride != 1 or planes_in != planes: self.downsample = nn.Sequential(nn.Conv2d(planes_in, planes, 1, stride, bias=False), nn.BatchNorm2d(planes))
    def forward(self, x):
        out = self.bn2(self.conv2(self.relu(self.bn1(self.conv1(x)))))
        return self.relu(out + (x if self.downsample is None else self.downsample(x)))

class ResNet(nn.Module):
    def __init__(self, classes, width=64):
        super().__init__()
        self.conv1 = nn.Conv2d(3, width, 7, 2, 3, bias=False); self.bn1 = nn.BatchNorm2d(width); self.relu = nn.ReLU(inplace=True); self.maxpool = nn.MaxPool2d(3, 2, 1)
        planes = width
        for stage in range(4):
            out = width << stage
            setattr(self, "layer%d" % (stage + 1), nn.Sequential(Block(planes, out, 1 if stage == 0 else 2), Block(out, out, 1)))
            planes = out
        self.avgpool = nn.AdaptiveAvgPool2d((1, 1)); self.fc = nn.Linear(planes, classes)
    def forward(self, x):
        x = self.maxpool(self.relu(self.bn1(self.conv1(x))))
        return self.fc(torch.flatten(self.avgpool(self.layer4(self.layer3(self.layer2(self.layer1(x))))), 1))

def read(path):
    b = open(path, "rb").read(); n = struct.unpack("<Q", b[:8])[0]; h = json.loads(b[8:8 + n]); h.pop("__metadata__", None)
    kinds = {"F32": torch.float32, "I64": torch.int64}
    return {k: torch.frombuffer(bytearray(b[8 + n + v["data_offsets"][0]:8 + n + v["data_offsets"][1]]), dtype=kinds[v["dtype"]]).reshape(v["shape"]) for k, v in h.items()}

def show(net, side):
    net.eval()
    with torch.no_grad(): print(*net((torch.arange(3 * side * side) % 7 / 7).reshape(1, 3, side, side)).flatten().tolist())
"""


def test_pretrained_weights_go_to_torchvision_and_back():
    python = next((p for p in Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache").glob("bclsh/torch-*/bin/python")), None)
    if python is None:
        raise Skip("no Python with torch in the cache folder")
    home = folder()

    def torch(program):
        return subprocess.run([str(python), "-W", "ignore", "-c", TORCHVISION + program], capture_output=True, text=True, cwd=home, check=True).stdout

    def near(ours, theirs):
        ours, theirs = [[float(v) for v in text.split()] for text in (ours, theirs)]
        assert len(ours) == len(theirs) and all(abs(a - b) < 1e-4 * max(1, abs(b)) for a, b in zip(ours, theirs)), (ours, theirs)

    show = "\nlet x = stack([tensor([i % 7 / 7 for i in 0..(3 * {side} * {side})])])\nfor v in net(x)[0] {{ print v.item() }}"
    net = "let net = resnet18(5, image=(3, {side}, {side}), style=\"imagenet\", channels=8{more})"
    # A network of our own, trained a little, in torchvision's module.
    made = bclsh("-e", "seed 3\n" + net.format(side=84, more="") + "\nfor i in 0..2 { net(ones(4, 3 * 84 * 84) * (i + 1), training=true) }\nsave net to \"ours.safetensors\"" + show.format(side=84), cwd=home)
    check(made, 0)
    near(made.stdout, torch("net = ResNet(5, 8); net.load_state_dict(read('ours.safetensors')); show(net, 84)"))
    # A .pth of torchvision's module with the same head, in the old and the new format, and within a checkpoint of DataParallel.
    theirs = torch("torch.manual_seed(1); net = ResNet(5, 8); net(torch.randn(4, 3, 64, 64)); torch.save(net.state_dict(), 'new.pth')\n"
                   "torch.save(net.state_dict(), 'old.pth', _use_new_zipfile_serialization=False)\n"
                   "torch.save({'epoch': 3, 'state_dict': {'module.' + k: v for k, v in net.state_dict().items()}}, 'parallel.pth'); show(net, 224)")
    for name in ["new.pth", "old.pth", "parallel.pth"]:
        ours = bclsh("-e", net.format(side=224, more=", pretrained=\"" + name + "\"") + show.format(side=224), cwd=home)
        check(ours, 0)
        near(ours.stdout, theirs)
    loaded = bclsh("-e", net.format(side=224, more="") + "\nload net from \"new.pth\"" + show.format(side=224), cwd=home)
    near(loaded.stdout, theirs)
    # Another head: that stays new, everything else is taken over.
    torch("torch.manual_seed(1); net = ResNet(1000, 8); torch.save(net.state_dict(), 'imagenet.pth')")
    other = bclsh("-e", "let net = resnet18(5, image=(3, 64, 64), style=\"imagenet\", channels=8, pretrained=\"imagenet.pth\")\nsave net to \"head.safetensors\"", cwd=home)
    check(other, 0)
    assert other.stdout == "the head of 'imagenet.pth' has 1000 outputs: a new one of 5 takes its place\n", other.stdout
    # Without one, in half precision; and one that is of no such network.
    torch("s = torch.load('imagenet.pth'); torch.save({k: v.half() for k, v in s.items() if not k.startswith('fc')}, 'bare.pth'); s['fc.weight'] = s['fc.weight'].t().contiguous(); torch.save(s, 'turned.pth')")
    bare = bclsh("-e", net.format(side=64, more=", pretrained=\"bare.pth\""), cwd=home)
    assert check(bare, 0).stdout == "'bare.pth' has no head: that of 5 outputs is new\n", bare.stdout
    turned = bclsh("-e", net.format(side=64, more=", pretrained=\"turned.pth\""), cwd=home)
    assert turned.returncode != 0 and "'fc.weight' is [64, 1000] instead of [5, 64]" in turned.stderr, turned.stderr
    misnamed = bclsh("-e", net.format(side=64, more="") + "\nsave net to \"net.pth\"", cwd=home)
    assert misnamed.returncode != 0 and "let it end in .safetensors" in misnamed.stderr and not (home / "net.pth").exists(), misnamed.stderr
    assert torch("a = read('head.safetensors'); b = torch.load('imagenet.pth'); print(sum(torch.equal(a[k], v) for k, v in b.items()), len(b), list(a['fc.weight'].shape))").split() == ["120", "122", "[5,", "64]"]
    wrong = bclsh("-e", "let net = resnet18(5, style=\"imagenet\", pretrained=\"imagenet.pth\")", cwd=home)
    assert wrong.returncode != 0 and "imagenet.pth" in wrong.stderr and "conv1.weight" in wrong.stderr, wrong.stderr


# --- Traces ---

def rounds_as_recorded():
    """Whether libtorch chooses the kernels here that the traces were recorded with."""
    return "avx512f" in Path("/proc/cpuinfo").read_text()


def test_traces_are_reproduced():
    traces = sorted(TRACES.glob("*.safetensors"))
    assert len(traces) == 19
    # Training amplifies rounding, that of ewc_split beyond the limits within its length: it repeats itself where libtorch chooses the kernels it was recorded with.
    if not rounds_as_recorded():
        traces = [trace for trace in traces if trace.stem != "ewc_split"]
    result = check(bclsh("verify", *traces), 0)
    assert len(re.findall(r"  ok$", result.stdout, re.M)) == len(traces), result.stdout
    # Passes of our own round otherwise, which training of the longer ones amplifies: the others agree with them, too.
    check(bclsh("verify", "--fused", *[trace for trace in traces if trace.stem != "ewc_split"]), 0)


def test_altered_traces_differ():
    home = folder()
    source = (TRACES / "bcl_dual_mlp.safetensors").read_bytes()
    size = struct.unpack("<Q", source[:8])[0]
    header = json.loads(source[8:8 + size])

    def altered(name, change):
        head = json.loads(json.dumps(header))
        body = bytearray(source[8 + size:])
        change(head, body)
        text = json.dumps(head).encode()
        path = home / f"{name}.safetensors"
        path.write_bytes(struct.pack("<Q", len(text)) + text + bytes(body))
        return path

    def loss(head, body):
        start = head["loss"]["data_offsets"][0]
        body[start:start + 8] = struct.pack("<d", struct.unpack("<d", body[start:start + 8])[0] * 1.001)

    def draw(head, body):
        start = head["draw.00040"]["data_offsets"][0]
        body[start:start + 8] = struct.pack("<q", 99)

    def memory(name, offset, fresh):
        def change(head, body):
            start = head[name]["data_offsets"][0] + offset
            body[start:start + len(fresh)] = fresh
        return change

    *_, losses, weights, logits, memories, _ = check(bclsh("verify", TRACES / "bcl_dual_mlp.safetensors"), 0).stdout.split()
    as_recorded = [losses, weights, logits, memories]
    assert not rounds_as_recorded() or as_recorded == ["0.0e+00"] * 4, as_recorded
    for name, offset, fresh in [("buffer.memx", 300, b"\x07"), ("buffer.memy", 8, struct.pack("<q", 9)), ("buffer.valy", 0, struct.pack("<q", 8)), ("buffer.mem_feat", 0, struct.pack("<f", 0.9))]:
        result = check(bclsh("verify", altered(name, memory(name, offset, fresh))), 1, "differs")
        *_, losses, weights, logits, memories, _ = result.stdout.split()
        assert [losses, weights, logits] == as_recorded[:3] and memories != as_recorded[3], result.stdout
    check(bclsh("verify", altered("loss", loss)), 1, ["differs", "the losses agree for 0 of "])
    check(bclsh("verify", altered("draw", draw)), 1, "slot")
    check(bclsh("verify", altered("beta", lambda h, b: h["__metadata__"].update(beta="0.4"))), 1, "differs")
    check(bclsh("verify", altered("method", lambda h, b: h["__metadata__"].update(method="unheard_of"))), 1, "no method 'unheard_of'")
    check(bclsh("verify", altered("nothing", lambda h, b: h["__metadata__"].pop("method"))), 66, err="has no 'method'")
    short = home / "short.safetensors"
    short.write_bytes(source[:100_000])
    result = check(bclsh("verify", short, TRACES / "single_mlp.safetensors"), 66, "ok", "no valid safetensors file")


def test_golden_traces():
    names = ["single_mlp", "er_mlp", "bcl_dual_mlp", "bcl_dual_mlp_inner2", "bcl_single_mlp", "ftml_mlp", "ewc_mlp", "gem_mlp"]
    if not (SHARED / "golden").is_dir():
        raise Skip("the folder of golden traces is not here")
    traces = [SHARED / "golden" / f"{name}.safetensors" for name in names]
    check(bclsh("verify", *traces), 0)
    check(bclsh("verify", "--fused", *traces), 0)


# --- Examples and installation ---

def test_quickstart():
    last = check(bclsh("run", ROOT / "examples/quickstart.bcl", "--threads", 1), 0, "accuracy (%)").stdout.splitlines()[-1]
    assert float(re.match(r"ACC ([0-9.]+)  FM ([-0-9.]+)  LA ([0-9.]+)$", last)[1]) > 0.7, last


def test_permuted_mnist_script():
    if not (SHARED / "data/mnist").is_dir():
        raise Skip("the real MNIST files are not here")
    for method in ("single", "er", "bcl_dual"):
        out = check(bclsh("run", ROOT / "examples/permuted_mnist.bcl", "--set", "tasks=2", "--set", "per_task=200", "--set", f"method={method}", env={"BCL_DATA": str(SHARED / "data")}), 0).stdout
        assert float(re.search(r"ACC ([0-9.]+)", out)[1]) > 0.3, out


def test_installed_layout():
    home = folder() / "with space"
    (home / "bin").mkdir(parents=True)
    (home / "share/bclsh").mkdir(parents=True)
    shutil.copy(BINARY, home / "bin/bclsh")
    shutil.copytree(ROOT / "stdlib", home / "share/bclsh/stdlib")
    result = subprocess.run([str(home / "bin/bclsh"), "-e", "print single"], capture_output=True, text=True, cwd="/")
    check(result, 0, "method single(net, bench, lr=0.03")


# --- The language server, as an editor speaks to it ---

class Editor:
    """Speaks JSON-RPC with `bclsh lsp` over a pipe. Positions are written as a text with one | where the cursor is."""

    def __init__(self, initialize=True):
        self.process = subprocess.Popen([BINARY, "lsp"], stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
        self.number = 0
        self.published = {}
        if initialize:
            self.capabilities = self.request("initialize", {"processId": None, "rootUri": None, "capabilities": {}})["result"]["capabilities"]
            self.notify("initialized", {})

    def send(self, message):
        body = json.dumps(message).encode()
        self.raw(b"Content-Length: %d\r\n\r\n" % len(body) + body)

    def raw(self, data):
        self.process.stdin.write(data)
        self.process.stdin.flush()

    def read(self):
        length = None
        while True:
            line = self.process.stdout.readline()
            assert line, "the server is gone: " + self.process.stderr.read().decode()
            if line == b"\r\n":
                break
            name, value = line.decode().split(":")
            if name == "Content-Length":
                length = int(value)
        return json.loads(self.process.stdout.read(length))

    def notify(self, method, params):
        self.send({"jsonrpc": "2.0", "method": method, "params": params})

    def request(self, method, params):
        self.number += 1
        self.send({"jsonrpc": "2.0", "id": self.number, "method": method, "params": params})
        return self.answer(self.number)

    def answer(self, number):
        while True:
            message = self.read()
            if message.get("method") == "textDocument/publishDiagnostics":
                self.published[message["params"]["uri"]] = message["params"]["diagnostics"]
            elif message.get("id") == number:
                return message
            else:
                raise AssertionError(f"unexpected: {message}")

    def open(self, uri, text, version=1):
        self.notify("textDocument/didOpen", {"textDocument": {"uri": uri, "languageId": "bcl", "version": version, "text": text}})

    def change(self, uri, text, version=2):
        self.notify("textDocument/didChange", {"textDocument": {"uri": uri, "version": version}, "contentChanges": [{"text": text}]})

    def diagnostics(self, uri):
        """After everything that was sent is done."""
        self.request("textDocument/documentSymbol", {"textDocument": {"uri": uri}})
        return self.published[uri]

    def at(self, method, marked, uri="file:///tmp/marked.bcl"):
        text = marked.replace("|", "", 1)
        before = marked[:marked.index("|")]
        line = before.count("\n")
        character = len(before.rsplit("\n", 1)[-1].encode("utf-16-le")) // 2
        self.open(uri, text)
        return self.request(f"textDocument/{method}", {"textDocument": {"uri": uri}, "position": {"line": line, "character": character}})["result"]

    def labels(self, marked):
        return [item["label"] for item in self.at("completion", marked)["items"]]

    def hover(self, marked):
        result = self.at("hover", marked)
        return result and result["contents"]["value"]

    def close(self):
        assert self.request("shutdown", None)["result"] is None
        self.notify("exit", None)
        assert self.process.wait(10) == 0
        assert self.process.stderr.read() == b""


def test_lsp_diagnostics_while_typing():
    editor = Editor()
    assert editor.capabilities["completionProvider"] and editor.capabilities["hoverProvider"]
    uri = "file:///tmp/a%20b.bcl"
    # The face takes two UTF-16 units.
    editor.open(uri, 'let smile = "\U0001F600"; print smile, lenn([1])\n')
    found, = editor.diagnostics(uri)
    assert found["code"] == "BCL0012" and found["severity"] == 1 and "did you mean 'len'?" in found["message"], found
    assert found["range"] == {"start": {"line": 0, "character": 31}, "end": {"line": 0, "character": 35}}, found
    editor.change(uri, "let x = (1 +\n", 2)
    assert editor.diagnostics(uri)[0]["severity"] == 1
    editor.change(uri, "let x = 1\nprint 2\n", 3)
    found, = editor.diagnostics(uri)
    assert found["severity"] == 2 and found["tags"] == [1] and found["code"] == "BCL0036", found
    editor.change(uri, "print 1\n", 4)
    assert editor.diagnostics(uri) == []
    editor.change(uri, "print \u0000 \u0001 [[[[" + "(" * 10000, 5)
    assert editor.diagnostics(uri)
    editor.close()


def test_lsp_imports_see_unsaved_text():
    home = folder()
    (home / "part.bcl").write_text("# Twice as much.\ndef twice(x) { return x * 2 }\n")
    editor = Editor()
    main, part = (home / "main.bcl").as_uri(), (home / "part.bcl").as_uri()
    editor.open(main, 'import "part.bcl"\nimport "part.bcl" as p\nprint twice(1), p.twice(2)\n')
    assert editor.diagnostics(main) == []
    ask = lambda method, line, character: editor.request(f"textDocument/{method}", {"textDocument": {"uri": main}, "position": {"line": line, "character": character}})["result"]
    for character in (7, 20):
        assert ask("definition", 2, character) == {"uri": part, "range": {"start": {"line": 1, "character": 4}, "end": {"line": 1, "character": 9}}}
        assert "Twice as much." in ask("hover", 2, character)["contents"]["value"]
    assert ask("definition", 0, 10)["uri"] == part
    editor.open(part, "def thrice(x) { return x * 3 }\n")
    assert any("twice" in found["message"] for found in editor.diagnostics(main))
    editor.change(part, "def twice(x) {\n")
    found = editor.diagnostics(main)[0]
    assert found["range"]["start"]["line"] == 0 and found["relatedInformation"][0]["location"]["uri"] == part, found
    editor.notify("textDocument/didClose", {"textDocument": {"uri": part}})
    assert editor.diagnostics(main) == []
    editor.close()


def test_lsp_completion():
    editor = Editor()
    labels = editor.labels("let value = 1\ndef half(x) { return x / 2 }\nprint |")
    assert labels[:2] == ["half", "value"] and {"bcl_dual", "permuted", "train", "if"} <= set(labels), labels[:9]
    assert "x" not in labels
    labels = editor.labels("def half(amount) {\n  let part = 2\n  return am|\n}\nlet later = 1")
    assert {"amount", "part", "half"} <= set(labels) and "later" not in labels
    # In a text that can't be parsed yet.
    assert set(editor.labels("let xs = [1]\nfor item in xs {\n  print (it|\n")) >= {"item", "xs"}
    assert {"append", "pop"} <= set(editor.labels("let xs = [1]\nxs.|")) and "upper" not in editor.labels("let xs = [1]\nxs.|")
    assert editor.labels('"abc".|') == ["ends_with", "join", "lower", "replace", "split", "starts_with", "strip", "upper"]
    net = editor.labels("let net = mlp(64, 10)\nnet.z|")
    assert "zero_grad" in net and "append" not in net
    learner = editor.labels("let bench = permuted(digits())\nlet me = bcl_dual(mlp(64, 10), bench)\nprint me.|")
    assert {"acc", "losses", "beta", "n_meta"} <= set(learner) and "append" not in learner
    assert {"weights", "step"} <= set(editor.labels("method m(net, bench) {\n  on batch(x, y, t) {\n    net.|\n  }\n}\n"))
    assert "shape" in editor.labels("method m(net, bench) {\n  on batch(x, y, t) {\n    x.|\n  }\n}\n")
    assert editor.labels("method m(net, bench) {\n  on |")[:4] == ["batch", "predict", "task_end", "task_start"]
    arguments = editor.labels("let me = bcl_dual(net, bench, lr=0.1, |)")
    assert "beta=" in arguments and "lr=" not in arguments and arguments[0].endswith("="), arguments[:5]
    assert editor.labels("# a comment |") == [] and editor.labels('print "a te|xt"') == [] and editor.labels("let |") == []
    item = next(item for item in editor.at("completion", "prin|")["items"] if item["label"] == "print")
    assert item["textEdit"]["range"] == {"start": {"line": 0, "character": 0}, "end": {"line": 0, "character": 4}}
    assert "separated by spaces" in item["documentation"]["value"]
    editor.close()


def test_lsp_hover_and_definition():
    editor = Editor()
    assert "mean over samples" in editor.hover("print cross_en|tropy(zeros(2, 4), tensor([0, 3]))").lower()
    assert "train LEARNER on TASK" in editor.hover("let b = permuted(digits())\nlet me = er(mlp(64, 10), b)\ntr|ain me on b")
    assert "arXiv 2007.15553" in editor.hover("print bcl_d|ual")
    assert "Half of it." in editor.hover("# Half of it.\ndef half(x) { return x / 2 }\nprint ha|lf(1)")
    assert "let rate = 0.1" in editor.hover("let rate = 0.1\nprint ra|te")
    assert "Sets all gradients to zero" in editor.hover("let net = mlp(64, 10)\nnet.zero|_grad()")
    assert "known to the end of its block" in editor.hover("l|et x = 1\nprint x")
    assert "For each minibatch" in editor.hover("method m(net, bench) { on ba|tch(x, y, t) { return 0 } }")
    assert "beta=0.3" in editor.hover("let b = permuted(digits())\nlet me = bcl_dual(mlp(64, 10), b, be|ta=0.1)")
    assert editor.hover("print 1 |+ 2") is None and editor.hover("# noth|ing") is None

    def where(marked):
        result = editor.at("definition", marked)
        return result and (Path(result["uri"]).name, result["range"]["start"]["line"], result["range"]["start"]["character"])
    assert where("let rate = 0.1\nprint 1, ra|te") == ("marked.bcl", 0, 4)
    assert where("def f(x) {\n  let y = () => x|\n  return y\n}\nprint f(1)") == ("marked.bcl", 0, 6)
    assert where("print [v| for v in 0..3]") == ("marked.bcl", 0, 13)
    assert where("def f(first, second=2) { return first + second }\nprint f(1, sec|ond=3)") == ("marked.bcl", 0, 13)
    assert where("print bcl_d|ual")[0] == "bcl_dual.bcl"
    assert where("print le|n([1])") is None
    assert where('print "{ra|te}"\n') is None
    assert where('let rate = 1\nprint "{ra|te:.2f}"\n') == ("marked.bcl", 0, 4)
    editor.close()


def test_lsp_formatting_and_symbols():
    editor = Editor()
    uri = "file:///tmp/f.bcl"
    text = "let   x=1 # \U0001F600\nif x>0 {\nprint   x\n}"
    editor.open(uri, text)
    options = {"textDocument": {"uri": uri}, "options": {"tabSize": 8, "insertSpaces": False}}
    edit, = editor.request("textDocument/formatting", options)["result"]
    assert edit["newText"] == "let x = 1  # \U0001F600\nif x > 0 {\n  print x\n}\n", edit
    assert edit["range"] == {"start": {"line": 0, "character": 0}, "end": {"line": 3, "character": 1}}
    editor.change(uri, edit["newText"])
    assert editor.request("textDocument/formatting", options)["result"] == []
    editor.change(uri, "let = (")
    assert editor.request("textDocument/formatting", options)["result"] == []
    editor.change(uri, (ROOT / "examples/my_method.bcl").read_text() + 'param n = 3\ntest "one" { assert n == 3 }\ndef f(a) { return a }\nlet (p, q) = (1, 2)\n')
    symbols = editor.request("textDocument/documentSymbol", {"textDocument": {"uri": uri}})["result"]
    assert [symbol["name"] for symbol in symbols] == ["bcl_mixed", "n", "one", "f", "p", "q"], symbols
    assert [child["name"] for child in symbols[0]["children"]][-5:] == ["f", "evaluation", "rehearsal", "mixing", "on batch"]
    editor.close()


def test_lsp_survives_what_is_no_request():
    editor = Editor(initialize=False)
    assert editor.request("textDocument/hover", {})["error"]["code"] == -32002
    editor.request("initialize", {"capabilities": {}})
    assert editor.request("textDocument/rename", {})["error"]["code"] == -32601
    assert editor.request("textDocument/hover", {})["error"]["code"] == -32602
    assert editor.request("textDocument/hover", {"textDocument": {"uri": "file:///nowhere.bcl"}, "position": {"line": 0, "character": 0}})["error"]["code"] == -32602
    editor.raw(b"Content-Length: 7\r\n\r\n{\"a\": 1")
    assert editor.read()["error"]["code"] == -32700
    editor.raw(b"Content-Type: x\r\nContent-Length: 2\r\n\r\n[]")
    editor.notify("$/cancelRequest", {"id": 7})
    editor.notify("textDocument/didChange", {"textDocument": {"uri": "file:///never/opened"}, "contentChanges": []})
    editor.notify("textDocument/didOpen", {"textDocument": 5})
    for line, character in [(0, 10**9), (10**9, 0), (-1, -1), (0, 2**70)]:
        editor.open("file:///t.bcl", "let caf\u00e9 = 1\n")
        editor.request("textDocument/completion", {"textDocument": {"uri": "file:///t.bcl"}, "position": {"line": line, "character": character}})
    editor.raw(b"Content-Length: 100000\r\n\r\n" + b"[" * 50000 + b"]" * 50000)
    assert editor.read()["error"]["code"] == -32700
    editor.close()
    hung_up = Editor()
    hung_up.process.stdin.close()
    assert hung_up.process.wait(10) == 1


# --- The editor's grammar ---

class Grammar:
    """Reads a line as a TextMate grammar does: at each place the first of the earliest matches counts."""

    def __init__(self, path, compile=re.compile):
        self.rules = json.loads(path.read_text())
        self.cache = {}
        self.compile = compile

    def regex(self, text):
        if text not in self.cache:
            self.cache[text] = self.compile(re.sub(r"\\x\{([0-9A-F]+)\}", lambda m: chr(int(m[1], 16)), text))
        return self.cache[text]

    def flat(self, patterns):
        for pattern in patterns:
            if "include" in pattern:
                rule = self.rules["repository"][pattern["include"][1:]]
                yield from self.flat(rule["patterns"]) if "match" not in rule and "begin" not in rule else [rule]
            else:
                yield pattern

    def scopes(self, line):
        """A list of (text, innermost scope)."""
        names = [""] * len(line)
        stack = [(None, self.rules["patterns"])]
        place = 0
        while place <= len(line):
            rule, patterns = stack[-1]
            found = [(m, p) for p in self.flat(patterns) if (m := self.regex(p.get("match") or p["begin"]).search(line, place))]
            if rule and (m := self.regex(rule["end"]).search(line, place)):
                found.insert(0, (m, None))
            if not found:
                break
            match, pattern = min(found, key=lambda pair: pair[0].start())
            for index in range(place, match.start()):
                names[index] = rule.get("name", "") if rule else ""
            chosen = pattern or rule
            captures = chosen.get("captures") if pattern and "match" in pattern else chosen.get("beginCaptures" if pattern else "endCaptures")
            for index in range(match.start(), match.end()):
                names[index] = chosen.get("name", "")
            for number, capture in (captures or {}).items():
                if int(number) <= (match.lastindex or 0) and match.start(int(number)) >= 0:
                    for index in range(match.start(int(number)), match.end(int(number))):
                        names[index] = capture["name"]
            if pattern is None:
                stack.pop()
            elif "begin" in pattern:
                stack.append((pattern, pattern["patterns"]))
            if match.end() == place and pattern is not None and "begin" not in pattern:
                place += 1
            elif match.end() == place and pattern is None and place == len(line):
                break
            else:
                place = match.end()
        if stack[-1][0]:
            for index in range(place, len(line)):
                names[index] = stack[-1][0].get("name", "")
        result = []
        for character, name in zip(line, names):
            if result and result[-1][1] == name:
                result[-1][0] += character
            else:
                result.append([character, name])
        return [(text.strip(), name) for text, name in result if text.strip()]


def test_textmate_grammar():
    grammar = Grammar(ROOT / "editors/vscode/syntaxes/bcl.tmLanguage.json")
    for line, wanted in [
        ("let x = 0.5  # half", {"let": "storage.type.bcl", "0.5": "constant.numeric.float.bcl", "# half": "comment.line.number-sign.bcl", "x": ""}),
        ("def half(x, by=2) { return x / by }", {"def": "storage.type.function.bcl", "half": "entity.name.function.bcl", "by": "variable.parameter.bcl", "return": "keyword.control.bcl"}),
        ("method bcl(net, bench) {", {"method": "storage.type.class.bcl", "bcl": "entity.name.type.class.bcl"}),
        ('param method = "er"', {"param": "storage.modifier.bcl", "method": "variable.parameter.bcl"}),
        ("  on batch(x, y, t) {", {"on": "keyword.control.bcl", "batch": "entity.name.function.event.bcl"}),
        ('    phase "inner" {', {"phase": "keyword.control.bcl"}),
        ('import "a.bcl" as m', {"import": "keyword.control.import.bcl", "as": "keyword.control.import.bcl"}),
        ("train me on task", {"train": "keyword.other.verb.bcl", "on": "keyword.other.connective.bcl"}),
        ('save net to "f"', {"save": "keyword.other.verb.bcl", "to": "keyword.other.connective.bcl"}),
        ("show = 1", {"show": ""}),
        ("print f(x)", {"print": "keyword.other.verb.bcl", "f": "entity.name.function.bcl"}),
        ("for i in 0..5 { }", {"for": "keyword.control.bcl", "in": "keyword.operator.logical.bcl", "0": "constant.numeric.integer.bcl", "..": "keyword.operator.bcl"}),
        ("net.weights.snapshot()", {"weights": "variable.other.property.bcl", "snapshot": "support.function.bcl"}),
        ("let a = 0xFF + 1e-3 + 1_000", {"0xFF": "constant.numeric.hex.bcl", "1e-3": "constant.numeric.float.bcl", "1_000": "constant.numeric.integer.bcl"}),
        ('"x is {x:.3f} and {{not}}\\n"', {"x is": "string.quoted.double.bcl", ":.3f": "constant.other.format.bcl", "{{": "constant.character.escape.bcl", "}}\\n": "constant.character.escape.bcl"}),
        ("f('a', n=1)", {"a": "string.quoted.single.bcl", "n": "variable.parameter.bcl"}),
        ("letter = other", {"letter": ""}),
        ("let \u03b2 = half(\u03b2)", {"half": "entity.name.function.bcl"}),
    ]:
        found = grammar.scopes(line)
        parts = {}
        for whole, name in found:
            for part in [whole, *whole.split()]:
                parts.setdefault(part, name)
        for text, scope in wanted.items():
            assert parts.get(text, "") == scope, (line, text, scope, found)
    # Every word of the language, and every verb.
    text = (ROOT / "editors/vscode/syntaxes/bcl.tmLanguage.json").read_text().replace(r"\\b", " ")
    words = re.search(r"keyword     = (.*?);", (ROOT / "docs/grammar.md").read_text(), re.S)[1]
    reference = (ROOT / "docs/language.md").read_text()
    verbs = set(re.findall(r"as a sentence `(\w+)", reference))
    assert len(verbs) >= 9
    for word in set(re.findall(r"'(\w+)'", words)) | verbs:
        assert re.search(rf"\b{word}\b", text), word
    for name in ("package.json", "language-configuration.json"):
        json.loads((ROOT / "editors/vscode" / name).read_text())


def error_line(error):
    trace = error.__traceback__
    while trace.tb_next and not trace.tb_frame.f_code.co_name.startswith("test_"):
        trace = trace.tb_next
    return trace.tb_lineno


def all_tests():
    """Those of this file, then those of the files test_*.py beside it, which take what they need of it: from run import check."""
    sys.modules["run"] = sys.modules["__main__"]
    tests = [(name, value) for name, value in globals().items() if name.startswith("test_")]
    for path in sorted(Path(__file__).resolve().parent.glob("test_*.py")):
        spec = importlib.util.spec_from_file_location(path.stem, path)
        module = importlib.util.module_from_spec(spec)
        spec.loader.exec_module(module)
        tests += [(name, value) for name, value in vars(module).items() if name.startswith("test_")]
    return tests


def main():
    filters = sys.argv[2:]
    passed = failed = skipped = 0
    for name, test in all_tests():
        if filters and not any(f in name for f in filters):
            continue
        start = time.time()
        try:
            test()
            passed += 1
            print(f"ok       {name}  ({time.time() - start:.1f} s)", flush=True)
        except Skip as reason:
            skipped += 1
            print(f"skipped  {name}: {reason}", flush=True)
        except Exception as error:
            failed += 1
            print(f"FAILED   {name}: {type(error).__name__}: {error}  (line {error_line(error)})", flush=True)
    print(f"{passed} passed, {failed} failed, {skipped} skipped")
    sys.exit(1 if failed else 0)


if __name__ == "__main__":
    main()
