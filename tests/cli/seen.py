# SPDX-License-Identifier: MIT
"""Prints what stands on a terminal in the end that was sent the file "screen", row by row, from
the first row ever on; the last line says where the cursor is.

    python3 seen.py COLUMNS
"""
import re
import sys

STEER = re.compile(r"\033\[(\d*)([A-Za-z])")


class Screen:
    def __init__(self, columns):
        self.columns = columns
        self.rows = [[]]
        self.row = self.column = 0

    def go_down(self):
        self.row += 1
        while len(self.rows) <= self.row:
            self.rows.append([])

    def steer(self, count, verb):
        if verb == "A":
            self.row = max(0, self.row - count)
        elif verb in "JK":
            del self.rows[self.row][self.column:]
        if verb == "J":
            del self.rows[self.row + 1:]

    def put(self, character):
        if self.column >= self.columns:
            self.go_down()
            self.column = 0
        row = self.rows[self.row]
        row.extend(" " * (self.column - len(row)))
        row[self.column:self.column + 1] = character
        self.column += 1

    def show(self, text):
        at = 0
        while at < len(text):
            found = STEER.match(text, at)
            if found:
                self.steer(int(found[1] or 1), found[2])
            elif text[at] == "\r":
                self.column = 0
            elif text[at] == "\n":
                self.go_down()
            else:
                self.put(text[at])
            at = found.end() if found else at + 1


def main():
    screen = Screen(int(sys.argv[1]))
    with open("screen", encoding="utf-8", errors="replace", newline="") as file:
        screen.show(file.read())
    for row in screen.rows:
        print("".join(row).rstrip())
    print("cursor %d %d" % (screen.row + 1, screen.column + 1))


main()
