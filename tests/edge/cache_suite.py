#!/usr/bin/env python3
"""The public cache test suite through an edge: npm's http-cache-tests, in node.

    cache_suite.py [--write] [--base URL --origin-port PORT] [TEST-ID]

Prints how many tests passed and each that did not. Exit status 0: at least REQUIRED_MIN of the
required ones passed; 1: fewer; 77: node, npm or the package is not to be had, with the reason.
--write makes docs/cache-tests.md. With --base it judges another cache, whose origin it starts at
127.0.0.1:PORT. With a test's id it runs that one and shows its dialogue.

The package goes into run/cache-tests, which git ignores, and never into the project. The suite's
authors call it no conformance test but a tool to see how a cache behaves, and so do we.
"""
import argparse
import collections
import fcntl
import fnmatch
import json
import os
import re
import shutil
import signal
import socket
import subprocess
import sys
import textwrap
import time

HERE = os.path.dirname(os.path.abspath(__file__))
ROOT = os.path.dirname(os.path.dirname(HERE))
sys.path.insert(0, os.path.join(ROOT, "tests", "live"))
import live  # noqa: E402

PACKAGE = "http-cache-tests@0.4.5"
FOLDER = os.path.join(ROOT, "run", "cache-tests")
REPORT = os.path.join(ROOT, "docs", "cache-tests.md")
REQUIRED_MIN = 130
INSTALL_S, RUN_S, START_S = 60, 240, 20
SKIP = 77

# Why a test fails: patterns of ids, the first that fits counts.
REASONS = (
    ("age-parse-*", "RFC 9111 5.1 came after this test: of a list the first member counts, and an Age "
                    "that is no number is ignored. The response stays fresh."),
    ("stale-close-*", "The edge answers 502 by itself, as RFC 9111 5.2.2.2 asks; the test takes any "
                      "answer without the origin's own fields for one from the cache."),
    ("headers-store-Transfer-Encoding", "The origin's answer names a transfer coding that nobody "
                                        "knows, so where its body ends cannot be known (RFC 9112 6.3): "
                                        "it is refused with 502, and so not stored."),
    ("heuristic-*", "Without a lifetime an object is stored to be validated, and never guessed to be "
                    "fresh."),
    ("method-POST", "Answers to POST are passed on and never stored."),
    ("vary-normalise-lang-*", "Accept-Language is compared as text, but for spaces and case: what its "
                              "members mean is the origin's business."),
    ("conditional-lm-fresh-no-lm", "Date does not stand in for a Last-Modified that is absent."),
    ("partial-*", "A part is passed on and not stored; parts are cut from whole objects."),
)
NO_REASON = "A fault of the edge."


class Skip(Exception):
    """Why it cannot run here."""


def main():
    args = arguments()
    try:
        results = judge(args)
    except Skip as why:
        print(f"skipped: {why}")
        return SKIP
    if args.id:
        print(results[0]["result"] if results else "no such test")
        return 0
    print(summary(results))
    for test in results:
        if test["result"] != "pass":
            print(f"  {test['kind']:8}  {test['id']}: {test['result']}")
    if args.write:
        with open(REPORT, "w", encoding="utf-8") as f:
            f.write(report(results))
    return 0 if passed(results, "required") >= REQUIRED_MIN or args.base else 1


def arguments():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--write", action="store_true", help="make docs/cache-tests.md")
    parser.add_argument("--base", help="another cache to judge: http://127.0.0.1:8000")
    parser.add_argument("--origin-port", type=int, help="where that cache looks for the origin")
    parser.add_argument("id", nargs="?", help="one test")
    args = parser.parse_args()
    if bool(args.base) != bool(args.origin_port):
        parser.error("--base and --origin-port go together")
    return args


# ---- the package ----


