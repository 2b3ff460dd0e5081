#!/usr/bin/env python3
"""run.py - Waymark, NSD, Knot and BIND load the same zones and get the same questions.

usage: run.py [--seed S] [--families N] [--questions N] [--only I] [--keep] [--verbose]

N families side by side, then the root zone with a few of them below it; then both once more, with
services in Waymark at some names (services.py): whatever they do not answer must be the same. A
difference of Waymark from two peers that agree is a failure, unless allowed.py has the sentence of an
RFC that allows it. --only I makes family I alone, with the same zones and questions: that is how a
failure is replayed. The binary is in $WAYMARK. Exit status 77: a peer is not installed."""
import argparse
import collections
import os
import random
import shutil
import signal
import sys
import tempfile

import allowed
import compare
from asker import Asker, ask_all, ask_tcp
from odd import odd_questions
from packet import ECS, NSID, SOA, Edns, Question
from peers import PEERS, Waymark, Zones
from services import Services, configuration, is_a_services
from zones import Family, delegate

SHOWN_MAX, TCP_MAX, ROOT = 12, 400, 100000


def edns_of(rng):
    """As resolvers send it: none, 1232, DO, small, large, with a client's subnet."""
    subnet = rng.choice([b"\0\1\x18\0\xc0\0\x02", b"\0\1\0\0", b"\0\2\x38\0\x20\x01\x0d\xb8\0\0\0",
                         b"\0\1\x20\0\xc6\x33\x64\x01"])
    return rng.choice([
        None, None, None, None, Edns(), Edns(), Edns(do=True), Edns(size=512), Edns(size=512, do=True),
        Edns(size=rng.randrange(513, 1232)), Edns(size=0), Edns(size=4096), Edns(size=65535, do=True),
        Edns(options=[(ECS, subnet)]), Edns(size=512, options=[(ECS, subnet)]),
        Edns(options=[(NSID, b""), (65001, b"xyz")])])


def questions_of(family, n, services):
    rng = random.Random(family.rng.random())
    out = []
    for _ in range(n):
        is_near = services and services.hosts and rng.random() < 0.5
        name = services.near_name() if is_near else family.asked_name()
        flags = rng.choice([0, 0, 0, 0x0100, 0x0010, 0x0110])
        out.append(Question(name, family.asked_type(name), edns_of(rng), flags=flags))
    return out


class Run:
    """One set of zones on all servers; with services or without."""

    def __init__(self, families, options, has_services):
        self.families, self.options = families, options
        zones = [z for f in families for z in f.zones]
        self.services = {f: Services(f, zones, options.seed) for f in families} if has_services else {}
        self.folder = tempfile.mkdtemp(prefix="waymark-differential-")
        self.failures, self.allowed = [], collections.Counter()
        self.undecided, self.peers_wrong = 0, collections.Counter()
        self.asked = self.over_tcp = self.left_out = 0

    def start(self):
        zones = Zones(self.folder, [z for f in self.families for z in f.zones])
        if self.services:
            zones.more = configuration(self.services.values(), self.folder)
        self.n_zones = len(zones.files)
        self.servers = [kind(self.folder, zones) for kind in [Waymark, *PEERS]]
        for server in self.servers:
            server.start()
        for server in self.servers:
            server.wait()

    def close(self):
        for server in getattr(self, "servers", []):
            server.stop()
        if self.options.keep:
            print(f"kept: {self.folder}")
        else:
            shutil.rmtree(self.folder, ignore_errors=True)

    def ask(self, per_family, n_odd):
        askers = [Asker(server) for server in self.servers]
        for family in self.families:
            questions = questions_of(family, per_family, self.services.get(family))
            for question, answers in ask_all(askers, questions):
                self.judge(family, question, answers)
        odd = [(family, q) for family in self.families for q in odd_questions(family, n_odd)]
        asked = ask_all(askers, [q for _, q in odd], plain=Question(self.families[0].apex, SOA))
        for (family, _), (question, answers) in zip(odd, asked):
            self.judge(family, question, answers)

    def judge(self, family, question, answers, transport="udp"):
        verdict = compare.judge(family, question, answers, transport)
        services = self.services.get(family)
        if services and services.is_left_out(question, verdict.peers_answers):
            self.left_out += 1
            return
        self.asked += 1
        self.peers_wrong.update(verdict.peers_wrong)
        self.undecided += verdict.is_undecided
        for difference in verdict.differences:
            entry = allowed.allowed(difference)
            if entry is not None:
                self.allowed[entry.name] += 1
            else:
                self.failures.append(difference)
        if verdict.is_truncated and transport == "udp" and self.over_tcp < TCP_MAX:
            self.over_tcp += 1
            self.judge(family, question, {s.name: ask_tcp(s, question) for s in self.servers}, "tcp")

    def check_services(self):
        """Nothing would differ from services that are not there."""
        questions = [q for s in self.services.values() for q in s.checks()]
        self.n_hosts = len(questions)
        for question, answers in ask_all([Asker(self.servers[0])], questions):
            if not is_a_services(answers["waymark"]):
                self.servers[0].fail(f"does not steer {question}")

    def check_end(self):
        """A server that fell silent is not one that agrees."""
        server = self.servers[0]
        if server.n_hung:
            server.fail(f"fell silent {server.n_hung} times")
        server.stop()
        if server.process.returncode != 0:
            server.fail(f"ended with {server.process.returncode}")


