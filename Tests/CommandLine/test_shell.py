"""The shell through a pseudo-terminal, as people type into it."""
import base64, json, os, re, signal, stat, subprocess, time

import pexpect

from run import BINARY, ROOT, bclsh, check, folder

UP, DOWN, LEFT, HOME, END = "\x1b[A", "\x1b[B", "\x1b[D", "\x1b[H", "\x1b[F"
SETUP = "let bench = permuted(digits(), tasks=3, per_task=100); let me = er(mlp(64, 16, 10), bench)"


class Shell:
    """A shell with a home of its own. `run` types a cell and gives what it said."""

    def __init__(self, home=None, cwd=None, term="xterm-256color", arguments=(), editrc=None, **env):
        self.home = home or folder()
        if editrc:
            (self.home / ".editrc").write_text(editrc)
        environment = {"PATH": os.environ["PATH"], "HOME": str(self.home), "TERM": term, "NO_COLOR": "1", **env}
        for name in ("BCL_STDLIB", "XDG_CACHE_HOME", "LD_LIBRARY_PATH"):
            if name in os.environ:
                environment.setdefault(name, os.environ[name])
        self.child = pexpect.spawn(BINARY, list(arguments), env=environment, cwd=str(cwd or self.home), timeout=30, dimensions=(24, 100), encoding="utf-8")
        self.number = 0
        self.prompt()

    def prompt(self):
        self.child.expect(r"bcl (\d+)> ")
        self.number = int(self.child.match[1])

    def type(self, text):
        self.child.send(text)

    def run(self, cell, key="\r"):
        self.child.send(cell + key)
        return self.said()

    def said(self):
        """Up to the prompt of the next cell, without what moves the cursor."""
        self.child.expect(rf"bcl {self.number + 1}> ")
        self.number += 1
        return re.sub(r"\x1b\[[0-9;?]*[A-Za-z]", "", self.child.before).replace("\r", "")

    def expect(self, text):
        self.child.expect_exact(text)

    def end(self, status=0):
        self.child.sendeof()
        self.child.expect(pexpect.EOF)
        self.child.close()
        assert self.child.exitstatus == status, (self.child.exitstatus, self.child.signalstatus)

    @property
    def history(self):
        path = self.home / ".local/state/bclsh/history"
        return path.read_text().splitlines() if path.exists() else []


def test_shell_cells_values_and_errors():
    shell = Shell()
    shell.run("let x = 20")
    assert shell.run("x * 2 + 2").endswith("\n42\n")
    assert shell.run("_ + 1").endswith("\n43\n") and shell.run("Out[2] + Out[3]").endswith("\n85\n")
    said = shell.run("x + nothing_here")
    assert "there is no 'nothing_here'" in said and "cell 5:1:5" in said and "'explain BCL0012' tells more" in said
    # Once is enough.
    assert "explain" not in shell.run("nothing_there") and "division by zero" in shell.run("1 // 0")
    assert "cell 40 gave no value" in shell.run("Out[40]")
    assert shell.run("x").endswith("\n20\n")
    shell.end()


def test_shell_cells_of_several_lines():
    shell = Shell()
    shell.type("def f(x) {\r")
    time.sleep(0.3)
    shell.type("return x * 2\r")
    time.sleep(0.3)
    shell.run("}")
    assert shell.run("f(21)").endswith("\n42\n")
    # As one entry, with the indentation that Enter and } gave.
    assert shell.history[0] == r"def f(x) {\n  return x * 2\n}", shell.history
    # Recalled as one; a line above the last one is edited.
    shell.type(UP + UP)
    time.sleep(0.2)
    shell.type(UP)
    time.sleep(0.2)
    shell.run(END + " + 1")
    assert shell.run("f(21)").endswith("\n43\n")
    shell.end()


def test_shell_prefix_search_and_control_r():
    shell = Shell()
    for cell in ("let alpha = 1", "let beta = 2", "alpha + 10", "beta + 20"):
        shell.run(cell)
    shell.type("al" + UP)
    assert shell.run("0").endswith("\n101\n")
    shell.type("let" + UP + UP + UP + UP + DOWN)
    time.sleep(0.2)
    shell.run("")
    shell.type("\x12beta + 2")
    time.sleep(0.3)
    assert shell.run("").endswith("22\n")
    shell.end()


