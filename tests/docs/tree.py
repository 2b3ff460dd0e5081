"""The project's files: what every checker looks at."""

import os

SKIPPED = {".git", "__pycache__"}  # in a worktree .git is a file
MADE_AT_ROOT = {"run", "state"}  # by a server started here; git ignores them


def is_build(folder):
    return os.path.isdir(os.path.join(folder, "meson-private"))


def files(root):
    """Paths relative to root, sorted; build folders and what git ignores are left out."""
    found = []
    for folder, folders, names in os.walk(root):
        at = os.path.relpath(folder, root)
        if at == ".":
            folders[:] = [f for f in folders
                          if f not in MADE_AT_ROOT and not f.startswith("build")]
        if at == "geo-data":
            folders[:] = [f for f in folders if f != "fetched"]
        folders[:] = [f for f in folders
                      if f not in SKIPPED and not is_build(os.path.join(folder, f))]
        found += [os.path.normpath(os.path.join(at, name)) for name in names
                  if not name.endswith(".pyc") and name not in SKIPPED]
    return sorted(found)


def read(root, path):
    """Text of a file; octets that are no UTF-8 stay distinguishable."""
    with open(os.path.join(root, path), encoding="utf-8", errors="surrogateescape") as f:
        return f.read()
