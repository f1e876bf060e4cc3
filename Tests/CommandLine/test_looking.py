"""What is shown on terminals and over pipes, and pictures in files."""
import fcntl, os, pty, re, select, struct, subprocess, termios, time, zlib

from run import BINARY, bclsh, check, folder

GRID = "show digits().test[0:3]"
TERMINALS = ["NO_COLOR", "COLORTERM", "TERM", "TMUX", "STY", "KITTY_WINDOW_ID", "TERM_PROGRAM", "BCL_GRAPHICS", "PAGER", "LC_ALL", "LC_CTYPE", "LANG",
             "XTERM_VERSION", "KONSOLE_VERSION", "WT_SESSION", "INSIDE_EMACS", "SSH_CONNECTION", "SSH_TTY", "LESS"]


def on_terminal(*arguments, columns=80, rows=24, answers=(), **env):
    """Runs bclsh on a terminal of a size. answers: pairs of what the terminal waits for and what it then types. Returns all that was written."""
    pid, fd = pty.fork()
    if pid == 0:
        environment = {k: v for k, v in os.environ.items() if k not in TERMINALS}
        environment.update({"TERM": "xterm-256color", "LANG": "C.UTF-8", **env})
        time.sleep(0.1)  # until the size is set
        os.execve(BINARY, [BINARY, *arguments], environment)
    fcntl.ioctl(fd, termios.TIOCSWINSZ, struct.pack("HHHH", rows, columns, 0, 0))
    text, end, answers = b"", time.time() + 60, list(answers)
    while time.time() < end:
        if select.select([fd], [], [], 0.2)[0]:
            try:
                text += os.read(fd, 65536)
            except OSError:
                break
        if answers and answers[0][0].encode() in text:
            os.write(fd, answers.pop(0)[1].encode())
    os.close(fd)
    _, status = os.waitpid(pid, 0)
    assert os.waitstatus_to_exitcode(status) == 0, (status, text)
    assert not answers, (answers, text)
    return text.decode().replace("\r\n", "\n")


def test_looking_over_a_pipe_is_plain_text():
    for env in [{}, {"TERM": "xterm-kitty", "COLORTERM": "truecolor", "KITTY_WINDOW_ID": "1"}, {"BCL_GRAPHICS": "sixel", "TERM": "foot"}]:
        result = check(bclsh("-e", f"{GRID}\nplot [1, 2, 3]\nshow permuted(digits(), tasks=2)", env=env), 0, ["3 images 1x8x8", "labels: ", "2 tasks"])
        assert "\x1b" not in result.stdout and result.stdout.isascii(), result.stdout


def test_looking_by_what_the_terminal_can():
    direct = on_terminal("-e", GRID, COLORTERM="truecolor")
    assert "\x1b[38;2;" in direct and "\u2580" in direct and "38;5;" not in direct
    indexed = on_terminal("-e", GRID)
    assert "\x1b[38;5;" in indexed and "\u2580" in indexed and "38;2;" not in indexed
    for env in [{"NO_COLOR": "1", "COLORTERM": "truecolor", "TERM": "xterm-kitty"}, {"TERM": "dumb", "COLORTERM": "truecolor"}, {"TERM": "vt100"}, {"BCL_GRAPHICS": "text"}]:
        plain = on_terminal("-e", GRID, **env)
        assert "\x1b" not in plain and "3 images" in plain, (env, plain)
    assert "@" in on_terminal("-e", GRID, NO_COLOR="1")  # brightness as letters
    assert "\u2580" not in on_terminal("-e", GRID, LANG="C")
    kitty = on_terminal("-e", GRID, TERM="xterm-kitty")
    assert "\x1b_Ga=T,q=2,f=24," in kitty and "\u2580" not in kitty
    assert "\x1bP0;1;0q" in on_terminal("-e", GRID, TERM="foot")
    assert "\x1bP0;1;0q" in on_terminal("-e", GRID, BCL_GRAPHICS="sixel")
    # Within a multiplexer neither, whatever the variables of the terminal around it say.
    for env in [{"TMUX": "/tmp/x,1,0"}, {"STY": "1.x"}, {"TERM": "screen-256color"}]:
        inside = on_terminal("-e", GRID, **{"TERM": "xterm-kitty", "KITTY_WINDOW_ID": "1", **env})
        assert "\x1b_G" not in inside and "\x1bP" not in inside and "\u2580" in inside