def test_shell_takes_pasted_blocks_as_one():
    shell = Shell()
    block = 'for i in 0..3 {\r  if i != 1 {\r    print "p{i}"\r  }\r}\rprint "end"\r'
    shell.type("\x1b[200~" + block + "\x1b[201~")
    said = shell.run("")
    assert said.endswith("p0\np2\nend\n") and shell.number == 2, said
    assert shell.history == [r'for i in 0..3 {\n  if i != 1 {\n    print "p{i}"\n  }\n}\nprint "end"'], shell.history
    # One line is not run before Enter; what a terminal may not send is left out.
    shell.type("\x1b[200~1 + 1\x07\x1b[201~")
    assert shell.run(" + 1").endswith("\n3\n")
    # A block larger than the screen.
    shell.type("\x1b[200~" + "\r".join(f"let v{i} = {i}" for i in range(60)) + "\x1b[201~")
    shell.run("")
    assert shell.run("v0 + v59").endswith("\n59\n")
    shell.end()


def test_shell_completes():
    shell = Shell()
    (shell.home / "some_weights.safetensors").write_bytes(b"")
    shell.run(SETUP)
    shell.run("let settings = {rate: 0.5, rounds: 3}")
    for typed, rest, value in [("settings.rat\t", " * 2", "1.0"), ("len(ben\t", ")", "3"), ("me.minib\t", "", "0"), ("me.net.outp\t", "", "10")]:
        shell.type(typed)
        said = shell.run(rest)
        assert said.endswith(f"\n{value}\n"), (typed, said)
    for typed, wanted in [("settings.r\t", ["rate", "float 0.5", "rounds", "int 3"]), ("er(\t", ["net=", "bench=", "lr="]), ("%\t", ["%time", "%who"]), ("train me \t", ["on bench[0]"]),
                          ("train me on bench[0] \t", ["epochs=", "batch="]), ('load me from "some\t', ["_weights.safetensors\""]), ("help permute\t", ["d"]), ('break bcl_dual:\t\t', ['"inner"', '"outer"']), ('break bcl_dual:"o\t', ['uter"']), ("me.\t", ["replay", "accuracy", "losses"])]:
        shell.type(typed)
        if typed.startswith("train me \t"):
            shell.type("bench[0]")
        for text in wanted:
            shell.expect(text)
        shell.type("\x03")
        shell.expect("^C")
        shell.prompt()
    shell.end()


def test_shell_is_interrupted_and_goes_on():
    shell = Shell()
    shell.run("let n = 0")
    shell.type("let x = (1 +\r2 + nonsense")
    time.sleep(0.3)
    shell.type("\x03")
    shell.expect("^C")
    shell.prompt()
    shell.type("while true { n = n + 1 }\r")
    time.sleep(1)
    shell.type("\x03")
    shell.expect("interrupted")
    shell.said()
    assert shell.run("n > 1000").endswith("\ntrue\n")
    shell.run("let bench = permuted(digits(), tasks=2)")
    shell.run("let me = er(mlp(64, 32, 10), bench)")
    shell.type("train me on bench epochs=1000\r")
    time.sleep(1.5)
    shell.type("\x03")
    shell.expect("interrupted")
    shell.said()
    # Between two minibatches: each one that was begun has a loss, and training goes on.
    assert shell.run("me.minibatches == len(me.losses) and me.minibatches > 0").endswith("\ntrue\n")
    shell.run("let t = permuted(digits(), tasks=2, per_task=20)[0]")
    shell.run("train me on t")
    shell.type("\x04")
    shell.expect("Leave all the same?")
    shell.type("y\r")
    shell.child.expect(pexpect.EOF)


def test_shell_tells_what_a_second_interrupt_waits_for():
    shell = Shell()
    shell.run("let a = ones(2000, 2000)")
    shell.type("for i in 0..30 { let b = a @ a @ a @ a @ a @ a @ a }\r")
    time.sleep(0.5)
    shell.type("\x03")
    time.sleep(0.05)
    shell.type("\x03")
    shell.expect("waiting for 'for i in 0..30 { let b = a @ a")
    shell.expect("cell 2:1:1")
    shell.expect("interrupted")
    shell.said()
    shell.end()


