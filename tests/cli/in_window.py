# SPDX-License-Identifier: MIT
"""Runs a command on a terminal of its own, which it leads, and does what a person would.

    python3 in_window.py COMMAND [WORD...] <STEPS

Steps, one a line; each waits for at most LIMIT seconds:
    see TEXT      until the terminal has shown it, after what was seen before
    type TEXT     with Python's escapes, as \\x03 for Ctrl-C
    file NAME     until there is such a file
    make NAME     makes a file
    size ROWS COLUMNS
    close         the window: the terminal goes away
    front GROUP   until the file GROUP's number is that of who is in front
    echo          until what is typed is shown again
    silent        until it is not
    end           until the command has ended

What was shown goes to the file "screen", and how it ended to "ended", as how.lua says it.
What is left of the command then is killed.  A step that fails is told of, with status 1.
"""
import fcntl
import os
import pty
import select
import signal
import struct
import sys
import termios
import time

LIMIT = 60


class Terminal:
    def __init__(self, words):
        self.pid, self.fd = pty.fork()
        if self.pid == 0:
            self.size(24, 80, 0)
            os.execvp(words[0], words)
        self.screen = b""
        self.seen = 0
        self.status = None

    def size(self, rows, columns, fd):
        fcntl.ioctl(fd, termios.TIOCSWINSZ, struct.pack("HHHH", rows, columns, 0, 0))

    def hear(self, seconds):
        if self.fd < 0 or not select.select([self.fd], [], [], seconds)[0]:
            if self.fd < 0:
                time.sleep(seconds)
            return
        try:
            heard = os.read(self.fd, 65536)
        except OSError:
            heard = b""
        self.screen += heard
        if not heard:
            time.sleep(seconds)

    def look(self):
        if self.status is None:
            pid, status = os.waitpid(self.pid, os.WNOHANG)
            if pid:
                self.status = status
        return self.status is not None

    def until(self, what, ready):
        limit = time.monotonic() + LIMIT
        while not ready():
            if time.monotonic() > limit:
                raise TimeoutError(what)
            self.hear(0.02)

    def has(self, text):
        found = self.screen.find(text, self.seen)
        if found >= 0:
            self.seen = found + len(text)
        return found >= 0

    def is_in_front(self, name):
        try:
            with open(name) as file:
                return int(file.read()) == os.tcgetpgrp(self.fd)
        except (OSError, ValueError):
            return False

    def echoes(self):
        return termios.tcgetattr(self.fd)[3] & termios.ECHO

    def close(self):
        if self.fd >= 0:
            os.close(self.fd)
        self.fd = -1

    def do(self, step):
        verb, _, rest = step.partition(" ")
        if verb == "see":
            self.until(step, lambda: self.has(rest.encode()))
        elif verb == "type":
            os.write(self.fd, rest.encode().decode("unicode_escape").encode())
        elif verb == "file":
            self.until(step, lambda: os.path.exists(rest))
        elif verb == "make":
            open(rest, "w").close()
        elif verb == "front":
            self.until(step, lambda: self.is_in_front(rest))
        elif verb == "echo":
            self.until(step, self.echoes)
        elif verb == "silent":
            self.until(step, lambda: not self.echoes())
        elif verb == "size":
            self.size(*map(int, rest.split()), self.fd)
        elif verb == "close":
            self.close()
        elif verb == "end":
            self.until(step, self.look)
            self.hear(0)
        else:
            raise ValueError(step)

    def finish(self):
        self.close()
        limit = time.monotonic() + 1
        while not self.look() and time.monotonic() < limit:
            time.sleep(0.01)
        if not self.look():
            os.kill(self.pid, signal.SIGKILL)
            self.status = os.waitpid(self.pid, 0)[1]
        status = self.status
        with open("ended", "w") as file:
            if os.WIFSIGNALED(status):
                file.write("signal %d\n" % os.WTERMSIG(status))
            else:
                file.write("exit %d\n" % os.WEXITSTATUS(status))
        with open("screen", "wb") as file:
            file.write(self.screen)


def main():
    terminal = Terminal(sys.argv[1:])
    failed = None
    for step in sys.stdin.read().splitlines():
        if step.strip() and failed is None:
            try:
                terminal.do(step.strip())
            except (TimeoutError, OSError) as error:
                failed = "%s: %r" % (step.strip(), error)
    while failed is None and terminal.fd >= 0:
        before = len(terminal.screen)
        terminal.hear(0.02)
        if len(terminal.screen) == before:
            break
    terminal.finish()
    if failed:
        shown = terminal.screen[-800:].decode(errors="replace")
        print("failed at step '%s'; the terminal shows:\n%s" % (failed, shown))
        sys.exit(1)


main()
