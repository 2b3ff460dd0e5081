"""README.md and waymark(8) against the tree: files and commands that they name must be there."""

import fnmatch
import os
import re

import tree

README = "README.md"
MAY_BE_ABSENT = True  # False from the day it is in the tree
MANUAL = "docs/waymark.8"
MAIN = "src/main.c"

FENCE = re.compile(r"^```(\w*)\n(.*?)^```", re.M | re.S)
CODE = re.compile(r"`([^`\n]+)`")
LINK = re.compile(r"\]\(([^)\s]+)\)")
PATH = re.compile(r"(?<![\w./~$@{-])((?:[\w.-]+/)*[\w.*-]*)")
COMMAND = re.compile(r"(?:^|[\s`/])waymark[ \t]+([a-z][a-z-]*)", re.M)
COMMANDS = re.compile(r'^\s*\{\s*"([a-z-]+)",\s', re.M)
LONG_OPTIONS = re.compile(r'^\s*\{\s*"([a-z-]+)",\s*(?:required_argument|no_argument)', re.M)

# What a build or a server makes where the text says so.
MADE = ["build", "build/*", "build-*", "build-*/*", "state/*", "run/*", "geo-data/fetched*"]


def commands(root):
    text = tree.read(root, MAIN)
    table = text[text.index("struct command commands[]"):]
    return set(COMMANDS.findall(table[:table.index("\n};")]))


def is_made(path):
    return any(fnmatch.fnmatch(path.rstrip("/"), pattern) for pattern in MADE)


def exists(root, path):
    path = os.path.normpath(path)
    if "*" not in path:
        return os.path.exists(os.path.join(root, path))
    return any(fnmatch.fnmatch(p, path) for p in tree.files(root))


def tops(root):
    """First parts of paths by which a word is known to be one."""
    return {name for name in os.listdir(root) if os.path.isdir(os.path.join(root, name))} | {
        "src", "include", "tests", "tools", "docs", "zones", "geo-data", "packaging", ".ci"}


def looks_like_path(word, known):
    if "/" in word:
        return word.split("/")[0] in known
    return bool(re.fullmatch(r"[A-Z]+\.md", word)) or word == "LICENSE"


def paths_in(text, known):
    for word in PATH.findall(text):
        word = word.rstrip(".")
        if looks_like_path(word, known):
            yield word


def map_paths(block):
    """Paths of a drawn tree: a name first on each line, deeper by indentation."""
    stack = []
    for line in block.split("\n"):
        m = re.match(r"( *)([\w.*-]+/?)(?:\s{2,}\S.*|\s*)$", line)
        if m is None:
            continue
        indent, name = len(m[1]), m[2]
        while stack and stack[-1][0] >= indent:
            stack.pop()
        yield "".join(part for _, part in stack) + name
        if name.endswith("/"):
            stack.append((indent, name))


def is_map(block):
    first = block.split("\n")[0]
    return re.match(r"[\w.-]+/(\s|$)", first) is not None


def check_files(root, text):
    known, wanted = tops(root), set()
    for _, block in FENCE.findall(text):
        wanted |= set(map_paths(block)) if is_map(block) else set(paths_in(block, known))
    prose = FENCE.sub("", text)
    for code in CODE.findall(prose):
        wanted |= set(paths_in(code, known))
    for link in LINK.findall(prose):
        if not re.match(r"[a-z]+:|#", link):
            wanted.add(link.split("#")[0])
    return [f"{README} names {path}, which is not there" for path in sorted(wanted)
            if not is_made(path) and not exists(root, path)]


def code_of(text):
    blocks = [block for _, block in FENCE.findall(text)]
    return "\n".join(blocks + CODE.findall(FENCE.sub("", text)))


def check_commands(root, text):
    named = set(COMMAND.findall(code_of(text)))
    return [f"{README} names the command `waymark {name}`, which is not there"
            for name in sorted(named - commands(root))]


def check_manual(root):
    text = tree.read(root, MANUAL)
    found = [f"{MANUAL}: the command {name} is missing" for name in sorted(commands(root))
             if f".It Ic {name}" not in text]
    found += [f"{MANUAL}: the option --{name} is missing"
              for name in LONG_OPTIONS.findall(tree.read(root, MAIN))
              if f"Fl -{name}" not in text]
    named = set(re.findall(r"^\.It Ic ([a-z-]+)", text, re.M))
    return found + [f"{MANUAL} names the command {name}, which is not there"
                    for name in sorted(named - commands(root))]


def is_absent(root):
    return not os.path.exists(os.path.join(root, README))


def check(root):
    if is_absent(root):
        return [f"{README} is not there"]
    text = tree.read(root, README)
    return check_files(root, text) + check_commands(root, text)