def test_shell_stops_inside_a_minibatch_at_the_third():
    shell = Shell()
    shell.run("let bench = permuted(digits(), tasks=2, per_task=30); let net = mlp(64, 10)")
    shell.run("method endless(net, bench) { let m = ring(bench, slots=5); let n = 0; on batch(x, y, t) { m.store(x, y, task=t); net.step(0.1); n += 1; pick(9); while n == 3 { } } }")
    shell.run("let me = endless(net, bench)")
    shell.type("train me on bench\r")
    time.sleep(0.7)
    shell.type("\x03")
    time.sleep(0.2)
    shell.type("\x03")
    shell.expect("waiting for 'train me on bench'")
    shell.type("\x03")
    shell.expect("the learner is as it was before minibatch 3/3 of task 1; 'continue' goes on")
    shell.said()
    assert shell.run("[me.n, me.minibatches, me.m.counts[0], len(me.losses)]").endswith("\n[2, 2, 5, 0]\n")
    shell.type("\x04\x04")
    shell.child.expect(pexpect.EOF)


def test_shell_marks_further_lines():
    shell = Shell()
    shell.run("1")
    shell.type("def f(x) {\r")
    shell.expect("  ...:   ")
    shell.type("return x * 2\r")
    shell.expect("  ...:   ")
    assert shell.run("}") and shell.run("f(4)").endswith("\n8\n")
    # Marks are no text: Backspace at the start of a line joins it to the one above, moves pass over them, Delete at a line's end takes all of it.
    for keys, value in [("[1,\r2,\r3" + LEFT * 4 + "\x7f\x1b[3~0" + DOWN + END + "]", "[1, 0, 3]"), ("[1,\r2" + HOME + LEFT + "7, " + "\x1b[C\x1b[C5]", "[1, 7, 25]"), ("[1,\r2]" + UP + END + "\x1b[3~", "[1, 2]")]:
        shell.type(keys)
        time.sleep(0.3)
        assert shell.run("").endswith(f"\n{value}\n"), value
    # What is copied from a screen goes in without prompts, marks and output.
    shell.type("\x1b[200~bcl 7> let a = [1,\r   ...:   20]\rbcl 8> print a[1]\r20\rbcl 9> a[1] + 1\x1b[201~")
    assert shell.run("").endswith("\n20\n21\n")
    shell.type("\x12def f")
    time.sleep(0.3)
    shell.type(HOME + DOWN)
    time.sleep(0.3)
    shell.run(END + " + 1")
    assert shell.run("f(4)").endswith("\n9\n")
    assert not any("..." in entry for entry in shell.history), shell.history
    shell.end()


def test_shell_takes_else_on_a_line_of_its_own():
    check(bclsh("shell", stdin='let x = 1\nif x > 2 {\n  print "a"\n}\nelse {\n  print "b"\n}\nif x < 2 { print "c" }\nx\n'), 0, "b\nc\n1\n")
    shell = Shell()
    shell.run("let x = 1")
    shell.run('if x > 2 { print "a" }')
    shell.type('else { print "b" }\r')
    shell.expect("stands on the line of the '}'")
    shell.prompt()
    shell.expect('if x > 2 { print "a" } else { print "b" }')
    assert shell.run("").endswith("\nb\n")
    shell.end()


def test_shell_follows_the_window():
    shell = Shell()
    shell.type("let long = [" + ", ".join(str(i) for i in range(40)))
    shell.child.setwinsize(15, 40)
    time.sleep(0.4)
    shell.type("]")
    shell.child.setwinsize(30, 120)
    time.sleep(0.4)
    shell.type("\r")
    shell.said()
    assert shell.run("(len(long), long[-1])").endswith("\n[40, 39]\n")
    shell.end()


