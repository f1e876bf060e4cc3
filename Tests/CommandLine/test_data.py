"""Getting data sets, from a server on this machine that behaves badly in every way a server can."""
import contextlib, hashlib, http.server, io, json, os, signal, subprocess, tarfile, threading, time

from run import BINARY, bclsh, check, folder

BODY = bytes(i * 7 % 251 for i in range(300_000))


class Server(http.server.ThreadingHTTPServer):
    daemon_threads = True

    def __init__(self, *behaviours):
        """behaviours: one for each request, the last one for all that follow; functions that are handed the request's handler."""
        super().__init__(("127.0.0.1", 0), Handler)
        self.behaviours = list(behaviours)
        self.requests = []  # (path, Range header)
        threading.Thread(target=self.serve_forever, daemon=True).start()

    def handle_error(self, request, address):
        pass  # clients that go away are what is tested


class Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def log_message(self, *arguments):
        pass

    def do_GET(self):
        server = self.server
        server.requests.append((self.path, self.headers.get("Range")))
        behaviour = server.behaviours.pop(0) if len(server.behaviours) > 1 else server.behaviours[0]
        self.close_connection = True
        behaviour(self)

    def start(self, status, length=None, **headers):
        self.send_response(status)
        if length is not None:
            self.send_header("Content-Length", str(length))
        self.send_header("Connection", "close")
        for name, value in headers.items():
            self.send_header(name.replace("_", "-"), value)
        self.end_headers()

    def offset(self):
        text = self.headers.get("Range")
        return int(text.split("=")[1].rstrip("-")) if text else 0


def good(body=BODY, tag='"v1"'):
    def answer(h):
        start = h.offset()
        if start and h.headers.get("If-Range") in (None, tag):
            h.start(206, len(body) - start, Content_Range=f"bytes {start}-{len(body) - 1}/{len(body)}", ETag=tag)
            h.wfile.write(body[start:])
        else:
            h.start(200, len(body), ETag=tag)
            h.wfile.write(body)
    return answer


def cut_off(count, body=BODY, length=len(BODY), tag='"v1"'):
    """Sends the first so many bytes of what is asked for, and closes. length: what it announces for the whole."""
    def answer(h):
        start = h.offset()
        if start:
            h.start(206, length - start, Content_Range=f"bytes {start}-{length - 1}/{length}", ETag=tag)
        else:
            h.start(200, length, ETag=tag)
        h.wfile.write(body[start:start + count])
    return answer


def ignores_range(h):
    h.start(200, len(BODY))
    h.wfile.write(BODY)


def no_length(h):
    h.start(200)
    h.wfile.write(BODY)


def stalls(h):
    h.start(200, len(BODY), ETag='"v1"')
    h.wfile.write(BODY[:1000])
    h.wfile.flush()
    time.sleep(20)


def status(code, **headers):
    def answer(h):
        h.start(code, 5, **headers)
        h.wfile.write(b"error")
    return answer


def redirect(to):
    return lambda h: h.start(302, 0, Location=to)


def catalog(home, server, body=BODY, name="toy", file="toy.bin", **more):
    entry = {"name": name, "title": "a toy", "terms": "free", "citation": "nobody",
             "files": [{"name": file, "urls": [f"http://127.0.0.1:{server.server_address[1]}/{file}"], "size": len(body), "md5": hashlib.md5(body).hexdigest()}]}
    entry.update(more)
    (home / "catalog.json").write_text(json.dumps([entry]))
    return {"BCL_DATA_CATALOG": str(home / "catalog.json"), "BCL_DATA": str(home / "data"), "BCL_DOWNLOAD_TIMEOUT": "2", "BCL_DOWNLOAD_TRIES": "3", "no_proxy": "*"}


@contextlib.contextmanager
def served(*behaviours):
    server = Server(*behaviours)
    try:
        yield server
    finally:
        server.shutdown()
        server.server_close()


