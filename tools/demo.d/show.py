"""show.py - what the tour prints: a story for people, or a line per step for --check."""
import os
import sys
import textwrap
import time


class Show:
    def __init__(self, is_check):
        self.is_check = is_check
        self.is_bright = sys.stdout.isatty() and "NO_COLOR" not in os.environ
        self.n_ok = self.n_failed = 0
        self.started = time.monotonic()

    def paint(self, code, text):
        return f"\033[{code}m{text}\033[0m" if self.is_bright else text

    def say(self, text="", indent=2):
        """A paragraph of the story."""
        if self.is_check:
            return
        for line in textwrap.wrap(text, 96 - indent) or [""]:
            print(" " * indent + line if line else "", flush=True)

    def line(self, text=""):
        if not self.is_check:
            print("  " + text if text else "", flush=True)

    def heading(self, text):
        if self.is_check:
            return
        print("\n" + self.paint("1", text), flush=True)

    def command(self, text):
        if not self.is_check:
            print("  " + self.paint("36", "$ " + text), flush=True)

    def output(self, text):
        """What a command printed."""
        if self.is_check:
            return
        for line in text.rstrip("\n").splitlines():
            print("    " + line if line else "", flush=True)

    def table(self, heads, rows):
        if self.is_check:
            return
        cells = [heads] + [[str(c) for c in row] for row in rows]
        widths = [max(len(row[i]) for row in cells) for i in range(len(heads))]
        for n, row in enumerate(cells):
            text = "  ".join(c.ljust(w) for c, w in zip(row, widths)).rstrip()
            print("    " + (self.paint("2", text) if n == 0 else text), flush=True)

    def claim(self, is_true, text, detail=""):
        """One verified step. In the story only what fails is worth a line."""
        if is_true:
            self.n_ok += 1
        else:
            self.n_failed += 1
        if self.is_check:
            word = self.paint("32", "ok    ") if is_true else self.paint("1;31", "FAILED")
            print(f"{word}  {text}" + (f": {detail}" if detail and not is_true else ""), flush=True)
        elif not is_true:
            print("  " + self.paint("1;31", f"NOT AS EXPECTED: {text}: {detail}"), flush=True)

    def sum_up(self, folder):
        took = time.monotonic() - self.started
        if self.n_failed and self.n_ok:
            print(f"What was served and logged is in {folder}/.")
        print(f"{self.n_ok} ok, {self.n_failed} failed, in {took:.0f} s")
