#!/usr/bin/env python3
"""The configurations that people copy are ones that serve: served.py ROOT WAYMARK.

`waymark check` over README's, the demo's and the sample, each from the top of the tree.
"""

import os
import subprocess
import sys
import tempfile

import readme
import tree

FILES = ["tools/demo.d/waymark.conf", "packaging/waymark.conf.sample"]


def configurations(root):
    """Where it stands, and its text."""
    blocks = [block for _, block in readme.FENCE.findall(tree.read(root, readme.README))]
    found = [(readme.README, block) for block in blocks if block.startswith("server:")]
    assert found, f"{readme.README} has no configuration to copy"
    return found + [(path, tree.read(root, path)) for path in FILES]


def check(root, waymark, where, text):
    with tempfile.NamedTemporaryFile("w", suffix=".conf") as f:
        f.write(text)
        f.flush()
        done = subprocess.run([waymark, "check", "-c", f.name], cwd=root, capture_output=True,
                              text=True, timeout=60)
    is_good = done.returncode == 0 and "0 warnings" in done.stdout
    return [] if is_good else [f"{where}: {done.stdout}{done.stderr}"]


def main(root, waymark):
    found = [line for where, text in configurations(root)
             for line in check(root, waymark, where, text)]
    print("\n".join(found))
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1], os.path.abspath(sys.argv[2])))
