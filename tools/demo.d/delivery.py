"""delivery.py - the tour's part about HTTP: one object on its way from the origin to a client."""
import re
import time
from concurrent.futures import ThreadPoolExecutor

from cast import CONF, POPS, SHIELD

HELLO, FILM = "http://www.cdn.example/hello.txt", "http://www.cdn.example/film.txt"
MAX_AGE_S, FRESH_AGAIN_S = 5, 20  # the first as in waymark.conf


class Delivery:
    def __init__(self, show, ask, metrics):
        self.show, self.ask, self.metrics = show, ask, metrics

    def walk(self, client):
        s, (subnet, pop) = self.show, client
        s.heading("5. The object follows: edge, shield, origin")
        s.say(f"Every PoP is an HTTP cache; {SHIELD} shields the origin, a folder, from the others. "
              "One command shows a whole delivery: the answer that the client gets, then the object "
              "from there.")
        self.fetch(subnet, pop)
        self.hit_and_stale(pop)
        self.purge(pop)
        self.five_edges()

    def fetch(self, subnet, pop):
        s = self.show
        words = ["fetch", HELLO, "--client", subnet]
        s.command(" ".join(["build/waymark", words[0], "-c", CONF, *words[1:]]))
        s.output(self.ask.run(*words))
        d = self.ask.fetch(HELLO, subnet)
        s.claim(d["edge"]["pop"] == pop and d["http"]["status"] == 200,
                f"fetch: {subnet} is served by {pop}", str(d))

    def curl(self, url, pop):
        got = self.ask.curl(url, POPS[pop])
        self.show.line(f"  {pop:8} {got.status} {got.cache:12} age {got.fields.get('age', '-'):3} "
                       f"{got.fields.get('cache-status', '')}")
        return got

    def hit_and_stale(self, pop):
        s = self.show
        s.say(f"Its file says max-age={MAX_AGE_S}. After that the edge still answers at once, and asks "
              "for a newer one behind the client's back (stale-while-revalidate).")
        self.ask.run("purge", "--all")
        s.command(" ".join(self.ask.curl_command(HELLO, POPS[pop])))
        first, second = self.curl(HELLO, pop), self.curl(HELLO, pop)
        s.claim((first.status, first.cache) == (200, "MISS"), "the first request is a MISS",
                f"{first.status} {first.cache}")
        s.claim(second.cache == "HIT" and second.body == first.body,
                "the second is a HIT with the same body", second.cache)
        time.sleep(MAX_AGE_S + 1.1)
        stale = self.curl(HELLO, pop)
        s.claim(stale.cache == "STALE" and stale.body == first.body,
                f"after {MAX_AGE_S} s it is STALE, and answered at once", stale.cache)
        until = time.monotonic() + FRESH_AGAIN_S
        while (again := self.ask.curl(HELLO, POPS[pop])).cache != "HIT" and time.monotonic() < until:
            time.sleep(0.1)
        s.claim(again.cache == "HIT", "soon it is fresh again", again.cache)

    def purge(self, pop):
        s = self.show
        s.say("A purge reaches every edge of the process, and the shield:")
        s.command(f"build/waymark purge -c {CONF} --url {HELLO}")
        s.output(self.ask.run("purge", "--url", HELLO))
        after = self.curl(HELLO, pop)
        s.claim(after.cache == "MISS" and after.status == 200, "after the purge it is a MISS",
                after.cache)

    def fetches(self):
        """Edge -> how many fetches it has begun."""
        found = re.findall(r'^waymark_edge_fetches_total\{edge="(\w+)"\} (\d+)$', self.metrics(), re.M)
        return {edge: int(n) for edge, n in found}

    def five_edges(self):
        s = self.show
        s.say("Five clients ask five PoPs for an object that none has. The shield asks once:")
        self.ask.run("purge", "--all")
        before = self.fetches()
        with ThreadPoolExecutor(max_workers=len(POPS)) as pool:
            got = list(pool.map(lambda address: self.ask.curl(FILM, address), POPS.values()))
        for pop, g in zip(POPS, got):
            s.line(f"  {pop:8} {g.status} {g.cache:12} {g.fields.get('cache-status', '')}")
        after = self.fetches()
        begun = {pop: after.get(pop, 0) - before.get(pop, 0) for pop in POPS}
        s.claim(all(g.status == 200 and g.body == got[0].body for g in got),
                "five PoPs deliver the same object", str([(g.status, g.cache) for g in got]))
        s.claim(begun[SHIELD] == 1, "the origin was asked once", str(begun))
