"""tour.py - walks through the demo's world with dig and curl, and with --check verifies every step.

Start it with tools/demo, which installs and builds. What is expected is worked out here from the
configuration (who is nearest, what the odds are), not taken from the server's own mouth.
"""
import ipaddress
import math
import os
import signal
import sys
import time
import urllib.request
from collections import Counter
from concurrent.futures import ThreadPoolExecutor

from ask import Asker, Trouble
from cast import CONF, DEAD, FOLDER, POPS, PROVIDERS, Cast
from delivery import Delivery
from show import Show

POINTS = {"tokyo": (35.68, 139.69), "london": (51.51, -0.13), "newyork": (40.71, -74.01),
          "sydney": (-33.87, 151.21), "paris": (48.86, 2.35)}
WEIGHTS = {"alpha": 60, "beta": 25, "gamma": 15}
TTL_S, WITHIN_KM = 30, 3000
FALL = RISE = 2
EVERY_S, JITTER_S, TIMEOUT_S = 1, 0.1, 0.9
FALL_MAX_S = FALL * (EVERY_S + JITTER_S) + TIMEOUT_S + 1
RISE_MAX_S = FALL_MAX_S

# One or two clients of every continent, and the PoP that is theirs.
CLIENTS = [
    ("133.1.2.0/24", "tokyo"),
    ("49.32.1.0/24", "tokyo"),
    ("81.2.69.0/24", "london"),
    ("90.40.7.0/24", "paris"),
    ("41.0.1.0/24", "paris"),
    ("24.48.3.0/24", "newyork"),
    ("177.32.1.0/24", "newyork"),
    ("1.128.5.0/24", "sydney"),
]
FARAWAY = "177.32.1.0/24"
# Resolvers that pass on nothing about their clients; geo-data/networks.conf places them.
PLACED_RESOLVERS = [("127.1.0.53", "tokyo"), ("127.3.0.53", "newyork"), ("127.4.0.53", "sydney")]
N_RESOLVERS = 240
RESOLVERS = [f"127.{1 + i % 12}.{i // 12}.53" for i in range(N_RESOLVERS)]

ENDING = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


def km_between(a, b):
    (lat1, lon1), (lat2, lon2) = [tuple(map(math.radians, p)) for p in (a, b)]
    h = (math.sin((lat2 - lat1) / 2) ** 2
         + math.cos(lat1) * math.cos(lat2) * math.sin((lon2 - lon1) / 2) ** 2)
    return 2 * 6371.0088 * math.asin(math.sqrt(h))


def nearest(point, but=()):
    return min((p for p in POINTS if p not in but), key=lambda p: km_between(point, POINTS[p]))


def target_of(answer):
    """The target that an answer leads to, by its address or its CNAME."""
    if not answer.records:
        return answer.status
    first = answer.records[0]
    for name, address in POPS.items():
        if first == address:
            return name
    for name in PROVIDERS:
        if first == f"cdn-example.{name}.example":
            return name
    return first


def place_text(place):
    return ", ".join(t for t in (place.get("city"), place.get("country")) if t) or "unknown"


