"""ask.py - asks as an operator would: with dig, with curl, and with the commands of waymark.

Every question is a real command; `command` of an answer is what to type to get it again.
"""
import json
import os
import re
import subprocess
from dataclasses import dataclass, field

WAYMARK = "build/waymark"
RECORD = re.compile(r"^(\S+)\s+(\d+)\s+IN\s+(\S+)\s+(.+)$")
STATUS = re.compile(r"status: (\w+)")
SUBNET = re.compile(r"CLIENT-SUBNET: (\S+)/(\d+)/(\d+)")


class Trouble(Exception):
    """Something that the tour cannot go on without."""


@dataclass
class Answer:
    command: str
    status: str = "no answer"
    ttl: int = -1
    scope: int = -1  # -1: the answer has no client subnet option
    records: list = field(default_factory=list)  # data of the last link of the chain


def parse_dig(command, text):
    answer = Answer(command)
    found = STATUS.search(text)
    if found:
        answer.status = found.group(1)
    found = SUBNET.search(text)
    if found:
        answer.scope = int(found.group(3))
    in_answer = False
    for line in text.splitlines():
        if line.startswith(";;"):
            in_answer = line.startswith(";; ANSWER SECTION")
            continue
        found = RECORD.match(line) if in_answer else None
        if found:
            answer.ttl = int(found.group(2)) if answer.ttl < 0 else min(answer.ttl, int(found.group(2)))
            answer.records.append(found.group(4).rstrip("."))
    return answer


@dataclass
class Object:
    """What curl got."""
    command: str
    status: int = 0
    cache: str = "nothing"  # HIT, MISS, ...
    fields: dict = field(default_factory=dict)
    body: str = ""


def parse_curl(command, text):
    head, _, body = text.partition("\r\n\r\n")
    lines = head.split("\r\n")
    found = re.match(r"HTTP/1\.1 (\d+)", lines[0])
    if found is None:
        return Object(command)
    fields = {}
    for line in lines[1:]:
        name, _, value = line.partition(":")
        fields[name.strip().lower()] = value.strip()
    words = fields.get("x-cache", "?").split()
    return Object(command, int(found.group(1)), words[0] if words else "?", fields, body)


class Asker:
    """Knows where the server is."""

    def __init__(self, port, conf, http_port):
        self.port = port
        self.conf = conf
        self.http_port = http_port

    def dig_command(self, name, subnet=None, source=None, kind="A"):
        words = ["dig", "@127.0.0.1", "-p", str(self.port)]
        words += ["-b", source] if source else []
        words += [name, kind]
        words += [f"+subnet={subnet}"] if subnet else []
        return words

    def dig(self, name, subnet=None, source=None, kind="A"):
        words = self.dig_command(name, subnet, source, kind)
        done = subprocess.run(words + ["+tries=2", "+time=1"], capture_output=True, text=True,
                              env={**os.environ, "HOME": "/nonexistent"})  # no ~/.digrc
        return parse_dig(" ".join(words), done.stdout)

    def explain_command(self, name, client):
        return [WAYMARK, "explain", "-c", self.conf, name, "--client", client]

    def explain(self, name, client):
        done = subprocess.run(self.explain_command(name, client) + ["--json"],
                              capture_output=True, text=True)
        if done.returncode != 0:
            raise Trouble(f"waymark explain failed: {done.stderr.strip()}")
        return json.loads(done.stdout)

    def explain_text(self, name, client):
        done = subprocess.run(self.explain_command(name, client), capture_output=True, text=True)
        if done.returncode != 0:
            raise Trouble(f"waymark explain failed: {done.stderr.strip()}")
        return done.stdout

    def status_text(self):
        done = subprocess.run([WAYMARK, "status", "-c", self.conf], capture_output=True, text=True)
        if done.returncode != 0:
            raise Trouble(f"waymark status failed: {done.stderr.strip()}")
        return done.stdout

    def run(self, *words):
        """A command of waymark that must succeed: what it prints."""
        done = subprocess.run([WAYMARK, words[0], "-c", self.conf, *words[1:]], capture_output=True,
                              text=True)
        if done.returncode != 0:
            raise Trouble(f"waymark {words[0]} failed: {done.stdout}{done.stderr}")
        return done.stdout

    def fetch(self, url, client):
        return json.loads(self.run("fetch", url, "--client", client, "--json"))

    def curl_command(self, url, address):
        return ["curl", "-si", "--connect-to", f"::{address}:{self.http_port}", url]

    def curl(self, url, address):
        words = self.curl_command(url, address)
        done = subprocess.run(words[:1] + ["-q", "--noproxy", "*", "-m", "10"] + words[1:],
                              capture_output=True)  # not as text, which would lose the CR of CRLF
        return parse_curl(" ".join(words), done.stdout.decode("utf-8", "replace"))