def test_shell_history_of_two_at_once():
    home = folder()
    first, second = Shell(home), Shell(home)
    for i in range(10):
        first.run(f"let a{i} = {i}")
        second.run(f"let b{i} = [\r{i}]")
    first.run("let a0 = 0")
    first.end()
    second.end()
    entries = first.history
    assert len(entries) == 21 and set(entries) == {f"let a{i} = {i}" for i in range(10)} | {rf"let b{i} = [\n{i}]" for i in range(10)}, entries
    path = home / ".local/state/bclsh/history"
    assert stat.S_IMODE(path.stat().st_mode) == 0o600 and stat.S_IMODE(path.parent.stat().st_mode) == 0o700
    # A new one knows all, each once: the last one first.
    third = Shell(home)
    third.type(UP + UP)
    time.sleep(0.2)
    said = third.run("; b9")
    assert said.endswith("\n[9]\n"), said
    third.type("let a0" + UP)
    time.sleep(0.2)
    assert third.run("; a0").endswith("\n0\n")
    third.end()
    # An entry that was cut off does not swallow the next one.
    path.write_text(path.read_text() + "let cut")
    fourth = Shell(home)
    fourth.run("let whole = 1")
    fourth.end()
    assert path.read_text().splitlines()[-2:] == ["let cut", "let whole = 1"]
    # XDG_STATE_HOME is where it is, if set.
    state = folder()
    fifth = Shell(XDG_STATE_HOME=str(state))
    fifth.run("1")
    fifth.end()
    assert (state / "bclsh/history").read_text() == "1\n"


def test_shell_asks_before_training_is_lost():
    shell = Shell()
    shell.run(SETUP)
    shell.run("train me on bench[0]")
    shell.type("\x04")
    shell.expect("Not saved: me (10 minibatches)")
    shell.expect("[y/N]")
    shell.type("n\r")
    shell.prompt()
    shell.run('save me to "me.safetensors"')
    shell.end()
    assert (shell.home / "me.safetensors").stat().st_size > 1000


def test_shell_ends_with_its_terminal_and_keeps_the_history():
    for number in (signal.SIGTERM, signal.SIGHUP):
        shell = Shell()
        shell.run("let kept = 1")
        shell.type("let half")
        time.sleep(0.2)
        os.kill(shell.child.pid, number)
        shell.child.expect(pexpect.EOF)
        shell.child.close()
        assert shell.child.exitstatus == 128 + number and shell.history == ["let kept = 1"]
        # Also while something runs.
        shell = Shell()
        shell.type("while true { }\r")
        time.sleep(0.5)
        os.kill(shell.child.pid, number)
        shell.child.expect(pexpect.EOF)
        shell.child.close()
        assert shell.child.exitstatus == 128 + number and shell.history == ["while true { }"]


def test_shell_without_a_clever_terminal():
    shell = Shell(term="dumb")
    shell.type("def f(x) {\r\n")
    shell.expect("  ...: ")
    shell.type("return x + 1 }\n")
    shell.said()
    assert shell.run("f(41)", key="\n").endswith("\n42\n")
    shell.type("let half = \x03")
    shell.expect("^C")
    shell.prompt()
    shell.type("\x04")
    shell.child.expect(pexpect.EOF)
    assert "\x1b" not in (shell.child.before or "")
    result = check(bclsh("shell", stdin="let x = 20\nif x > 1 {\n  x + 1\n}\nx * 2\nx / \nprint \"on\""), 0)
    assert "40\n" in result.stdout and "on\n" in result.stdout and "error[BCL" in result.stdout and "\x1b" not in result.stdout and "bcl " not in result.stdout, result.stdout


def test_shell_in_any_locale():
    shell = Shell(LC_ALL="C")
    assert shell.run('let s = "äλ漢😀"').count("漢") >= 1
    assert shell.run("len(s)").endswith("\n4\n")
    shell.type('"漢X字"' + LEFT + LEFT + LEFT)
    assert shell.run("ö").endswith('\n"漢öX字"\n')
    shell.end()


def test_shell_with_vi_keys():
    shell = Shell(editrc="bind -v\nbind ^T ed-transpose-chars\n")
    # Escape needs no second key; 0 and x are commands then.
    shell.type("9111 + 1\x1b")
    time.sleep(0.2)
    shell.type("0x")
    time.sleep(0.2)
    shell.type("\r")
    assert shell.said().endswith("\n112\n")
    shell.type(UP)
    time.sleep(0.1)
    assert shell.run("0").endswith("\n121\n")
    shell.type("\x1b[200~2 *\x1b[201~")
    assert shell.run(" 4").endswith("\n8\n")
    shell.end()