class Tour:
    def __init__(self, show):
        self.show = show
        self.cast = Cast()
        self.places = {}  # of the clients, as explain has them

    # ---- 1. the nearest PoP ----

    def dig_all(self, name):
        return {subnet: self.ask.dig(name, subnet) for subnet, _ in CLIENTS}

    def nearest_pop(self):
        s, name = self.show, "www.cdn.example"
        s.heading("1. Every client goes to the nearest PoP")
        s.say("A resolver passes on a part of its client's address (EDNS Client Subnet). Waymark "
              "knows where that network is and answers with the nearest PoP. The scope says for "
              "how wide a network the same answer holds: so widely may the resolver cache it.")
        s.command(" ".join(self.ask.dig_command(name, CLIENTS[0][0])))
        answers, rows = self.dig_all(name), []
        for subnet, pop in CLIENTS:
            a, x = answers[subnet], self.ask.explain(name, subnet)
            place = self.places[subnet] = x["place"]
            rows.append((subnet, place_text(place), place.get("continent") or "-", target_of(a),
                         a.records[0] if a.records else "-", f"/{a.scope}", a.ttl))
            self.check_nearest(name, subnet, pop, a, x)
        s.table(("client", "place", "continent", "goes to", "address", "scope", "TTL"), rows)
        s.say("A resolver that passes nothing on is placed by its own address:")
        s.command(" ".join(self.ask.dig_command(name, source=PLACED_RESOLVERS[0][0])))
        for source, pop in PLACED_RESOLVERS:
            a = self.ask.dig(name, source=source)
            s.line(f"  {source} goes to {target_of(a)}")
            s.claim(target_of(a) == pop, f"{source}, which passes nothing on, goes to {pop}",
                    target_of(a))
        continents = {p.get("continent") for p in self.places.values()}
        s.claim(len(continents) == 6, "the clients come from six continents", str(continents))

    def check_nearest(self, name, subnet, pop, a, x):
        s, place = self.show, self.places[subnet]
        point = (place.get("latitude", 0), place.get("longitude", 0))
        s.claim(target_of(a) == pop == nearest(point),
                f"{subnet} ({place_text(place)}) goes to {pop}, the nearest PoP",
                f"goes to {target_of(a)}, {nearest(point)} is nearest")
        s.claim(a.scope == x["choice"]["scope_bits"] > 0 and a.ttl == TTL_S,
                f"{subnet}: scope /{a.scope} as explained, TTL {TTL_S}",
                f"scope {a.scope}, explained {x['choice']['scope_bits']}, TTL {a.ttl}")
        network = ipaddress.ip_network(f"{subnet.split('/')[0]}/{a.scope}", strict=False)
        ends = [self.ask.dig(name, f"{end}/32") for end in (network[0], network[-1])]
        s.claim(all(target_of(e) == pop and e.scope == a.scope for e in ends),
                f"{subnet}: both ends of {network} get the same answer and scope",
                ", ".join(f"{target_of(e)} /{e.scope}" for e in ends))

    # ---- 2. why ----

    def explanation(self):
        s, name, subnet = self.show, "www.cdn.example", CLIENTS[0][0]
        s.heading("2. Why that one? Ask")
        s.command(" ".join(self.ask.explain_command(name, subnet)))
        text = self.ask.explain_text(name, subnet)
        s.output(text)
        s.claim(all(word in text for word in POPS) and "scope" in text,
                "the explanation names every PoP and the scope", text)

    # ---- 3. weights ----

    def draw_all(self):
        with ThreadPoolExecutor(max_workers=4) as pool:
            found = pool.map(lambda r: self.ask.dig("video.cdn.example", source=r), RESOLVERS)
            return dict(zip(RESOLVERS, found))

    def shares(self, answers, alive):
        """Shows how the resolvers are spread and checks it against the weights of the living."""
        s, n = self.show, Counter(target_of(a) for a in answers.values())
        total = sum(WEIGHTS[p] for p in alive)
        for provider in PROVIDERS:
            got = n[provider] / N_RESOLVERS
            want = WEIGHTS[provider] / total if provider in alive else 0
            s.line(f"  {provider:6} {'#' * round(got * 60):60} {n[provider]:4} = {got:4.0%}"
                   f"  (weight says {want:.0%})")
            slack = 4 * math.sqrt(want * (1 - want) / N_RESOLVERS)
            s.claim(abs(got - want) <= slack,
                    f"{provider} gets {want:.0%} of the resolvers, give or take {slack:.0%}",
                    f"{got:.1%}")
        strangers = set(n) - set(PROVIDERS)
        s.claim(not strangers, "every resolver gets a provider", str(strangers))

    def weights(self):
        s = self.show
        s.heading(f"3. {N_RESOLVERS} resolvers share three providers, 60 : 25 : 15")
        s.say("These resolvers pass on no client subnet. Each keeps what it drew for ten minutes, so "
              "that its cache and its clients see one provider; the weights hold over all of them.")
        s.command(" ".join(self.ask.dig_command("video.cdn.example", source=RESOLVERS[0])))
        self.drawn = self.draw_all()
        self.shares(self.drawn, list(PROVIDERS))
        s.claim(all(1 <= a.ttl <= TTL_S for a in self.drawn.values()),
                f"no answer outlives its draw: all TTLs are from 1 to {TTL_S}",
                str(sorted({a.ttl for a in self.drawn.values()})))
        again = self.ask.dig("video.cdn.example", source=RESOLVERS[0], subnet="133.1.2.0/24")
        s.claim(again.scope == 0, "a draw without geography holds for everybody: scope /0",
                f"scope {again.scope}")

    # ---- 4. our own PoPs and the CDNs of others under one name ----

    def mixed(self):
        s, name, rows = self.show, "maps.cdn.example", []
        s.heading("4. One name, own PoPs and the CDNs of others")
        s.say(f"Who has a PoP within {WITHIN_KM} km goes there (an address), everybody else to a "
              "provider by weight (a CNAME).")
        s.command(" ".join(self.ask.dig_command(name, FARAWAY)))
        for subnet, _ in CLIENTS:
            a, place = self.ask.dig(name, subnet), self.places[subnet]
            point = (place.get("latitude", 0), place.get("longitude", 0))
            near = nearest(point)
            km = km_between(point, POINTS[near])
            wanted = [near] if km <= WITHIN_KM else list(PROVIDERS)
            rows.append((subnet, place_text(place), f"{km:.0f} km to {near}", target_of(a),
                         a.records[0] if a.records else "-", f"/{a.scope}"))
            s.claim(target_of(a) in wanted and a.scope > 0,
                    f"{subnet}: {km:.0f} km to {near}, goes to {' or '.join(wanted)}", target_of(a))
        s.table(("client", "place", "nearest PoP", "goes to", "answer", "scope"), rows)

    # ---- 5. the object ----

    def delivery(self):
        Delivery(self.show, self.ask, self.metrics).walk(CLIENTS[0])

    # ---- 6. a PoP dies ----

    def poll(self, name, subnet, is_done, max_s):
        """Asks until it is done; returns the last answer, the seconds and the TTLs on the way."""
        start, ttls = time.monotonic(), []
        while True:
            a = self.ask.dig(name, subnet)
            took = time.monotonic() - start
            ttls.append(a.ttl)
            if is_done(target_of(a)) or took > 3 * max_s:
                return a, took, ttls
            time.sleep(0.05)

    def pop_dies(self):
        s, name, subnet = self.show, "www.cdn.example", CLIENTS[0][0]
        victim = CLIENTS[0][1]
        place = self.places[subnet]
        heir = nearest((place.get("latitude", 0), place.get("longitude", 0)), but=(victim,))
        s.heading(f"6. {victim.capitalize()} dies, and comes back")
        s.say(f"Probes run every {EVERY_S} s; {FALL} misses in a row take a PoP down. Once one probe "
              "has failed, the TTL sinks to what is left until the verdict could fall.")
        s.command(f"touch {DEAD}/{victim}")
        self.cast.kill(victim)
        a, took, ttls = self.poll(name, subnet, lambda t: t != victim, FALL_MAX_S)
        s.line(f"after {took:.1f} s {subnet} goes to {target_of(a)}"
               f" (TTLs on the way: {', '.join(map(str, dict.fromkeys(ttls)))})")
        s.claim(target_of(a) == heir and took <= FALL_MAX_S,
                f"{subnet} goes to {heir}, the next nearest, within {FALL_MAX_S:.1f} s "
                f"({took:.1f} s)", f"{target_of(a)} after {took:.1f} s")
        s.claim(min(ttls[:-1]) < TTL_S, "the TTL sank before the PoP fell", str(ttls))
        moved = {c for c, x in self.dig_all(name).items() if target_of(x) != dict(CLIENTS)[c]}
        gone = {c for c, pop in CLIENTS if pop == victim}
        s.claim(moved == gone, "only its clients moved", str(moved))
        d = self.ask.fetch(f"http://{name}/hello.txt", subnet)
        s.claim(d["edge"]["pop"] == heir and d["http"]["status"] == 200,
                f"{subnet} gets the object from {heir} now", str(d["http"]))
        x = self.ask.explain(name, subnet)
        dropped = [c for st in x["stages"] for c in st["candidates"]
                   if c["target"] == victim and not c["is_kept"]]
        s.claim(bool(dropped), f"explain says that {victim} was dropped",
                str(x["stages"]))
        s.command(f"rm {DEAD}/{victim}")
        self.cast.revive(victim)
        a, took, _ = self.poll(name, subnet, lambda t: t == victim, RISE_MAX_S)
        s.line(f"after {took:.1f} s {subnet} goes to {target_of(a)} again")
        s.claim(target_of(a) == victim and took <= RISE_MAX_S,
                f"{subnet} is back at {victim} within {RISE_MAX_S:.1f} s ({took:.1f} s)",
                f"{target_of(a)} after {took:.1f} s")

    # ---- 7. a provider dies ----

    def provider_dies(self):
        s, name, victim = self.show, "video.cdn.example", "alpha"
        theirs = next((r for r, a in self.drawn.items() if target_of(a) == victim), RESOLVERS[0])
        s.heading("7. The largest provider dies, and comes back")
        s.command(f"touch {DEAD}/{victim}")
        self.cast.kill(victim)
        took = self.poll_source(name, theirs, lambda t: t != victim, FALL_MAX_S)
        s.line(f"after {took:.1f} s its resolvers go to the others, by their weights:")
        s.claim(took <= FALL_MAX_S, f"nobody gets {victim} any more within {FALL_MAX_S:.1f} s "
                f"({took:.1f} s)", f"{took:.1f} s")
        self.shares(self.draw_all(), ["beta", "gamma"])
        s.command(f"rm {DEAD}/{victim}")
        self.cast.revive(victim)
        took = self.poll_source(name, theirs, lambda t: t == victim, RISE_MAX_S)
        again = self.draw_all()
        same = sum(target_of(again[r]) == target_of(self.drawn[r]) for r in RESOLVERS)
        s.line(f"after {took:.1f} s {victim} serves again: {same} of {N_RESOLVERS} resolvers have "
               "the provider that they had drawn")
        s.claim(took <= RISE_MAX_S, f"{victim} serves again within {RISE_MAX_S:.1f} s ({took:.1f} s)",
                f"{took:.1f} s")
        s.claim(same >= 0.8 * N_RESOLVERS, "the resolvers are back at what they had drawn", str(same))

    def poll_source(self, name, source, is_done, max_s):
        start = time.monotonic()
        while True:
            a = self.ask.dig(name, source=source)
            took = time.monotonic() - start
            if is_done(target_of(a)) or took > 3 * max_s:
                return took
            time.sleep(0.05)

    # ---- 8. status ----

    def status(self):
        s = self.show
        s.heading("8. What the server believes")
        s.command(f"build/waymark status -c {CONF}")
        text = self.ask.status_text()
        s.output(text)
        s.claim(all(name in text for name in (*POPS, *PROVIDERS)), "status lists every target", text)
        metrics = self.metrics()
        s.claim('waymark_edge_requests_total{edge="tokyo",result="hit"}' in metrics,
                "metrics count hits by edge", metrics[:200])
        s.claim('target="alpha"' in metrics, "metrics count the answers by service and target",
                metrics[:200])

    def metrics(self):
        """The page, or why there is none. Straight to the server, whatever proxy is configured."""
        straight = urllib.request.build_opener(urllib.request.ProxyHandler({}))
        url = f"http://127.0.0.1:{self.cast.metrics_port}/metrics"
        try:
            with straight.open(url, timeout=5) as reply:
                return reply.read().decode()
        except OSError as e:
            return f"{url}: {e}"

    def farewell(self):
        s, port = self.show, self.cast.dns_port
        s.heading("It goes on serving. Try, in another terminal:")
        for text in (f"dig @127.0.0.1 -p {port} www.cdn.example +subnet=81.2.69.0/24",
                     f"dig @127.0.0.1 -p {port} download.cdn.example +short",
                     f"build/waymark explain -c {CONF} maps.cdn.example --client {FARAWAY}",
                     f"build/waymark fetch -c {CONF} http://www.cdn.example/ --client 90.40.7.0/24",
                     f"build/waymark purge -c {CONF} --all",
                     f"touch {DEAD}/london      # and rm it again; so for every PoP and provider",
                     f"build/waymark status -c {CONF}",
                     f"curl -s http://127.0.0.1:{self.cast.metrics_port}/metrics"):
            s.command(text)
        s.say("Ctrl-C ends it.")

    # ---- all of it ----

    def is_ready(self):
        steered = [self.ask.dig(n).status for n in ("www.cdn.example", "video.cdn.example")]
        return all(status == "NOERROR" for status in steered)

    def open(self):
        cast = self.cast
        cast.prepare()
        self.ask = Asker(cast.dns_port, CONF, cast.http_port)
        start = time.monotonic()
        cast.start()
        cast.wait(self.is_ready, "the server does not answer")
        s = self.show
        s.heading(f"Waymark answers on 127.0.0.1:{cast.dns_port} "
                  f"after {time.monotonic() - start:.1f} s")
        s.say(f"Five PoPs ({', '.join(POPS)}) and three CDN providers ({', '.join(PROVIDERS)}), each "
              f"an edge cache of the same process on an address of its own. The configuration is {CONF}, the log "
              f"{FOLDER}/waymark.log.")
        for what, usual, port in cast.ports():
            if port != usual:
                s.say(f"Port {usual} is taken: {what} has {port}.")

    def walk(self):
        for step in (self.nearest_pop, self.explanation, self.weights, self.mixed, self.delivery,
                     self.pop_dies, self.provider_dies, self.status):
            self.cast.check_alive()
            step()

    def serve_on(self):
        self.farewell()
        while True:
            self.cast.check_alive()
            self.cast.follow_deaths()
            time.sleep(0.2)


def on_signal(number, frame):
    raise KeyboardInterrupt


def main(words):
    os.chdir(os.path.join(os.path.dirname(os.path.abspath(__file__)), "../.."))
    for number in ENDING:
        signal.signal(number, on_signal)
    show = Show(is_check="--check" in words)
    tour = Tour(show)
    try:
        tour.open()
        tour.walk()
        if not show.is_check:
            tour.serve_on()
    except Trouble as trouble:
        print(f"demo: {trouble}", file=sys.stderr)
        show.n_failed += 1
    except KeyboardInterrupt:
        print()
        show.n_failed += show.is_check  # the steps that are missing
    finally:
        for number in ENDING:
            signal.signal(number, signal.SIG_IGN)
        tour.cast.is_kept |= show.n_failed > 0
        tour.cast.stop()
    if show.is_check:
        show.sum_up(FOLDER)
    return 1 if show.n_failed > 0 else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