def say_failures(run, options):
    shown = collections.Counter()
    for difference in run.failures:
        shown[difference.field] += 1
        if options.verbose or shown[difference.field] <= SHOWN_MAX // 3:
            print(f"\nseed {options.seed} family {difference.family.number}: {difference}")
    for field, n in shown.most_common():
        print(f"{n} differences in {field}")


def run_once(families, per_family, n_odd, options, has_services):
    run = Run(families, options, has_services)
    try:
        run.start()
        run.check_services()
        run.ask(per_family, n_odd)
        run.check_end()
    finally:
        run.close()
    say_failures(run, options)
    return run


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--families", type=int, default=28)
    parser.add_argument("--questions", type=int, default=3000)
    parser.add_argument("--only", type=int)
    parser.add_argument("--keep", action="store_true")
    parser.add_argument("--verbose", action="store_true")
    options = parser.parse_args()

    missing = [kind.program for kind in PEERS if not kind.is_here()]
    if missing:
        print(f"skipped: {', '.join(missing)} not installed")
        return 77
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))  # and so the servers are ended
    runs = []
    for has_services in (False, True):
        for families, questions in sets_of(options):
            each = questions // len(families)
            runs.append(run_once(families, each - each // 12, each // 12, options, has_services))
    return summary(runs)


def sets_of(options):
    """[(families, questions)]; the root and its few get one question in ten."""
    seed, n, share = options.seed, options.families, options.questions // 10
    if options.only is not None:
        each = [Family(seed, options.only)]
        if options.only >= ROOT:
            return [(under_the_root(seed), share)]
        return [(each, (options.questions - share) // n)]
    return [([Family(seed, i) for i in range(n)], options.questions - share),
            (under_the_root(seed), share)]


def under_the_root(seed):
    """The root, and zones that it mostly delegates; questions for the latter may end in the former."""
    root = Family(seed, ROOT, apex=())
    below = [Family(seed, ROOT + i) for i in range(1, 4)]
    for family in below:
        delegate(root.zones[0], family.zones[0], root.rng)
    root.known = root.zones + [zone for family in below for zone in family.zones]
    return [root, *below]


def summary(runs):
    asked, failed = sum(r.asked for r in runs), sum(len(r.failures) for r in runs)
    for r in runs:
        print(f"{r.n_zones} zones, {r.asked} questions, {r.over_tcp} of them over TCP; "
              f"no two peers agree: {r.undecided}")
        if r.services:
            print(f"  {r.n_hosts} hosts of services, {r.left_out} questions left out that they answer")
        for server in r.servers:
            if server.n_hung:
                print(f"  {server.name} hung {server.n_hung} times and was started anew")
        for name, n in sorted(r.allowed.items()):
            print(f"  allowed {n} times: {name}")
        for name, n in sorted(r.peers_wrong.items()):
            print(f"  alone against the rest: {name} {n}")
    print(f"{asked - failed} passed, {failed} failed")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
    sys.exit(main())