def test_looking_asks_only_terminals_that_answer():
    assert "\x1b[c" not in on_terminal("-e", GRID)
    sixel = on_terminal("-e", GRID, XTERM_VERSION="XTerm(380)", answers=[("\x1b[c", "\x1b[?62;4;22c")])
    assert "\x1bP0;1;0q" in sixel
    none = on_terminal("-e", GRID, XTERM_VERSION="XTerm(380)", answers=[("\x1b[c", "\x1b[?62;22c")])
    assert "\x1bP" not in none and "\u2580" in none
    # No answer: blocks after a moment.
    assert "\u2580" in on_terminal("-e", GRID, XTERM_VERSION="XTerm(380)")
    assert "\x1b[c" not in on_terminal("-e", GRID, XTERM_VERSION="XTerm(380)", TMUX="x")
    assert "\x1b[c" not in on_terminal("-e", GRID, XTERM_VERSION="XTerm(380)", SSH_TTY="/dev/pts/1")


def width(line):
    return len(re.sub("\x1b\\[[0-9;]*m", "", line))


def test_looking_fits_the_width():
    code = GRID.replace("0:3", "0:40") + "\nplot [x * x for x in 0..300], [x for x in 0..300] labels=[\"square\", \"line\"]\nshow split(digits(), tasks=5)\nplot zeros(12, 12)"
    for columns in (50, 80, 120):
        text = on_terminal("-e", code, columns=columns, rows=200)
        assert "\u28ff" in text or re.search("[\u2801-\u28ff]", text), text
        for line in text.split("\n"):
            # The table of tasks is as wide as its words.
            assert width(line) <= max(columns, 70), (columns, width(line), line)


def test_looking_at_long_output_with_the_pager():
    home = folder()
    (home / "pager").write_text(f"#!/bin/sh\ncat > {home}/paged\necho PAGED\n")
    (home / "pager").chmod(0o755)
    code = "show resnet18(10)"
    text = on_terminal("-e", code, PAGER=str(home / "pager"))
    assert "PAGED" in text and "conv 3x3" not in text and "conv 3x3" in (home / "paged").read_text()
    (home / "paged").unlink()
    # Short output, a tall screen, a script, no pager, a pipe: as it is.
    assert "PAGED" not in on_terminal("-e", "show 1", PAGER=str(home / "pager"))
    assert "PAGED" not in on_terminal("-e", code, rows=300, PAGER=str(home / "pager"))
    (home / "s.bcl").write_text(code)
    assert "PAGED" not in on_terminal("run", str(home / "s.bcl"), PAGER=str(home / "pager"))
    for pager in ("", "cat", str(home / "not-there")):
        assert "conv 3x3" in on_terminal("-e", code, PAGER=pager), pager
    check(bclsh("-e", code, env={"PAGER": str(home / "pager")}), 0, "conv 3x3")
    # A pager that is left at once ends nothing.
    (home / "pager").write_text("#!/bin/sh\nexit 0\n")
    assert "after" in on_terminal("-e", code + "\nprint \"after\"", PAGER=str(home / "pager"))