def install(*behaviours, body=BODY):
    """Installs the toy from a server of these behaviours: the result, the requests, and the folder."""
    home = folder()
    with served(*behaviours) as server:
        result = bclsh("data", "install", "toy", env=catalog(home, server, body))
        return result, server.requests, home / "data/toy"


def is_whole(where):
    assert (where / "toy.bin").read_bytes() == BODY
    assert sorted(p.name for p in where.iterdir()) == ["toy.bin"], list(where.iterdir())


def test_data_installs_and_is_quick_the_second_time():
    home = folder()
    with served(good()) as server:
        env = catalog(home, server)
        check(bclsh("data", "install", "toy", env=env), 0, [f"toy is in {home}/data/toy (300 kB)", "Terms: free. Cite: nobody."], "toy/toy.bin: 300 kB")
        check(bclsh("data", "install", "toy", env=env), 0, "toy is already in")
        assert len(server.requests) == 1
        check(bclsh("-e", "data install toy\ndata list", env=env), 0, ["toy is already in", "here, 300 kB", f"data sets in {home}/data", "non-commercial"])
        # A file that was damaged on the disk is fetched again.
        (home / "data/toy/toy.bin").write_bytes(b"x" * len(BODY))
        check(bclsh("data", "install", "toy", env=env), 0, "toy is in")
        is_whole(home / "data/toy")
        check(bclsh("data", "remove", "toy", env=env), 0, "300 kB are free again")
        assert not (home / "data/toy").exists()
        check(bclsh("data", "remove", "toy", env=env), 64, err="toy is not in")


def test_data_cut_off_goes_on_where_it_was():
    result, requests, where = install(cut_off(100_000), cut_off(100_000), good())
    check(result, 0)
    assert [r for _, r in requests] == [None, "bytes=100000-", "bytes=200000-"], requests
    is_whole(where)