def test_shell_pages_what_is_long():
    shell = Shell(PAGER="sed s/^/P:/")
    shell.type("??er\r")
    shell.expect("P:  on batch(x, y, t) {")
    shell.prompt()
    assert "P:[[" in shell.run("ones(30, 2)") and "P:" not in shell.run("ones(3, 2)")
    shell.end()


def test_shell_helps():
    shell = Shell(PAGER="")
    shell.run("def half(x) { return x / 2 }")
    for typed, wanted in [("?permuted", "permuted(data"), ("permuted?", "example:"), ("??er", "method er(net, bench"), ("??half", "def half(x) { return x / 2 }"), ("help topics", "benchmarks"), ("help networks", "resnet18("),
                          ("help tensor.sum", ".sum("), ("help train", "train LEARNER on TASK"), ("examples permuted", "permuted(digits()"), ("examples er", "er(mlp("), ("explain BCL0012", "An unknown name"), ("help if", "if condition"),
                          ("help batch", "on batch"), ("%help", "%transcript"), ("help prmuted", "did you mean 'permuted'?"), ("%whoo", "did you mean '%who'?"), ("help half", "half(x)")]:
        shell.type(typed + "\r")
        shell.expect(wanted)
        shell.prompt()
    # A name of the session is the session's.
    shell.run("let help = 5")
    assert shell.run("help").endswith("\n5\n")
    shell.end()


def test_shell_commands():
    shell = Shell()
    shell.run(SETUP)
    said = shell.run("%time train me on bench[0]")
    assert re.search(r"took \d+(\.\d+)? m?s", said), said
    for typed, wanted in [("%who", "benchmark"), ("%memory", "tensor handles alive"), ("%device", "cpu (torch 2."), ("%history", "1: let bench"), ("%device tpu", "there is no device 'tpu'")]:
        shell.type(typed + "\r")
        shell.expect(wanted)
        shell.prompt()
    shell.type("%transcript on notes.md\r")
    shell.prompt()
    assert shell.run('print "a" + "b"').endswith("\nab\n")
    shell.type("%transcript off\r")
    shell.expect("notes.md")
    shell.prompt()
    assert "```bcl\nprint \"a\" + \"b\"\n```\n\n```text\nab\n```" in (shell.home / "notes.md").read_text()
    (shell.home / "part.bcl").write_text("def twice(x) {\n  return x * 2\n}\n\nlet y = twice(4)\n")
    shell.type("%load part.bcl\r")
    shell.prompt()
    time.sleep(0.2)
    assert shell.run("; y").endswith("\n8\n")
    shell.type("%reset\r")
    shell.expect("Not saved: me (10 minibatches)")
    shell.type("y\r")
    shell.prompt()
    assert shell.number == 1
    shell.type("%who\r")
    shell.expect("there are no names yet")
    shell.prompt()
    shell.end()


def test_shell_saves_its_cells():
    shell = Shell()
    shell.run("let x = 3")
    shell.run('print "x is {x}"')
    shell.run("nothing_here")
    for name in ("s.md", "s.html", "s.ipynb", "s.bcl"):
        shell.type(f"%save {name}\r")
        shell.expect("written to")
        shell.prompt()
    shell.end()
    assert "x is 3" in (shell.home / "s.md").read_text()
    page = (shell.home / "s.html").read_text()
    assert "<!DOCTYPE html>" in page and "x is 3" in page and "there is no" in page and "<script" not in page and "http" not in page
    notebook = json.loads((shell.home / "s.ipynb").read_text())
    assert notebook["nbformat"] == 4 and [cell["execution_count"] for cell in notebook["cells"]] == [1, 2, 3] and notebook["cells"][1]["outputs"][0]["text"] == ["x is 3\n"]
    check(bclsh("run", "s.bcl", cwd=shell.home), 0, "x is 3\n")


# --- Sessions in files ---

WORK = """seed 3
let bench = permuted(digits(), tasks=3, per_task=100)
let net = mlp(64, 16, 10)
let me = bcl_dual(net, bench, lr=0.1, memory=30, replay=16)
train me on bench[0]
"""
GO_ON = "train me on bench[1]\nprint net.weights.vector.double().sum().item()\nprint me.losses[-1]\n"


