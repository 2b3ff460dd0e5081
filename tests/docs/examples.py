#!/usr/bin/env python3
"""The examples of docs/steering.md, run: examples.py ROOT WAYMARK.

A block below a comment `<!-- run: ... -->` is configuration, a blank line, and lines that
`waymark explain` must print in that order (blanks do not count, nor what was drawn and for whom).
The configuration goes over the demo's: `policy` and other options of a service, or of a target
(`NAME: { ... };`) whose options it adds to the demo's. The comment says the rest: client=ADDRESS,
targets=a,b,c (the demo's PoPs unless given), without=TARGET, type=TYPE; command=table or command=diff
compares with what those print.
"""

import os
import re
import subprocess
import sys
import tempfile

import tree

PAGE = "docs/steering.md"
DEMO = "tools/demo.d/waymark.conf"
POPS = "tokyo,london,newyork,sydney,paris"
EXAMPLE = re.compile(r"^<!-- run:(.*?)-->\n```\n(.*?)^```", re.M | re.S)
STAGES = ["healthy", "fence", "region", "within", "nearest", "priority", "weighted", "sticky", "floor",
          "take"]


def split(block):
    """The configuration's text and the lines to be printed."""
    conf, _, shown = block.partition("\n\n")
    return conf, [line for line in shown.split("\n") if line.strip()]


def with_targets(demo, conf):
    """Puts `NAME: { options };` of the example into the demo's target; returns the rest."""
    rest = []
    for line in conf.split("\n"):
        target = re.match(r"(\w+):\s*\{ \.\.\.;(.*)\};\s*$", line)
        if target:
            demo, n = re.subn(rf"(\b{target[1]}:\s*\{{)", rf"\1 {target[2].strip()}", demo, count=1)
            assert n == 1, f"the demo has no target {target[1]}"
        else:
            rest.append(line)
    return demo, "\n".join(rest)


def configuration(demo, conf, facts):
    demo, rest = with_targets(demo, conf)
    rest = re.sub(r"#.*", "", rest)
    targets = ", ".join(f'"{t}"' for t in facts.get("targets", POPS).split(","))
    service = f'''services: (
  {{ name = "www"; hosts = ["www.cdn.example"]; ttl_s = 30; targets = [{targets}];
{rest} }}
);
regions: {{ apac: {{ countries = ["JP", "AU", "SG"]; }}; europe: {{ continents = ["EU"]; }}; }};
'''
    head = demo[:demo.index("services: (")]
    return head.replace('control = "run/demo/waymark.sock";', 'control = "/nowhere/waymark.sock";') + service


def words(line):
    """A line without what differs from day to day."""
    line = re.sub(r"^\s*drawn .*", "drawn", line)
    return " ".join(re.sub(r"\s*#.*", "", line).split())


def missing(shown, printed):
    """The first line that is not printed, after those before it."""
    rest = [words(line) for line in printed.split("\n")]
    for line in shown:
        if words(line) not in rest:
            return line
        rest = rest[rest.index(words(line)) + 1:]
    return None


def command(facts, path, other):
    if facts.get("command") == "table":
        return ["explain", "-c", path, "--all-up", "www.cdn.example", "--table"]
    if facts.get("command") == "diff":
        return ["explain", "-c", other, "--all-up", "--diff", path, "www.cdn.example"]
    words = ["explain", "-c", path, "--all-up", "www.cdn.example", facts.get("type", "A"),
             "--client", facts["client"]]
    return words + (["--without", facts["without"]] if "without" in facts else [])


def run(root, waymark, number, facts, block):
    conf, shown = split(block)
    demo = tree.read(root, DEMO)
    with tempfile.TemporaryDirectory() as folder:
        path, other = f"{folder}/waymark.conf", f"{folder}/other.conf"
        for name, policy in ((path, conf), (other, 'policy = ("healthy", "nearest");')):
            with open(name, "w", encoding="utf-8") as f:
                f.write(configuration(demo, policy, facts))
        done = subprocess.run([waymark, *command(facts, path, other)], cwd=root,
                              capture_output=True, text=True, timeout=60)
    if done.returncode != 0:
        return [f"{PAGE}: example {number}: {done.stderr}"]
    line = missing(shown, done.stdout)
    return [] if line is None else [f"{PAGE}: example {number}: not printed: {line.strip()}\n"
                                    f"{done.stdout}"]


def main(root, waymark):
    page = tree.read(root, PAGE)
    examples = EXAMPLE.findall(page)
    found = []
    for number, (facts, block) in enumerate(examples, 1):
        assert split(block)[1], f"example {number} shows nothing"
        found += run(root, waymark, number, dict(f.split("=", 1) for f in facts.split()), block)
    for stage in STAGES:
        section = re.search(rf"^### {stage}\n(.*?)(?=^##)", page, re.M | re.S)
        if section is None or not EXAMPLE.search(section[1]):
            found.append(f"{PAGE}: the stage {stage} has no example that is run")
    print("\n".join(found) if found else f"{len(examples)} examples hold")
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1], os.path.abspath(sys.argv[2])))