def test_data_goes_on_after_the_program_was_ended():
    home = folder()
    with served(cut_off(100_000), stalls_at_once, good()) as server:
        env = {**catalog(home, server), "BCL_DOWNLOAD_TIMEOUT": "60"}
        process = subprocess.Popen([BINARY, "data", "install", "toy"], env={**os.environ, **env}, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        while len(server.requests) < 2:
            time.sleep(0.05)
        check(bclsh("data", "list", env=env), 0, "partly, 100 kB")
        check(bclsh("data", "install", "toy", env=env), 73, err="another bclsh is installing toy right now")
        process.send_signal(signal.SIGINT)
        _, err = process.communicate(timeout=20)
        assert process.returncode == 130 and "what has come so far is kept" in err, (process.returncode, err)
        check(bclsh("data", "install", "toy", env=env), 0)
        assert server.requests[-1][1] == "bytes=100000-", server.requests
        is_whole(home / "data/toy")


def stalls_at_once(h):
    time.sleep(15)


def test_data_stalls_are_left_and_tried_again():
    start = time.time()
    result, requests, where = install(stalls, good())
    check(result, 0)
    assert requests[1][1] == "bytes=1000-" and time.time() - start < 12, requests
    is_whole(where)


def test_data_lies_about_length():
    # Too long: the connection ends before what was announced, but the file is whole.
    result, requests, where = install(cut_off(len(BODY), length=len(BODY) + 5000))
    check(result, 0)
    is_whole(where)
    # Too short: the rest is asked for.
    result, requests, where = install(lambda h: (h.start(200, 1000, ETag='"v1"'), h.wfile.write(BODY)), good())
    check(result, 0)
    assert requests[1][1] == "bytes=1000-"
    is_whole(where)
    # None.
    result, _, where = install(no_length)
    check(result, 0)
    is_whole(where)


def test_data_server_without_ranges():
    result, requests, where = install(cut_off(1000), ignores_range)
    check(result, 0)
    is_whole(where)
    # One that answers with another range than the one asked for: from the start.
    wrong = lambda h: (h.start(206, 10, Content_Range=f"bytes 0-9/{len(BODY)}"), h.wfile.write(BODY[:10]))
    result, requests, where = install(cut_off(1000), wrong, good())
    check(result, 0)
    assert requests[2][1] is None
    is_whole(where)
    result, requests, where = install(cut_off(1000), status(416), good())
    check(result, 0)
    is_whole(where)


def test_data_changed_between_two_tries():
    other = BODY[::-1]
    # The server honours If-Range: all of the new version comes at once.
    result, requests, where = install(cut_off(1000, body=other, tag='"v0"'), good())
    check(result, 0)
    is_whole(where)
    # It does not: the parts do not fit together, and the file is fetched once more.
    result, requests, where = install(cut_off(1000, body=other, tag='"v1"'), good())
    check(result, 0)
    assert [r for _, r in requests] == [None, "bytes=1000-", None], requests
    is_whole(where)


def test_data_wrong_file_is_thrown_away():
    result, requests, where = install(good(BODY[::-1]))
    check(result, 69, err=["has the MD5", hashlib.md5(BODY).hexdigest(), "was thrown away"])
    assert list(where.iterdir()) == [] and len(requests) == 1
    result, _, where = install(good(BODY + b"more"))
    check(result, 69, err="sends more than the 300000 bytes that the file has")
    assert list(where.iterdir()) == []
    result, _, where = install(good(b"<html>please log in</html>"))
    check(result, 69, err="it ended after 26 of 300000 bytes")
    result, _, where = install(lambda h: (h.start(200), [h.wfile.write(b"x" * 100_000) for _ in range(100_000)]))
    check(result, 69, err="sends more than")


def test_data_errors_of_the_server():
    result, requests, _ = install(status(404))
    check(result, 69, err="answers 404 (not there)")
    assert len(requests) == 1
    result, requests, where = install(status(500), status(503, Retry_After="1"), good())
    check(result, 0)
    assert len(requests) == 3
    is_whole(where)
    result, requests, _ = install(status(500))
    check(result, 69, err="answers 500, 3 times in a row")
    result, _, _ = install(lambda h: None)
    check(result, 69, err="after 0 of 300000 bytes")


def test_data_redirects_and_mirrors():
    with served(good()) as target:
        address = f"http://127.0.0.1:{target.server_address[1]}/elsewhere"
        result, _, where = install(redirect(address))
        check(result, 0)
        is_whole(where)
        result, _, _ = install(redirect("file:///etc/passwd"))
        check(result, 69, err="could not be downloaded")
        home = folder()
        with served(lambda h: redirect(f"http://127.0.0.1:{h.server.server_address[1]}/again")(h)) as server:
            check(bclsh("data", "install", "toy", env=catalog(home, server)), 69, err="redirect")
        # The second address is asked when the first has not got it.
        with served(status(404)) as first:
            env = catalog(home, first)
            entries = json.loads((home / "catalog.json").read_text())
            entries[0]["files"][0]["urls"].append(address)
            (home / "catalog.json").write_text(json.dumps(entries))
            check(bclsh("data", "install", "toy", env=env), 0)
            is_whole(home / "data/toy")
        # BCL_DATA_URL: a mirror with NAME/FILE.
        home = folder()
        with served(good()) as mirror:
            env = catalog(home, mirror)
            check(bclsh("data", "install", "toy", env={**env, "BCL_DATA_URL": f"http://127.0.0.1:{mirror.server_address[1]}/mirror/"}), 0)
            assert mirror.requests[0][0] == "/mirror/toy/toy.bin", mirror.requests


def test_data_through_a_proxy():
    home = folder()
    with served(good()) as proxy:
        env = catalog(home, proxy)
        entries = json.loads((home / "catalog.json").read_text())
        entries[0]["files"][0]["urls"] = ["http://data.example/toy.bin"]
        (home / "catalog.json").write_text(json.dumps(entries))
        check(bclsh("data", "install", "toy", env={**env, "no_proxy": "", "http_proxy": f"http://127.0.0.1:{proxy.server_address[1]}"}), 0)
        assert proxy.requests[0][0] == "http://data.example/toy.bin"


def packed(members):
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w:gz") as tar:
        for name, content in members.items():
            info = tarfile.TarInfo(name)
            info.size = len(content)
            tar.addfile(info, io.BytesIO(content))
    return buffer.getvalue()


def test_data_archives_are_unpacked_whole():
    home = folder()
    body = packed({"birds/images.txt": b"1 a.jpg\n", "birds/images/a.jpg": b"jpg"})
    with served(good(body)) as server:
        env = catalog(home, server, body, file="birds.tgz", unpack="birds/images.txt")
        check(bclsh("data", "install", "toy", env=env), 0, err="unpacking toy: 1 archive")
        assert sorted(p.name for p in (home / "data/toy").iterdir()) == ["birds"]
        assert (home / "data/toy/birds/images/a.jpg").read_bytes() == b"jpg"
        check(bclsh("data", "install", "toy", env=env), 0, "already in")
        assert len(server.requests) == 1
    # Members that would leave the folder do not.
    home = folder()
    body = packed({"birds/images.txt": b"x", "../../escaped": b"x", "/tmp/bclsh-escaped": b"x"})
    with served(good(body)) as server:
        bclsh("data", "install", "toy", env=catalog(home, server, body, file="birds.tgz", unpack="birds/images.txt"))
        assert not (home / "escaped").exists() and not (home / "data/escaped").exists() and not os.path.exists("/tmp/bclsh-escaped")
    # An archive that is none.
    home = folder()
    with served(good()) as server:
        check(bclsh("data", "install", "toy", env=catalog(home, server, file="birds.tgz", unpack="birds/images.txt")), 73, err="could not be unpacked")
        assert [p.name for p in (home / "data/toy").iterdir()] == ["birds.tgz"]


def test_data_mistakes():
    home = folder()
    env = {"BCL_DATA": str(home)}
    check(bclsh("data", "install", "nothing", env=env), 64, err=["there is no data set 'nothing'", "there are mnist"])
    check(bclsh("data", "install", "digits", env=env), 64, err="digits is embedded")
    check(bclsh("data", "install", "miniimagenet", env=env), 64, err=["ImageNet is behind a login", f"put the files into '{home}/miniimagenet'"])
    check(bclsh("-e", "data instal mnist", env=env), 65, err="did you mean 'install'?")
    check(bclsh("-e", "data install", env=env), 70, err="needs the name of a data set")
    check(bclsh("-e", "data install \"nothing\"", env=env), 70, err=["there is no data set 'nothing'", "-e:1:1"])
    check(bclsh("-e", "let data = 3\ndata list\nprint data + 1", env=env), 0, ["data sets in", "\n4\n"])
    (home / "file").write_text("")
    check(bclsh("data", "install", "mnist", env={"BCL_DATA": f"{home}/file/x"}), 73, err="can't be made")
    for text, message in [("{", "is not JSON"), ("[{}]", "'name' is missing"), ('[{"name": "../x", "files": []}]', "is no name for a data set"),
                          ('[{"name": "x", "files": [{"name": "../y", "urls": ["http://a/"], "size": 1, "md5": "0"}]}]', "is no name of a file"),
                          ('[{"name": "x", "files": [{"name": "y", "urls": ["http://a/"], "size": 1, "md5": "0"}]}]', "needs its \"sha256\"")]:
        (home / "catalog.json").write_text(text)
        check(bclsh("data", "list", env={**env, "BCL_DATA_CATALOG": str(home / "catalog.json")}), 73, err=message)


def test_data_on_a_full_disk():
    """Where /dev/full can stand in for the file: writing to it fails as on a full disk."""
    home = folder()
    with served(good()) as server:
        env = catalog(home, server)
        (home / "data/toy").mkdir(parents=True)
        os.symlink("/dev/full", home / "data/toy/toy.bin.part")
        check(bclsh("data", "install", "toy", env=env), 73, err=["No space left on device", "are needed there"])
