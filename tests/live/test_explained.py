"""test_explained.py - what `waymark explain --at --resolver --client` says is what dig gets: records, scope and
TTL, for random clients, resolvers, services and types. On the demo's data, 400 pairs; WAYMARK_LONG: 10,000, on the
real databases where they are (tools/geo-data fetch). Every hundredth is asked of the command itself, the others
of the control socket that it asks."""
import json
import os
import random
import re
import shutil
import socket
import subprocess
import time
import unittest

import live
import test_whole
from live import waymark

PAIRS = 10000 if os.environ.get("WAYMARK_LONG") else 400
AT_ONCE = 100  # of one dig; explained for the moments before and after it
RECORD = re.compile(r"^([^;\s]\S*)\s+(\d+)\s+IN\s+(\S+)\s+(.+)$", re.M)


def packets(text):
    """What dig printed, answer by answer: status, records as (type, data, ttl), scope."""
    for part in text.split(";; ->>HEADER<<-")[1:]:
        status = re.search(r"status: (\w+)", part)[1]
        answer = part.partition(";; ANSWER SECTION:")[2].partition("\n\n")[0]
        scope = re.search(r"CLIENT-SUBNET: \S+/\d+/(\d+)", part)
        yield {"status": status, "scope": int(scope[1]) if scope else None,
               "records": [(kind, data.rstrip("."), int(ttl)) for _, ttl, kind, data in
                           RECORD.findall(answer)]}


def told(x):
    """The same of an explanation."""
    answer = x["answer"]
    return {"status": answer["rcode"], "scope": answer.get("ecs_scope"),
            "records": [(r["type"], r["data"].rstrip("."), r["ttl"]) for r in answer["answer"]]}


def difference(got, before, after):
    """None when dig got what is explained for the one moment or the other; a TTL may lie between."""
    for said in (before, after):
        if got["status"] != said["status"] or got["scope"] != said["scope"]:
            continue
        if [r[:2] for r in got["records"]] != [r[:2] for r in said["records"]]:
            continue
        ttls = [(r[2], b[2], a[2]) for r, b, a in zip(got["records"], before["records"], after["records"])]
        if all(r in (b, a) or min(b, a) <= r <= max(b, a) or b < a for r, b, a in ttls):
            return None  # b < a: a window ended between
    return f"dig got {got}\nexplained: {before}\nand later {after}"


@unittest.skipUnless(shutil.which("dig"), "no dig")
class Explained(live.LiveTest):
    def pair(self, rng):
        """A question for dig and for explain."""
        name = f"{rng.choice(['near', 'keep', 'rule', 'mix'])}.plain.example"
        kind = rng.choice(list(test_whole.TYPES))
        resolver = f"127.{rng.randrange(1, 255)}.{rng.randrange(256)}.{rng.randrange(1, 255)}"
        _, _, client = test_whole.random_client(rng)
        if rng.random() < 0.2:
            client = None
        return {"name": name, "type": kind, "client": client, "resolver": resolver}

    def dig(self, s, pairs):
        lines = "".join(f"{p['name']} {p['type']} -b {p['resolver']} +time=20 +tries=1 "
                        f"{'+subnet=' + p['client'] if p['client'] else '+nosubnet'}\n" for p in pairs)
        done = subprocess.run(["dig", "@127.0.0.1", "-p", str(s.port), "-f", "-"], input=lines,
                              capture_output=True, text=True, timeout=live.PATIENCE_S)
        found = list(packets(done.stdout))
        self.assertEqual(len(found), len(pairs), done.stdout + done.stderr)
        return found

    def explain(self, pair, at):
        request = {k: v for k, v in pair.items() if v is not None}
        self.control.sendall(json.dumps({"do": "explain", "at": str(at), **request}).encode() + b"\n")
        return told(json.loads(self.lines.readline()))

    def command(self, s, pair, at):
        client = ["--client", pair["client"]] if pair["client"] else []
        code, out, err = waymark("explain", "-c", s.conf, pair["name"], pair["type"], "--resolver",
                                 pair["resolver"], "--at", str(at), "--json", *client)
        self.assertEqual(code, 0, err)
        return told(json.loads(out))

    def test_what_is_explained_for_a_moment_and_a_resolver_is_what_dig_gets(self):
        s = test_whole.Whole.steered(self, is_real=PAIRS > 1000)
        s.start()
        self.control = socket.socket(socket.AF_UNIX)
        self.addCleanup(self.control.close)
        self.control.connect(s.path("run/sock"))
        self.lines = self.control.makefile("rb")
        self.addCleanup(self.lines.close)
        rng = random.Random(9)
        seen = set()
        for _ in range(PAIRS // AT_ONCE):
            pairs = [self.pair(rng) for _ in range(AT_ONCE)]
            before = int(time.time())
            got = self.dig(s, pairs)
            after = int(time.time()) + 1
            for i, (pair, answer) in enumerate(zip(pairs, got)):
                early, late = self.explain(pair, before), self.explain(pair, after)
                self.assertIsNone(difference(answer, early, late), pair)
                if i == 0:
                    self.assertEqual(self.command(s, pair, before), early)
                seen.update(r[1] for r in answer["records"])
        print(f"{PAIRS} pairs, {len(seen)} different records")
        self.assertLess(12, len(seen))
        self.stop(s)


if __name__ == "__main__":
    live.main()
