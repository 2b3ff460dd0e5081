#!/usr/bin/env python3
"""Instructions and nanoseconds a query in the answer path, in memory: neither sockets nor the kernel.

usage: instructions.py [--check | --write] [ANSWER_PATH [CONF]]

A row for each kind of query. The instructions are callgrind's count of dns_answer_batch and what it
calls; one binary gives the same on every run, within a tenth of a percent, however busy the machine is.
The nanoseconds are those of this machine at this moment.

Without ANSWER_PATH, it is built as distributions build, in build-release. --check compares with
instructions.txt beside this file: 3 % more is a failure; with another compiler or C library than those of
the file, 15 %.
--write renews the file: do so when a change is worth what it costs, or has won more than a tenth.
"""
import argparse
import json
import os
import platform
import re
import subprocess
import sys
import tempfile

HERE = os.path.dirname(os.path.abspath(__file__))
ROOT = os.path.dirname(os.path.dirname(HERE))
COMMITTED = os.path.join(HERE, "instructions.txt")
RENEW = "tests/bench/instructions.py --write"
WORLDS, COUNT, TIMED_COUNT = 16, 16 * 4096, 3200000
RISE, RISE_ELSEWHERE, FALL = 0.03, 0.15, 0.10


# ---- what is measured ----


def build_release(*targets):
    """The folder: as distributions build, whatever it was before."""
    folder = os.path.join(ROOT, "build-release")
    options = ["-Doptimization=2", "-Ddebug=false"]
    if os.path.exists(os.path.join(folder, "build.ninja")):
        command(["meson", "configure", folder, *options])
    else:
        command(["meson", "setup", folder, ROOT, *options], CC="gcc")
    command(["ninja", "-C", folder, *targets])
    return folder


def build():
    return os.path.join(build_release("tests/bench/answer_path"), "tests/bench/answer_path")


def command(words, **more):
    """What it says. The environment lies on the stack, which it is not to move."""
    run = subprocess.run(words, cwd=ROOT, env={"PATH": os.defpath, **more}, capture_output=True, text=True)
    if run.returncode != 0:
        sys.exit(f"instructions: {' '.join(words)}:\n{run.stdout[-2000:]}{run.stderr[-2000:]}")
    return run.stdout + run.stderr


def instructions(binary, kind, conf):
    with tempfile.TemporaryDirectory() as folder:
        said = command(["valgrind", "--tool=callgrind", "--toggle-collect=dns_answer_batch",
                        f"--callgrind-out-file={folder}/out", binary, kind, str(COUNT), conf,
                        str(WORLDS)])
    return round(int(re.search(r"Collected : (\d+)", said).group(1)) / COUNT, 1)


def nanoseconds(binary, kind, conf):
    return float(command([binary, kind, str(TIMED_COUNT), conf]).split()[1])


# ---- what the figures depend on ----


def compiler(binary):
    with open(os.path.join(ROOT, binary), "rb") as f:
        return re.search(rb"(GCC: \(|[^\0]*clang version )[^\0]+", f.read()).group(0).decode()


def flags(binary):
    folder = os.path.dirname(os.path.dirname(os.path.dirname(binary)))
    try:
        with open(os.path.join(ROOT, folder, "compile_commands.json")) as f:
            commands = [c["command"] for c in json.load(f) if c["file"].endswith("/answer_path.c")]
    except OSError:
        commands = []
    words = " ".join(commands[:1]).split()
    return " ".join(w for w in words if re.match("-([Om]|f(?!diag)|std=)", w)) or "unknown"


def machine():
    with open("/proc/cpuinfo") as f:
        return platform.machine() + (" avx2" if re.search(r"\bavx2\b", f.read()) else "")


def circumstances(binary):
    return {"compiler": compiler(binary), "flags": flags(binary), "machine": machine(),
            "libc": os.confstr("CS_GNU_LIBC_VERSION")}


# ---- the file ----


def write(found, figures):
    with open(COMMITTED, "w") as f:
        f.write(f"# Instructions a query in the answer path. Renew with {RENEW}\n")
        f.writelines(f"{key}: {value}\n" for key, value in found.items())
        f.writelines(f"{kind} {figure}\n" for kind, figure in figures.items())


def read():
    """Circumstances and figures."""
    found, figures = {}, {}
    with open(COMMITTED) as f:
        for line in f:
            if ": " in line:
                key, value = line.rstrip("\n").split(": ", 1)
                found[key] = value
            elif not line.startswith("#"):
                kind, figure = line.split()
                figures[kind] = float(figure)
    return found, figures


# ---- the comparison ----


def judge(kind, figure, committed, rise):
    """Whether the figure may stand, and what there is to say."""
    if figure is None or committed is None:
        return False, f"{kind}: {'no such query any more' if figure is None else 'has no figure yet'}: {RENEW}"
    change = figure / committed - 1
    words = f"{kind}: {figure} instructions, {abs(change):.1%} {'over' if change > 0 else 'below'} the " \
            f"{committed} of tests/bench/instructions.txt"
    if change > rise:
        return False, f"{words}, and {rise:.0%} are allowed.\n    Is that worth it? {RENEW}, and the reason " \
                      "into the commit."
    if change < -FALL:
        return True, f"{words}. Renew it, or what is won may be lost unseen: {RENEW}"
    return True, None


def skip(reason):
    print(f"skipped: {reason}\n0 passed, 0 failed, 1 skipped")
    return 0


def check(binary, figures):
    there, here = read()[0], circumstances(binary)
    for key in ("flags", "machine"):
        if there.get(key) != here[key]:
            return skip(f"instructions.txt is of {key} '{there.get(key)}', this is of '{here[key]}'")
    others = [key for key in ("compiler", "libc") if there.get(key) != here[key]]
    for key in others:
        print(f"note: {here[key]} here, {there.get(key)} in the file: {RISE_ELSEWHERE:.0%} are allowed")
    committed = read()[1]
    rise = RISE_ELSEWHERE if others else RISE
    kinds = [*figures, *(kind for kind in committed if kind not in figures)]
    n_failed = 0
    for kind in kinds:
        is_fine, words = judge(kind, figures.get(kind), committed.get(kind), rise)
        n_failed += not is_fine
        if words:
            print(words)
    print(f"{len(kinds) - n_failed} passed, {n_failed} failed, 0 skipped")
    return 1 if n_failed else 0


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--check", action="store_true")
    parser.add_argument("--write", action="store_true")
    parser.add_argument("answer_path", nargs="?")
    parser.add_argument("conf", nargs="?", default="tests/bench/world/waymark.conf")
    args = parser.parse_args()
    if args.write and args.answer_path:
        parser.error("--write is for what is built here, so that the figures are of one kind of build")
    binary = os.path.relpath(args.answer_path or build(), ROOT)
    figures = {}
    print(f"{'query':<15}{'instructions':>13}{'ns':>9}")
    for kind in command([binary, "--kinds"]).split():
        figures[kind] = instructions(binary, kind, args.conf)
        print(f"{kind:<15}{figures[kind]:>13}{nanoseconds(binary, kind, args.conf):>9}", flush=True)
    if args.write:
        write(circumstances(binary), figures)
    return check(binary, figures) if args.check else 0


if __name__ == "__main__":
    sys.exit(main())