def test_session_file_is_refused_where_it_is_not_whole():
    home = folder()
    check(bclsh("shell", stdin=WORK + 'save session to "a.bcls"\n', cwd=home), 0)
    whole = (home / "a.bcls").read_bytes()
    start = 8 + int.from_bytes(whole[:8], "little")
    assert b'"version":"2"' in whole
    newer, older = (whole.replace(b'"version":"2"', b'"version":"%d"' % version) for version in (7, 1))
    flipped = bytearray(whole)
    flipped[start + 1000] ^= 1
    ends = [len(whole) - 1, len(whole) // 2, start, 100, 4, 0]
    cases = [(whole[:end], "") for end in ends] + [(newer, "newer bclsh"), (older, "older bclsh"), (bytes(flipped), "checksum"), (whole + b"x", ""), (b"text", "")]
    code = "let kept = 5\n"
    for index, (content, _) in enumerate(cases):
        (home / f"b{index}.bcls").write_bytes(content)
        code += f'print "case {index}"\nload session "b{index}.bcls"\nkept + {index}\n'
    said = check(bclsh("shell", stdin=code + 'load session "missing.bcls"\n', cwd=home), 0, out="there is no file 'missing.bcls'").stdout
    for index, (_, message) in enumerate(cases):
        part = said.split(f"case {index}\n")[1].split("case ")[0]
        assert "error[BCL0062]" in part and message in part and f"\n{5 + index}\n" in part, part


def test_session_goes_on_to_the_same_bits():
    home = folder()
    straight = check(bclsh("shell", stdin=WORK + 'save session to "a.bcls"\n' + GO_ON, cwd=home), 0).stdout
    again = check(bclsh("shell", stdin='load session "a.bcls"\n' + GO_ON, cwd=home), 0).stdout
    assert "not saved" not in straight
    assert straight.splitlines()[-2:] == again.splitlines()[-2:] and len(again.splitlines()) >= 2, (straight, again)


def test_session_keeps_what_its_cells_gave():
    home = folder()
    check(bclsh("shell", stdin='20 + 1\nlet x = zeros(2)\nx\nplot [1, 2]\n"last"\nsave session to "a.bcls"\n', cwd=home), 0)
    check(bclsh("shell", stdin='load session "a.bcls"\n_\nOut[1] + 1\n[len(Out[3]), In[5]]\n', cwd=home), 0, out='"last"\n22\n[2, "\\"last\\""]\n')


def test_killed_save_leaves_the_file_before():
    home = folder()
    big = "let big = [zeros(2000, 1000), zeros(2000, 1000), zeros(2000, 1000), zeros(2000, 1000)]\n"
    check(bclsh("shell", stdin='let mark = 1\nsave session to "a.bcls"\n', cwd=home), 0)
    before = (home / "a.bcls").read_bytes()
    killed = 0
    for attempt in range(4):
        process = subprocess.Popen([BINARY, "shell"], stdin=subprocess.PIPE, stdout=subprocess.PIPE, cwd=home, text=True)
        process.stdin.write(big + 'save session to "a.bcls"\nprint "done"\n')
        process.stdin.flush()
        # The new content grows beside the old one.
        parts = []
        end = time.time() + 60
        while not parts and time.time() < end:
            parts = list(home.glob(".a.bcls.??????"))
        time.sleep(0.003 * attempt)
        process.kill()
        rest = process.stdout.read()
        process.wait()
        process.stdin.close()
        now = (home / "a.bcls").read_bytes()
        killed += now == before and bool(parts)
        if now != before:
            # The rename had been done: then it is whole.
            check(bclsh("shell", stdin='load session "a.bcls"\nlen(big)\n', cwd=home), 0, out="4\n")
            (home / "a.bcls").write_bytes(before)
        assert "done" not in rest or now != before
        for part in home.glob(".a.bcls.??????"):
            part.unlink()
    assert killed > 0, "no save was cut off in its middle"
    check(bclsh("shell", stdin='load session "a.bcls"\nmark\n', cwd=home), 0, out="1\n")


# --- Notebooks and lessons ---

def test_notebook_is_run_and_written():
    home = folder()
    (home / "n.bcl").write_text('# %% [markdown]\n# # Head\n# Some `code` & *more*.\n\n# %% First\nlet x = 20\nx + 1\n\n# %%\nplot [1, 2, 3]\n\n# %%\nprint "```"\n1 // 0\n\n# %%\nprint "never"\n')
    result = check(bclsh("notebook", "run", "n.bcl", "-o", "n.html", "-o", "n.md", "-o", "n.ipynb", cwd=home), 70, "21\n", ["division by zero", "n.bcl:14:1"])
    assert "never" not in result.stdout
    page = (home / "n.html").read_text()
    assert all(text in page for text in ("<h1>Head</h1>", "<code>code</code> &amp; <em>more</em>", "data:image/svg+xml;base64,", "division by zero", '<i class="keyword">let</i>')) and "src=\"http" not in page
    assert "````text\n```\n````" in (home / "n.md").read_text()
    notebook = json.loads((home / "n.ipynb").read_text())
    assert [cell["cell_type"] for cell in notebook["cells"]] == ["markdown", "code", "code", "code", "code"] and notebook["cells"][4]["execution_count"] is None
    picture = notebook["cells"][2]["outputs"][0]["data"]
    assert sorted(picture) == ["image/png", "image/svg+xml", "text/plain"] and base64.b64decode(picture["image/png"])[:8] == b"\x89PNG\r\n\x1a\n"
    assert notebook["cells"][1]["outputs"][0]["text"] == ["21\n"]
    check(bclsh("notebook", "run", "n.bcl", "--keep-going", cwd=home), 70, "never\n")
    # There and back.
    check(bclsh("notebook", "export", "n.ipynb", "-o", "back.bcl", cwd=home), 0)
    assert (home / "back.bcl").read_text() == (home / "n.bcl").read_text()
    check(bclsh("notebook", "export", "n.ipynb", "-o", "again.html", cwd=home), 0)
    assert "data:image/svg+xml" in (home / "again.html").read_text()
    for arguments, status, message in [(("run", "missing.bcl"), 66, "there is no file"), (("run", "n.bcl", "-o", "n.txt"), 64, "ending"), (("run", "n.bcl", "-o", "n.bcl"), 64, "the notebook itself"), (("export", "n.md", "-o", "x.html"), 66, "is no notebook"),
                                       (("run", "n.bcl", "-o", "no/x.html"), 73, "there is no folder 'no'")]:
        check(bclsh("notebook", *arguments, cwd=home), status, err=message)
    (home / "bad.ipynb").write_text('{"cells": 1}')
    check(bclsh("notebook", "run", "bad.ipynb", cwd=home), 66, err="no Jupyter notebook")


def test_saved_session_is_exported():
    home = folder()
    check(bclsh("shell", stdin='let x = 3\nprint "x is {x}"\nsave session to "s.bcls"\n', cwd=home), 0)
    check(bclsh("notebook", "export", "s.bcls", "-o", "s.md", cwd=home), 0)
    assert "```text\nx is 3\n```" in (home / "s.md").read_text()


def test_lessons_run_as_scripts():
    lessons = sorted((ROOT / "examples/lessons").glob("*.bcl"))
    assert len(lessons) == 8
    for lesson in lessons:
        assert "**Predict:**" in lesson.read_text(), lesson
        start = time.time()
        check(bclsh("run", lesson), 0)
        assert time.time() - start < 60, lesson


def test_lesson_in_the_shell():
    shell = Shell()
    shell.type("lesson\r")
    shell.expect("lesson 5  the bilevel update by hand")
    shell.prompt()
    shell.type("lesson 5\r")
    shell.expect("Lesson 5: the bilevel update by hand")
    for wanted in ("at the start:", "[Enter", "Predict"):
        shell.type("\r")
        shell.expect(wanted)
    # One may look around in between.
    shell.expect("[Enter")
    shell.type('print "norm" + "al", lr\r')
    shell.expect("normal 0.1")
    shell.expect("[Enter")
    shell.type("q\r")
    shell.prompt()
    shell.type("lesson 99\r")
    shell.expect("there are the lessons 1, 2")
    shell.prompt()
    # The lesson has trained a learner: twice Ctrl-D leaves.
    shell.type("\x04")
    shell.expect("[y/N]")
    shell.end()
