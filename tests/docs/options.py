"""The table of options (src/conf/options.def) against the manual page and the sample configuration.

waymark.conf(5) holds the table between two marker lines; `check.py --write` makes that part anew.
The sample shows every option below a comment with its sentence and default.
"""

import re

import tree

TABLE = "src/conf/options.def"
TYPES = "src/conf/conf_options.c"
MANUAL = "docs/waymark.conf.5"
SAMPLE = "packaging/waymark.conf.sample"

BEGIN = r'.\" options: made from src/conf/options.def by tests/docs/check.py --write'
END = r'.\" options: end'

TEXT = r'"((?:[^"\\]|\\.)*)"'
GROUP = re.compile(rf"^GROUP\((\w+), {TEXT}, {TEXT}\)$", re.M)
OPTION = re.compile(
    rf"^OPTION\((\w+), (\w+), (\w+), {TEXT}, {TEXT}, (-?\d+), (-?\d+), {TEXT}\)$", re.M)
TYPE = re.compile(rf"\[CONF_TYPE_(\w+)\]\s*=\s*\{{\s*{TEXT},\s*{TEXT},\s*LIMIT_(\w+)\s*\}}")


def plain(text):
    return re.sub(r"\\(.)", r"\1", text)


class Option:
    def __init__(self, match, types):
        group, name, kind, unit, preset, least, most, sentence = match
        self.group, self.name, self.kind = group, name, kind
        self.type, self.limit = types[kind]
        self.unit, self.preset, self.sentence = plain(unit), plain(preset), plain(sentence)
        self.least, self.most = int(least), int(most)

    def limits(self):
        if self.kind == "WORD":
            return "one of " + ", ".join(self.unit.split("|"))
        if self.limit == "RANGE":
            return f"{self.least} to {self.most}"
        if self.limit == "LENGTH":
            return f"at most {self.most} characters"
        if self.limit == "COUNT":
            few = f"{self.least} to {self.most}" if self.least > 0 else f"at most {self.most}"
            return str(self.most) if self.least == self.most else few
        return ""

    def default(self):
        if self.preset == "required":
            return "required"
        if self.kind in ("GROUP", "GROUPS", "NAMED"):
            return ""
        return f"default {self.preset}" if self.preset else "no default"

    def facts(self):
        unit = "" if self.kind == "WORD" else self.unit
        return [fact for fact in (self.type, unit, self.limits(), self.default()) if fact]


class Table:
    def __init__(self, root):
        text = tree.read(root, TABLE)
        types = {m[0]: (plain(m[1]), m[3]) for m in TYPE.findall(tree.read(root, TYPES))}
        self.groups = [(g, plain(path), plain(s)) for g, path, s in GROUP.findall(text)]
        self.options = [Option(m, types) for m in OPTION.findall(text)]
        wanted = len(re.findall(r"^(?:GROUP|OPTION)\(", text, re.M))
        if wanted != len(self.groups) + len(self.options) or not self.options:
            raise ValueError(f"{TABLE}: a line that cannot be read")

    def of(self, group):
        return [o for o in self.options if o.group == group]


# ---- the manual page ----


def roff(text):
    """A text as mdoc lines: a sentence per line, nothing taken for a macro."""
    text = text.replace("\\", r"\e").replace("`", "'")
    lines = re.sub(r"(?<=[.;:]) (?=[A-Z])", "\n", text).split("\n")
    return [r"\&" + line if line[0] in ".'" else line for line in lines]


def item(option):
    return [f".It Ic {option.name}", "(" + "; ".join(option.facts()) + ")", *roff(option.sentence)]


def manual_groups(table):
    """Lines per group, as they must stand in the page."""
    for group, path, sentence in table.groups:
        lines = [f".Ss {path if path else 'The file'}", *roff(sentence),
                 ".Bl -tag -width Ds -compact"]
        for option in table.of(group):
            lines += item(option)
        yield group, lines + [".El"]


def manual_part(text):
    """The lines between the markers; None when they are not there."""
    lines = text.split("\n")
    if lines.count(BEGIN) != 1 or lines.count(END) != 1:
        return None
    return lines[lines.index(BEGIN) + 1:lines.index(END)]


def contains(lines, wanted):
    n = len(wanted)
    return any(lines[i:i + n] == wanted for i in range(len(lines) - n + 1))


def sections(lines):
    """Heading of each .Ss -> its lines."""
    found, heading = {}, None
    for line in lines:
        if line.startswith(".Ss "):
            heading = line
            found[heading] = []
        elif heading is not None:
            found[heading].append(line)
    return found


def check_manual(root, table):
    part = manual_part(tree.read(root, MANUAL))
    if part is None:
        return [f"{MANUAL}: the marker lines around the table of options are gone"]
    found, in_page = [], sections(part)
    for group, lines in manual_groups(table):
        section = in_page.get(lines[0], [])
        for option in table.of(group):
            wanted = item(option)
            if wanted[0] not in section:
                found.append(f"{MANUAL}: {lines[0][4:]}: the option {option.name} is missing")
            elif not contains(section, wanted):
                found.append(f"{MANUAL}: {lines[0][4:]}: what it says of {option.name} is stale: "
                             f"expected {' '.join(wanted[1:])}")
    whole = [line for _, lines in manual_groups(table) for line in lines]
    if not found and part != whole:
        found.append(f"{MANUAL}: its part on options differs from {TABLE}: run "
                     "tests/docs/check.py --write")
    return found


def write_manual(root):
    text = tree.read(root, MANUAL)
    part = manual_part(text)
    if part is None:
        raise ValueError(f"{MANUAL}: no marker lines")
    lines = [line for _, group in manual_groups(Table(root)) for line in group]
    head, _, rest = text.partition(BEGIN + "\n")
    tail = rest.partition(END)[2]
    with open(f"{root}/{MANUAL}", "w", encoding="utf-8") as f:
        f.write(head + BEGIN + "\n" + "\n".join(lines) + "\n" + END + tail)


# ---- the sample ----

SHOWN = re.compile(r"^\s*(?:#\s*)?(?:\{ )?([a-z][a-z0-9_]*)\s*[=:](?:\s.*)?[;{(\[]\s*$")
COMMENT = re.compile(r"^\s*#\s?(.*)$")


def sample_options(text):
    """(name, words of the comment above it) of every option shown, commented out or not."""
    comment = []
    for line in text.split("\n"):
        shown, words = SHOWN.match(line), COMMENT.match(line)
        if shown:
            yield shown[1], " ".join(" ".join(comment).split())
            comment = []
        elif words:
            comment.append(words[1])
        else:
            comment = []


def check_sample(root, table):
    shown = list(sample_options(tree.read(root, SAMPLE)))
    found = []
    for option in table.options:
        texts = [text for name, text in shown if name == option.name]
        default = option.default()
        wanted = f"{option.sentence} ({default})" if default else option.sentence
        if not texts:
            found.append(f"{SAMPLE}: the option {option.name} ({option.group}) is missing")
        elif not any(wanted in text for text in texts):
            found.append(f"{SAMPLE}: the comment of {option.name} ({option.group}) is stale: "
                         f"expected {wanted}")
    return found


def check(root):
    table = Table(root)
    return check_manual(root, table) + check_sample(root, table)
