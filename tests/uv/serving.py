"""serving: a `weft serve` process to talk to, for tests."""

import os
import select
import subprocess
import time


class Serve:
    """Commands go in with say(); answer() gives the lines that begin with ok or error, in order."""

    def __init__(self, weft, *options, name="weft"):
        self.process = subprocess.Popen(
            [weft, "serve", "--name", name, *([] if "--cluster" in options else ["--plain"]), *options],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
        )  # fmt: skip
        self.partial = b""
        self.lines = []
        self.others = []  # what is not an answer: changes, dumped objects, help
        ready = self.line()
        assert ready.startswith("ready "), f"{name}: {ready!r} {self.process.stderr.read().decode()}"
        self.port = int(ready.split()[1])
        self.origin = ready.split()[2]

    def say(self, *lines):
        self.process.stdin.write("".join(line + "\n" for line in lines).encode())
        self.process.stdin.flush()

    def pump(self, seconds):
        """Reads what there is, waiting so long for something. False at the end."""
        fd = self.process.stdout.fileno()
        if not select.select([fd], [], [], seconds)[0]:
            return True
        more = os.read(fd, 65536)
        *whole, self.partial = (self.partial + more).split(b"\n")
        self.lines += [line.decode() for line in whole]
        return bool(more)

    def line(self, seconds=20.0):
        deadline = time.monotonic() + seconds
        while not self.lines:
            left = deadline - time.monotonic()
            assert left > 0, "no answer"
            if not self.pump(left) and not self.lines:
                return ""
        return self.lines.pop(0)

    def answer(self):
        while True:
            line = self.line()
            if line == "" or line.startswith(("ok", "error")):
                return line
            self.others.append(line)

    def ask(self, command):
        self.say(command)
        return self.answer()

    def status(self):
        answer = self.ask("status")
        assert answer.startswith("ok "), answer
        return dict(pair.split("=", 1) for pair in answer.split()[1:])

    def kill(self):
        self.process.kill()
        while self.pump(5.0):
            pass
        self.process.wait()
        self.process.stderr.close()

    def quit(self):
        """The exit code, and what was said on standard error."""
        if self.process.poll() is None:
            self.process.stdin.close()
        said = self.process.stderr.read().decode()
        return self.process.wait(20), said


def wait_until(what, holds, seconds=20.0):
    deadline = time.monotonic() + seconds
    while not holds():
        assert time.monotonic() < deadline, f"not in time: {what}"
        time.sleep(0.02)


def converged(*served):
    """Equal vectors and equal states."""
    def vector(status):
        parts = [o.rsplit(":", 2) for o in status["origins"].split(",") if o]
        return sorted((origin, applied) for origin, applied, _ in parts if applied != "0")

    seen = [s.status() for s in served]
    return all(s["hash"] == seen[0]["hash"] and vector(s) == vector(seen[0]) for s in seen)
