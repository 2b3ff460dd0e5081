#!/usr/bin/env python3
"""How wide the scopes are: Waymark beside gdnsd, Knot and PowerDNS, for one map of continents.

usage: scopes.py [--samples N] [--waymark PATH]

The servers and their configuration are those of dns_peers.py (work "ecs"): seven sites by continent, a
real country database, random IPv4 /24 as client subnets. Of each answer the scope is taken; and another
/24 inside that scope is asked for: who gets another answer there was told a scope that is too wide. It
needs tools/geo-data fetch.
"""
import argparse
import os
import random
import socket
import tempfile

import dns_peers

SERVERS = ["waymark", "gdnsd", "knot", "powerdns"]


def scope_of(answer):
    """The client subnet option is the last of the message."""
    for at in range(len(answer) - 8, 11, -1):
        if answer[at:at + 2] == b"\0\x08" and at + 4 + int.from_bytes(answer[at + 2:at + 4], "big") == len(answer):
            return answer[at + 7]
    return None


def ask(s, subnet):
    s.send(dns_peers.query("www7.cdn.example", subnet))
    answer = s.recv(4096)
    return dns_peers.first_address(answer), scope_of(answer)


def measure(server, samples):
    rng = random.Random("scopes")
    scopes, wrong, networks = [], 0, set()
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as s:
        s.settimeout(5)
        s.connect(("127.0.0.1", server.port))
        for _ in range(samples):
            subnet = dns_peers.random_subnet(rng)
            address, scope = ask(s, subnet)
            if scope is None:
                return None
            host_bits = 32 - min(scope, 24)
            other = (subnet >> host_bits << host_bits) + (rng.getrandbits(host_bits) & 0xFFFFFF00)
            wrong += ask(s, other)[0] != address
            networks.add((subnet >> (32 - scope), scope))
            scopes.append(scope)
    scopes.sort()
    return (sum(scopes) / samples, scopes[samples // 2], sum(x >= 24 for x in scopes) / samples,
            len(networks), wrong)


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--samples", type=int, default=20000)
    parser.add_argument("--waymark", default=os.path.join(dns_peers.ROOT, "build/waymark"))
    args = parser.parse_args()
    print(f"{'server':<10}{'mean':>7}{'median':>8}{'/24 or longer':>15}{'cache entries':>15}{'too wide':>10}")
    with tempfile.TemporaryDirectory(prefix="scopes-") as args.folder:
        args.nested = dns_peers.nested_database(args.folder)
        args.static_names = 0
        os.chmod(args.folder, 0o755)
        for name in SERVERS:
            try:
                server = dns_peers.Server(name, "ecs", args)
            except (RuntimeError, FileNotFoundError) as why:
                print(f"{name:<10}{str(why)[:200]}")
                continue
            try:
                figures = measure(server, args.samples)
            finally:
                server.stop()
            if figures is None:
                print(f"{name:<10}sends no scope")
                continue
            mean, median, long, n, wrong = figures
            print(f"{name:<10}{mean:>7.1f}{median:>8}{long * 100:>13.1f} %{n:>15,}{wrong:>10,}")


if __name__ == "__main__":
    main()