def install():
    """Once; several runs in one tree wait for each other."""
    if shutil.which("node") is None or shutil.which("npm") is None:
        raise Skip("node and npm are not installed")
    os.makedirs(FOLDER, exist_ok=True)
    with open(os.path.join(FOLDER, "lock"), "w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if os.path.exists(os.path.join(FOLDER, "node_modules/http-cache-tests/package.json")):
            return
        words = ["npm", "install", "--prefix", FOLDER, "--no-save", "--ignore-scripts", "--no-audit",
                 "--no-fund", "--fetch-retries=0", "--fetch-timeout=15000", PACKAGE]
        try:
            done = subprocess.run(words, capture_output=True, text=True, timeout=INSTALL_S,
                                  cwd=FOLDER)
        except subprocess.TimeoutExpired:
            raise Skip(f"npm could not fetch {PACKAGE} in {INSTALL_S} s") from None
        if done.returncode != 0:
            lines = [line for line in done.stderr.splitlines() if re.match("npm err", line, re.I)]
            raise Skip(f"npm could not fetch {PACKAGE}: {(lines or ['no reason given'])[0]}")


# ---- the cast ----


def end(child):
    if child.poll() is None:
        child.send_signal(signal.SIGTERM)
        try:
            child.wait(5)
        except subprocess.TimeoutExpired:
            child.kill()
            child.wait()


def wait_for_port(port, child):
    until = time.monotonic() + START_S
    while time.monotonic() < until:
        with socket.socket() as s:
            if s.connect_ex(("127.0.0.1", port)) == 0:
                return
        if child.poll() is not None:
            raise AssertionError(f"the suite's origin ended with status {child.returncode}")
        time.sleep(0.05)
    raise AssertionError(f"the suite's origin does not listen after {START_S} s")


def start_origin(port):
    package = os.path.join(FOLDER, "node_modules", "http-cache-tests")
    env = {**os.environ, "npm_config_protocol": "http", "npm_config_port": str(port),
           "npm_config_pidfile": os.devnull}
    preload = os.path.join(HERE, "cache_suite_loopback.cjs")
    child = subprocess.Popen(["node", "--require", preload, "server/server.mjs"], cwd=package,
                             env=env, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL)
    wait_for_port(port, child)
    return child


def configuration(port, origin_port):
    return (f'pops: {{ here: {{ at = [0.0, 0.0]; addresses = ["127.0.0.1"]; }}; }};\n'
            f'origins: {{ suite: {{ url = "http://127.0.0.1:{origin_port}"; }}; }};\n'
            f'edges: ( {{ pop = "here"; listen = "127.0.0.1:{port}"; origin = "suite"; }} );\n')


def run(base, test_id):
    words = ["node", "--no-warnings", os.path.join(HERE, "cache_suite_run.mjs"), FOLDER, base]
    done = subprocess.run(words + ([test_id] if test_id else []), stdout=subprocess.PIPE, text=True,
                          stderr=None if test_id else subprocess.DEVNULL, timeout=RUN_S)
    assert done.returncode == 0, f"the suite's client ended with status {done.returncode}"
    return json.loads(done.stdout)


def judge(args):
    install()
    origin_port = args.origin_port or live.free_port()
    origin = start_origin(origin_port)
    server = None
    try:
        base = args.base
        if base is None:
            port = live.free_port()
            server = live.Server(rest=configuration(port, origin_port)).start()
            base = f"http://127.0.0.1:{port}"
        results = run(base, args.id)
        if server is not None:
            assert server.stop() == 0, server.log
        return results
    finally:
        end(origin)
        if server is not None:
            server.close()


# ---- the score ----


def passed(results, kind):
    return sum(test["kind"] == kind and test["result"] == "pass" for test in results)


def total(results, kind):
    return sum(test["kind"] == kind for test in results)


def summary(results):
    return (f"required {passed(results, 'required')} of {total(results, 'required')}, "
            f"optimal {passed(results, 'optimal')} of {total(results, 'optimal')}, "
            f"checks {passed(results, 'check')} yes of {total(results, 'check')}")


def reason(test_id):
    for pattern, text in REASONS:
        if fnmatch.fnmatch(test_id, pattern):
            return text
    return NO_REASON


def cell(text):
    return " ".join(text.replace("|", "\\|").split())


def told(tests):
    """Tests that fail for one reason together, under it."""
    reasons = collections.defaultdict(list)
    for test in tests:
        reasons[reason(test["id"])].append(test)
    return [line for why, together in reasons.items()
            for line in textwrap.wrap(why, 110) + ["", "| test | what happened |", "|---|---|"] +
            [f"| `{test['id']}` | {cell(test['result'])} |" for test in together]]


def report(results):
    lines = ["# The public cache test suite", "",
             f"npm's `{PACKAGE}` through one edge; made by `tests/edge/cache_suite.py --write`. Its "
             "authors call it a tool to",
             "see how a cache behaves, not a conformance test: a required test that fails is a "
             "deviation to explain, a check is",
             "neither good nor bad.", "",
             "| kind | passed | of |", "|---|---|---|"]
    lines += [f"| {kind} | {passed(results, kind)} | {total(results, kind)} |"
              for kind in ("required", "optimal", "check")]
    for kind, heading in (("required", "Required tests that fail"),
                          ("optimal", "Optimal behaviour that is missing")):
        failing = [test for test in results if test["kind"] == kind and test["result"] != "pass"]
        lines += ["", f"## {heading}", ""]
        if not failing:
            lines.append("None.")
            continue
        groups = collections.defaultdict(list)
        for test in failing:
            groups[test["suite"]].append(test)
        for group, tests in groups.items():
            lines += [f"### {group}", ""] if group != heading else []
            lines += told(tests) + [""]
        lines.pop()
    return "\n".join(lines) + "\n"


if __name__ == "__main__":
    sys.exit(main())