def png_pixels(path):
    """Width, height and rows of RGB bytes, by the PNG specification: 8 bits, no interlacing."""
    data = path.read_bytes()
    assert data[:8] == b"\x89PNG\r\n\x1a\n"
    place, packed, head = 8, b"", None
    while place < len(data):
        length, kind = struct.unpack(">I4s", data[place:place + 8])
        body = data[place + 8:place + 8 + length]
        assert struct.unpack(">I", data[place + 8 + length:place + 12 + length])[0] == zlib.crc32(kind + body)
        if kind == b"IHDR":
            head = struct.unpack(">IIBBBBB", body)
        if kind == b"IDAT":
            packed += body
        place += 12 + length
    wide, high, bits, colour, _, _, interlaced = head
    assert (bits, interlaced) == (8, 0) and colour in (2, 6)
    step = 3 if colour == 2 else 4
    raw, rows, previous = zlib.decompress(packed), [], bytearray(wide * step)
    for y in range(high):
        kind, line = raw[y * (wide * step + 1)], bytearray(raw[y * (wide * step + 1) + 1:(y + 1) * (wide * step + 1)])
        for i in range(len(line)):
            a, b, c = line[i - step] if i >= step else 0, previous[i], previous[i - step] if i >= step else 0
            p = a + b - c
            paeth = a if abs(p - a) <= abs(p - b) and abs(p - a) <= abs(p - c) else b if abs(p - b) <= abs(p - c) else c
            line[i] = (line[i] + [0, a, b, (a + b) // 2, paeth][kind]) & 255
        rows.append(bytes(line))
        previous = line
    return wide, high, step, rows


def test_looking_saves_pictures():
    home = folder()
    code = f"""
    let samples = digits().test[0:4]
    save show(samples) to "{home}/grid.png"
    save show(samples) to "{home}/grid.svg"
    save show(samples) to "{home}/grid.txt"
    save plot([3, 1, 2], title="a title") to "{home}/plot.svg"
    save plot(zeros(3, 3)) to "{home}/map.PNG"
    print samples.images[0].reshape(64).list()
    """
    result = check(bclsh("-e", code), 0)
    assert result.stdout.count("\n") == 1, result.stdout
    numbers = [int(n) for n in re.findall(r"\d+", result.stdout)]
    wide, high, step, rows = png_pixels(home / "grid.png")
    # The first image starts below the title: 7 units to a pixel, 2 dots to a unit, each dot with the pixel's grey.
    found = False
    for top in range(high - 112):
        left = 32
        if all(rows[top + 14 * y + 7][(left + 14 * x + 7) * step:][:3] == bytes([numbers[y * 8 + x]]) * 3 for y in range(8) for x in range(8)):
            found = True
            break
    assert found, "the first image is not in the picture"
    assert (home / "grid.svg").read_text().startswith("<?xml") and "<image" in (home / "grid.svg").read_text()
    assert "4 images 1x8x8" in (home / "grid.txt").read_text()
    assert "</svg>" in (home / "plot.svg").read_text() and png_pixels(home / "map.PNG")[0] > 100
    check(bclsh("-e", f"save show(1) to \"{home}/x.jpeg\""), 70, err=["which kind of picture", "let it end in .png, .svg or .txt"])
    check(bclsh("-e", f"save show(1) to \"{home}/none/x.png\""), 70, err="there is no folder")
    assert not (home / "x.jpeg").exists()


def test_looking_starts_quickly():
    """The libraries for pictures and downloads are linked, but cost little: code starts as before."""
    times = []
    for _ in range(5):
        start = time.time()
        check(bclsh("-e", "print 1+1"), 0, "2")
        times.append(time.time() - start)
    assert min(times) < 1.5, times  # 0.2 s on an idle machine; this one may be busy


def test_looking_at_the_prompt():
    text = on_terminal("shell", answers=[("bcl 1", "digits().test[0:2]\n"), ("2 images", "tensor([1.0, 2.0])\n"), ("mean 1.5", "let p = plot([1, 2])\n"), ("bcl 4", "p\n"), ("bcl 5", "\x04")])
    assert "\u2580" in text and "float32 [2] on cpu  min 1  max 2  mean 1.5" in text
