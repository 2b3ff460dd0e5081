#!/usr/bin/env python3
"""What is stored, for how long, under which name, and what clients get of it: an edge before an origin
that answers as each test says. Lifetimes are seconds; what has to grow old does so side by side."""
import concurrent.futures
import email.utils
import json
import socket
import threading
import time

from front import Client, FrontTest, live, support

TTL_S = 2  # of what has to become stale
LATER_S = TTL_S + 1.5
ETAG = 'ETag: "1"'


def date(offset_s=0):
    return email.utils.formatdate(time.time() + offset_s, usegmt=True)


class Scripted(support.Origin):
    """/set/NAME answers what script[NAME] says: (status, fields, body), or a function of the request's
    fields that returns it. Fields are "Name: value"; the body names the how manieth answer it is."""

    def __init__(self):
        super().__init__()
        self.script = {}

    def set(self, name, *fields, status=200, body=None):
        self.script[name] = (status, fields, body)

    def on_set(self, c, method, target, names, body):
        name = target.split("?")[0].split("/", 2)[2]
        said = self.script[name]
        status, fields, text = said(names) if callable(said) else said
        n = self.count(target.split("?")[0])
        if status == 0:
            return False
        if text is None:
            text = f"{name} {n}".encode()
        self.send(c, method, text, status, [f.split(": ", 1) for f in fields])

    def last(self, path):
        """The fields of the last request for a path, by lower-case names."""
        with self.lock:
            return {k.lower(): v for k, v in [a for a in self.asked if a[1] == path][-1][2]}


class CacheTest(FrontTest):
    options = site_options = ""

    def setUp(self):
        self.site = self.origin(Scripted)
        self.s = self.edge(self.site, self.options, self.site_options)

    def tearDown(self):
        self.stop(self.s)

    def set(self, name, *fields, **more):
        self.site.set(name, *fields, **more)

    def ask(self, name, *fields, method="GET", **more):
        return self.get("/set/" + name, method, fields, **more)

    def n(self, name):
        return self.site.count("/set/" + name)


class Freshness(CacheTest):
    def test_lifetimes(self):
        """Asked three times: at once, again, and when the short lives are over. How often was the
        origin asked after each?"""
        now, cases = date(), {}
        for name, fields, status, expected in (
                ("max-age", ["Cache-Control: max-age=60"], 200, (1, 1, 1)),
                ("short", [f"Cache-Control: max-age={TTL_S}"], 200, (1, 1, 2)),
                ("s-maxage", [f"Cache-Control: max-age=60, s-maxage={TTL_S}"], 200, (1, 1, 2)),
                ("s-maxage-long", ["Cache-Control: max-age=0, s-maxage=60"], 200, (1, 1, 1)),
                ("expires", [f"Date: {now}", f"Expires: {date(60)}"], 200, (1, 1, 1)),
                ("expires-short", [f"Expires: {date(TTL_S + 1)}"], 200, (1, 1, 2)),
                ("expires-past", [f"Date: {now}", f"Expires: {date(-1)}"], 200, (1, 2, 3)),
                ("expires-zero", ["Expires: 0"], 200, (1, 2, 3)),
                ("max-age-wins", ["Cache-Control: max-age=60", "Expires: 0"], 200, (1, 1, 1)),
                ("nothing", [], 200, (1, 2, 3)),
                ("modified", [f"Last-Modified: {date(-1000000)}"], 200, (1, 2, 3)),
                ("aged", [f"Cache-Control: max-age={60 + TTL_S}", "Age: 60"], 200, (1, 1, 2)),
                ("dated", [f"Cache-Control: max-age={61 + TTL_S}", f"Date: {date(-60)}"], 200, (1, 1, 2)),
                ("no-store", ["Cache-Control: max-age=60, no-store"], 200, (1, 2, 3)),
                ("private", ["Cache-Control: max-age=60, private"], 200, (1, 2, 3)),
                ("no-cache", ["Cache-Control: max-age=60, no-cache", ETAG], 200, (1, 2, 3)),
                ("zero", ["Cache-Control: max-age=0", ETAG], 200, (1, 2, 3)),
                ("broken", ["Cache-Control: max-age=x", ETAG], 200, (1, 2, 3)),
                ("vary-all", ["Cache-Control: max-age=60", "Vary: Accept, *"], 200, (1, 2, 3)),
                ("targeted", ["CDN-Cache-Control: max-age=60", "Cache-Control: no-store"], 200, (1, 1, 1)),
                ("targeted-not", ["CDN-Cache-Control: no-store", "Cache-Control: max-age=60"], 200, (1, 2, 3)),
                ("moved", ["Cache-Control: max-age=60", "Location: /x"], 302, (1, 1, 1)),
                ("gone", ["Cache-Control: max-age=60"], 404, (1, 1, 1)),
                ("failed", ["Cache-Control: max-age=60"], 500, (1, 1, 1)),
                ("missing", [], 404, (1, 2, 3)),
                ("part", ["Cache-Control: max-age=60", "Content-Range: bytes 0-3/9"], 206, (1, 2, 3)),
                ("empty", ["Cache-Control: max-age=60"], 204, (1, 1, 1))):
            self.set(name, *fields, status=status)
            cases[name] = expected
            for round in (0, 1):
                self.takes_so_many(name, expected, round)
        time.sleep(LATER_S)
        for name, expected in cases.items():
            self.takes_so_many(name, expected, 2)

    def takes_so_many(self, name, expected, round):
        with self.subTest(name, round=round):
            r = self.ask(name)
            self.assertEqual(r.status, self.site.script[name][0])
            self.assertEqual(self.n(name), expected[round], r)
            if round > 0 and expected[round] == expected[round - 1]:
                self.assertEqual(r.cache, "HIT")
                self.assertRegex(r.names["cache-status"], r"^here; hit")

    def test_age_counts_from_the_origin(self):
        self.set("young", "Cache-Control: max-age=60")
        self.set("old", "Cache-Control: max-age=600", "Age: 100")
        for name in ("young", "old"):
            self.ask(name)
        time.sleep(1.1)
        self.assertIn(int(self.ask("young").names["age"]), range(1, 30))
        self.assertIn(int(self.ask("old").names["age"]), range(101, 130))
        self.assertEqual(len(self.ask("old").all("age")), 1)

    def test_authorization_is_stored_only_when_the_origin_says_so(self):
        for name, control, expected in (("plain", "max-age=60", 2), ("public", "max-age=60, public", 1),
                                        ("shared", "s-maxage=60", 1),
                                        ("must", "max-age=60, must-revalidate", 1)):
            with self.subTest(name):
                self.set(name, "Cache-Control: " + control)
                for _ in range(2):
                    self.assertEqual(self.ask(name, "Authorization: Basic YTpi").status, 200)
                self.assertEqual(self.n(name), expected)
                self.assertEqual(self.site.last("/set/" + name)["authorization"], "Basic YTpi")
        # What is stored for all may be given to one who says who he is.
        self.set("open", "Cache-Control: max-age=60")
        self.ask("open")
        self.assertEqual(self.ask("open", "Authorization: x").cache, "HIT")

    def test_fields_of_connections_and_of_one_client_are_not_stored(self):
        self.set("fields", 'Cache-Control: max-age=60, private="X-Mine"', "X-Mine: a", "X-Ours: b",
                 "Connection: X-Hop", "X-Hop: c", "Keep-Alive: 5", "Proxy-Authenticate: Basic")
        self.ask("fields")
        r = self.ask("fields")
        self.assertEqual((r.cache, r.names["x-ours"]), ("HIT", "b"))
        self.assertFalse({"x-mine", "x-hop", "keep-alive", "proxy-authenticate"} & set(r.names), r)

    def test_requests_that_want_it_anew(self):
        self.set("x", "Cache-Control: max-age=60")
        self.assertEqual(self.ask("x").cache, "MISS")
        for n, field in enumerate(("Cache-Control: no-cache", "Pragma: no-cache"), 2):
            r = self.ask("x", field)
            self.assertEqual((r.cache, r.body), ("BYPASS", f"x {n}".encode()))
            self.assertIn("fwd=request", r.names["cache-status"])
            r = self.ask("x")  # the newest is what others get from now on
            self.assertEqual((r.cache, r.body), ("HIT", f"x {n}".encode()))
        self.assertEqual(self.ask("x", "Cache-Control: no-store").body, b"x 4")
        self.assertEqual(self.ask("x").body, b"x 3")
        self.assertEqual(self.ask("x", "Cache-Control: max-age=0").body, b"x 5")
        self.assertEqual(self.ask("x", "Cache-Control: max-age=30").cache, "HIT")
        self.assertEqual(self.ask("x", "Cache-Control: min-fresh=100").body, b"x 6")
        self.assertEqual(self.ask("x", "Cache-Control: only-if-cached").cache, "HIT")
        self.set("y", "Cache-Control: max-age=60")
        self.assertEqual(self.ask("y", "Cache-Control: only-if-cached").status, 504)
        self.assertEqual(self.n("y"), 0)

    def test_stale_is_served_to_those_who_take_it(self):
        for name in ("soft", "must"):
            self.set(name, f"Cache-Control: max-age={TTL_S}" + (", must-revalidate" if name == "must" else ""))
            self.ask(name)
        time.sleep(LATER_S)
        r = self.ask("soft", "Cache-Control: max-stale")
        self.assertEqual((r.cache, self.n("soft")), ("STALE", 1))
        self.assertNotEqual(self.ask("must", "Cache-Control: max-stale").cache, "STALE")
        self.assertEqual(self.ask("soft", "Cache-Control: max-stale, only-if-cached").status, 200)
        self.assertEqual(self.ask("soft", "Cache-Control: only-if-cached").status, 504)


class Validation(CacheTest):
    site_options = "first_byte_ms = 1000;"

    def versioned(self, name, control, **state):
        """A resource with an entity tag; state: version, fails (None or a status; 0: hangs up)."""
        state = {"version": 1, "fails": None, "wait_s": 0, **state}

        def answer(names):
            tag = f'"{state["version"]}"'
            time.sleep(state["wait_s"])
            if state["fails"] is not None:
                return state["fails"], (), b"failure"
            fields = (f"ETag: {tag}", f"Cache-Control: {control}", f"X-Seen: {self.n(name)}")
            if names.get("if-none-match") == tag:
                return 304, fields, b""
            return 200, fields, f"version {state['version']}".encode()

        self.site.script[name] = answer
        return state

    def test_a_304_makes_the_stored_head_new(self):
        state = self.versioned("x", f"max-age={TTL_S}")
        self.assertEqual(self.ask("x").cache, "MISS")
        time.sleep(LATER_S)
        r = self.ask("x")
        self.assertEqual((r.status, r.cache, r.body, r.names["x-seen"]), (200, "REVALIDATED", b"version 1", "2"))
        self.assertIn("fwd-status=304", r.names["cache-status"])
        self.assertEqual(self.site.last("/set/x")["if-none-match"], '"1"')
        r = self.ask("x")
        self.assertEqual((r.cache, r.names["x-seen"]), ("HIT", "2"))
        self.assertLess(int(r.names["age"]), 2)
        state["version"] = 2
        time.sleep(LATER_S)
        self.assertEqual(self.ask("x").body, b"version 2")
        self.assertEqual((self.ask("x").cache, self.n("x")), ("HIT", 3))

    def test_a_304_that_names_other_variants_is_no_answer(self):
        def answer(names):
            vary = ("Vary: Accept-Language",) if self.n("v") > 1 else ()
            fields = ('ETag: "v"', "Cache-Control: no-cache", *vary)
            return (304 if "if-none-match" in names else 200), fields, names["accept-language"].encode()

        self.site.script["v"] = answer
        self.assertEqual(self.ask("v", "Accept-Language: en").body, b"en")
        self.assertEqual(self.ask("v", "Accept-Language: de").body, b"de")
        self.assertNotIn("if-none-match", self.site.last("/set/v"))
        self.assertEqual(self.ask("v", "Accept-Language: en").body, b"en")
        r = self.ask("v", "Accept-Language: de")
        self.assertEqual((r.cache, r.body), ("REVALIDATED", b"de"))

    def test_a_304_that_forbids_storing_ends_what_is_stored(self):
        for control in ("no-store", "private"):
            def answer(names):
                asked_again = self.n(control) > 1
                return (304 if "if-none-match" in names else 200,
                        ('ETag: "1"', f"Cache-Control: {control if asked_again else 'no-cache'}"),
                        f"for {names['x-user']}".encode())

            self.site.script[control] = answer
            self.assertEqual(self.ask(control, "X-User: all").body, b"for all")
            for user in "ab":
                r = self.ask(control, f"X-User: {user}")
                self.assertEqual((r.status, r.body), (200, f"for {user}".encode()), control)

    def test_a_304_that_nobody_asked_for_reaches_nobody(self):
        self.set("odd", "Cache-Control: max-age=60", status=304)
        for _ in range(2):
            r = self.ask("odd")
            self.assertEqual((r.status, r.cache), (502, "LOCAL"))

    def test_dates_validate_where_there_is_no_tag(self):
        modified = date(-1000)
        self.site.script["d"] = lambda names: (
            304 if names.get("if-modified-since") == modified else 200,
            (f"Last-Modified: {modified}", "Cache-Control: no-cache"), b"dated")
        self.assertEqual(self.ask("d").cache, "MISS")
        r = self.ask("d")
        self.assertEqual((r.cache, r.body), ("REVALIDATED", b"dated"))

    def test_many_who_find_it_stale_ask_once(self):
        state = self.versioned("x", f"max-age={TTL_S}")
        self.ask("x")
        time.sleep(LATER_S)
        state["wait_s"] = 0.5
        with concurrent.futures.ThreadPoolExecutor(20) as pool:
            bodies = list(pool.map(lambda _: self.ask("x").body, range(20)))
        self.assertEqual((set(bodies), self.n("x")), ({b"version 1"}, 2))

    def test_stale_while_revalidate_lets_nobody_wait(self):
        state = self.versioned("x", f"max-age={TTL_S}, stale-while-revalidate=60")
        self.ask("x")
        time.sleep(LATER_S)
        state.update(version=2, wait_s=0.8)
        begun = time.monotonic()
        for _ in range(5):
            r = self.ask("x")
            if time.monotonic() - begun < 0.7:
                self.assertEqual((r.cache, r.body), ("STALE", b"version 1"))
        self.until(lambda: self.ask("x").cache == "HIT")
        self.assertEqual((self.ask("x").body, self.n("x")), (b"version 2", 2))

    def test_stale_if_error_stands_in_for_an_origin_that_fails(self):
        names = ("hangs-up", "500", "502", "503", "504", "late")
        states = {n: self.versioned(n, f"max-age={TTL_S}, stale-if-error=60") for n in names}
        strict = {n: self.versioned(n, f"max-age={TTL_S}, {n}, stale-if-error=60")
                  for n in ("must-revalidate", "proxy-revalidate", "no-cache")}
        not_asked = self.versioned("plain", f"max-age={TTL_S}")
        for name in (*names, *strict, "plain"):
            self.ask(name)
        time.sleep(LATER_S)
        for state in (*states.values(), *strict.values(), not_asked):
            state["fails"] = 0
        for name in ("500", "502", "503", "504"):
            states[name]["fails"] = int(name)
        states["late"]["wait_s"] = 3
        for name in names:
            with self.subTest(name):
                r = self.ask(name)
                self.assertEqual((r.status, r.cache, r.body), (200, "STALE", b"version 1"), r)
        for name in (*strict, "plain"):
            with self.subTest(name):
                self.assertEqual(self.ask(name).status, 502)
        states["500"]["fails"] = None  # and all is well again as soon as the origin is
        self.assertEqual(self.ask("500").cache, "REVALIDATED")

    def test_clients_conditions_are_answered_from_the_store(self):
        modified = date(-1000)
        self.set("x", 'ETag: "1"', f"Last-Modified: {modified}", "Cache-Control: max-age=60", body=b"0123456789")
        for cache in ("MISS", "HIT"):
            r = self.ask("x", 'If-None-Match: W/"1", "2"')
            self.assertEqual((r.status, r.cache, r.names["etag"]), (304, cache, '"1"'), r)
            self.assertNotIn("content-length", r.names)
        self.assertFalse({"if-none-match"} & set(self.site.last("/set/x")))
        for status, field in ((200, 'If-None-Match: "2"'), (304, "If-None-Match: *"),
                              (304, f"If-Modified-Since: {modified}"), (200, f"If-Modified-Since: {date(-2000)}"),
                              (200, "If-Modified-Since: yesterday")):
            with self.subTest(field):
                r = self.ask("x", field)
                self.assertEqual((r.status, r.cache), (status, "HIT"))
        # If-None-Match decides where both are there.
        self.assertEqual(self.ask("x", 'If-None-Match: "2"', f"If-Modified-Since: {modified}").status, 200)
        self.assertEqual(self.ask("x", 'If-None-Match: "1"', method="HEAD").status, 304)
        self.assertEqual(self.n("x"), 1)

    def test_ranges_are_cut_from_the_whole(self):
        self.set("x", 'ETag: "1"', "Cache-Control: max-age=60", body=b"0123456789")
        for spec, status, body, where in (
                ("bytes=2-4", 206, b"234", "bytes 2-4/10"), ("bytes=7-", 206, b"789", "bytes 7-9/10"),
                ("bytes=-2", 206, b"89", "bytes 8-9/10"), ("bytes=-99", 206, b"0123456789", "bytes 0-9/10"),
                ("bytes=5-99", 206, b"56789", "bytes 5-9/10"), ("bytes=0-0", 206, b"0", "bytes 0-0/10"),
                ("bytes=10-", 416, b"", "bytes */10"), ("bytes=-0", 416, b"", "bytes */10"),
                ("bytes=4-2", 200, b"0123456789", None), ("bytes=x", 200, b"0123456789", None),
                ("lines=1-2", 200, b"0123456789", None)):
            with self.subTest(spec):
                r = self.ask("x", "Range: " + spec)
                self.assertEqual((r.status, r.body, r.names.get("content-range")), (status, body, where), r)
        self.assertEqual(self.ask("x", "Range: bytes=2-4", 'If-Range: "1"').status, 206)
        self.assertEqual(self.ask("x", "Range: bytes=2-4", 'If-Range: "2"').status, 200)
        self.assertEqual(self.ask("x", "Range: bytes=2-4", 'If-Range: W/"1"').status, 200)
        self.assertEqual(self.ask("x", "Range: bytes=2-4", method="HEAD").status, 200)
        self.assertEqual(self.n("x"), 1)
        self.assertNotIn("range", self.site.last("/set/x"))


class Invalidation(CacheTest):
    def test_unsafe_methods_pass_and_invalidate(self):
        self.set("x", "Cache-Control: max-age=60")
        for n, method in enumerate(("POST", "PUT", "DELETE", "PATCH", "BREW")):
            with self.subTest(method):
                self.ask("x")
                self.assertEqual(self.ask("x").cache, "HIT")
                r = self.ask("x", method=method, body=b"new")
                self.assertEqual((r.status, r.cache), (200, "BYPASS"))
                self.assertEqual(self.site.asked[-1][0], method)
                self.assertEqual(self.site.asked[-1][3], b"new")
                self.assertEqual(self.ask("x").cache, "MISS")

    def test_safe_methods_and_failures_do_not(self):
        self.set("x", "Cache-Control: max-age=60")
        self.ask("x")
        self.ask("x", method="OPTIONS")
        self.assertEqual(self.ask("x").cache, "HIT")
        for status in (404, 500):
            self.set("x", status=status)
            self.assertEqual(self.ask("x", method="POST").status, status)
            self.assertEqual(self.ask("x").cache, "HIT")

    def test_what_the_answer_names_goes_too(self):
        for name in ("there", "here", "else", "new"):
            self.set(name, "Cache-Control: max-age=60")
            self.ask(name)
        self.set("new", "Location: /set/there", "Content-Location: here", status=201)
        self.ask("new", method="POST")
        self.assertEqual([self.ask(n).cache for n in ("there", "here", "else")], ["MISS", "MISS", "HIT"])
        self.set("new", "Location: http://other.example/set/else", status=201)
        self.ask("new", method="POST")
        self.assertEqual(self.ask("else").cache, "HIT")

    def test_all_variants_go(self):
        self.set("v", "Cache-Control: max-age=60", "Vary: Accept-Language")
        for language in ("en", "de"):
            self.ask("v", f"Accept-Language: {language}")
        self.ask("v", method="POST")
        for language in ("en", "de"):
            self.assertEqual(self.ask("v", f"Accept-Language: {language}").cache, "MISS")

    def test_a_fetch_under_way_is_not_stored_behind_it(self):
        go = threading.Event()
        self.site.script["x"] = lambda names: (go.wait(20), (200, ("Cache-Control: max-age=60",), b"old"))[1]
        with concurrent.futures.ThreadPoolExecutor(1) as pool:
            first = pool.submit(self.ask, "x")
            self.until(lambda: self.n("x") == 1)
            self.site.script["x"] = (200, ("Cache-Control: max-age=60",), b"new")
            self.assertEqual(self.ask("x", method="POST").status, 200)
            go.set()
            self.assertEqual(first.result().body, b"old")
        self.assertEqual(self.ask("x").body, b"new")


class Keys(CacheTest):
    options = '''routes = (
        { prefix = "/set/img"; query = ["w", "h"]; }, { prefix = "/set/flat"; query = "none"; },
        { prefix = "/set/lang"; headers = ["X-Lang"]; }, { prefix = "/set/shop"; cookies = ["currency"]; },
        { prefix = "/set/firm"; bypass_on_no_cache = false; } );'''

    def same(self, name, *requests):
        """Do all of these get one object? Each is (query, fields, host)."""
        before = self.n(name)
        for query, fields, host in requests:
            self.get(f"/set/{name}{query}", fields=fields, host=host)
        return self.n(name) - before == 1

    def setUp(self):
        super().setUp()
        for name in ("img", "flat", "lang", "shop", "firm", "any"):
            self.set(name, "Cache-Control: max-age=60")

    def test_parameters_that_count(self):
        h = "www.plain.example"
        self.assertTrue(self.same("img", ("?w=1&h=2", [], h), ("?h=2&utm=x&w=1", [], h), ("?h=2&w=1&utm", [], h)))
        self.assertEqual(self.site.asked[-1][1], "/set/img?h=2&w=1")
        self.assertFalse(self.same("img", ("?w=1", [], h), ("?w=2", [], h)))
        self.assertTrue(self.same("flat", ("?a", [], h), ("?b", [], h), ("", [], h)))
        self.assertFalse(self.same("any", ("?a=1&b=2", [], h), ("?b=2&a=1", [], h)))
        self.assertFalse(self.same("any", ("", [], h), ("?", [], h)))

    def test_headers_and_cookies_that_count(self):
        h = "www.plain.example"
        self.assertFalse(self.same("lang", ("", ["X-Lang: en"], h), ("", ["X-Lang: de"], h)))
        self.assertTrue(self.same("lang", ("", ["X-Lang: fr", "X-Other: 1"], h), ("", ["x-lang:  fr "], h)))
        self.assertFalse(self.same("shop", ("", ["Cookie: currency=eur"], h), ("", ["Cookie: currency=usd"], h)))
        self.assertTrue(self.same("shop", ("", ["Cookie: a=1; currency=chf"], h), ("", ["Cookie: currency=chf; b=2"], h)))
        self.assertTrue(self.same("any", ("?c", ["Cookie: a=1"], h), ("?c", ["Cookie: a=2"], h)))

    def test_hosts_and_paths_have_one_form(self):
        self.assertFalse(self.same("any", ("", [], "a.example"), ("", [], "b.example")))
        self.assertTrue(self.same("any", ("", [], "c.example"), ("", [], "C.Example:80"), ("", [], "c.example.")))
        self.assertFalse(self.same("any", ("", [], "d.example"), ("", [], "d.example:8080")))
        for path in ("/set/./any?p", "/x/../set/any?p", "/set/%61ny?p", "/x/%2e%2E/set/any?p", "//../set/any?p"):
            with self.subTest(path):
                before = len(self.site.asked)
                r = self.get(path)
                self.assertEqual(r.status, 200)
                self.assertIn(r.cache, "HIT" if path != "/set/./any?p" else "MISS")
                self.assertEqual(len(self.site.asked) - before, r.cache == "MISS")
        # A route cannot be walked around.
        self.assertTrue(self.same("flat", ("?1", [], "e.example"), ("/../flat?2", [], "e.example")))

    def test_a_route_may_not_listen_to_no_cache(self):
        self.ask("firm")
        for field in ("Cache-Control: no-cache", "Cache-Control: max-age=0", "Pragma: no-cache"):
            self.assertEqual(self.ask("firm", field).cache, "HIT")

    def test_vary_keeps_variants_apart(self):
        def answer(names):
            return 200, ("Cache-Control: max-age=60", "Vary: Accept-Language, X-Who"), \
                names.get("accept-language", "none").encode()

        self.site.script["any"] = answer
        for language in ("en", "de", "fr"):
            self.assertEqual(self.ask("any", f"Accept-Language: {language}").body, language.encode())
        for language in ("en", "de", "fr"):
            r = self.ask("any", f"Accept-Language: {language}")
            self.assertEqual((r.cache, r.body), ("HIT", language.encode()))
        self.assertEqual(self.ask("any").body, b"none")
        self.assertEqual(self.ask("any").cache, "HIT")
        r = self.ask("any", "Accept-Language: en", "X-Who: me")
        self.assertEqual(r.cache, "MISS")
        self.assertIn("fwd=vary-miss", r.names["cache-status"])

    def test_nobody_forges_a_key(self):
        """Octets of one part of a key cannot stand for another part."""
        h = "www.plain.example"
        self.assertFalse(self.same("shop", ("?x", ["Cookie: currency=a=b"], h),
                                   ("?x", ["Cookie: currency=a; currency=b"], h)))
        self.assertFalse(self.same("lang", ("?y", ["X-Lang: a, b"], h), ("?y", ["X-Lang: a"], h)))
        self.assertFalse(self.same("any", ("?z%0ax-lang:%20en", [], h), ("?z", [], h)))


class Shrinking(CacheTest):
    options = "cache_mb = 64;"

    def test_what_was_in_use_when_the_store_shrank_leaves_after(self):
        def store():
            _, text, _ = live.waymark("status", "-c", self.s.conf, "--json")
            figures = json.loads(text)["edges"][0]
            return figures["store_bytes"], figures["store_limit"]

        big = 12 << 20
        self.get(f"/big/{big}")
        slow = self.client()
        slow.sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 65536)
        slow.ask(f"/big/{big}")
        self.assertEqual(slow.head().cache, "HIT")
        with open(self.s.conf) as f:
            text = f.read()
        with open(self.s.conf, "w") as f:
            f.write(text.replace("cache_mb = 64;", "cache_mb = 1;"))
        live.waymark("reload", "-c", self.s.conf)
        self.until(lambda: store()[1] == 1 << 20)
        self.assertGreater(store()[0], big)
        self.assertEqual(len(slow.octets(big)), big)
        self.until(lambda: store()[0] <= 1 << 20)


class Together(CacheTest):
    def test_those_who_join_read_what_is_there_at_once(self):
        clients = [self.client() for _ in range(10)]
        for c in clients:
            c.ask("/stream")
        for c in clients:
            self.until(lambda: b"first" in c.buffer or (c.more() and b"first" in c.buffer))
        late = self.client()
        late.ask("/stream")
        self.until(lambda: b"first" in late.buffer or (late.more() and b"first" in late.buffer))
        self.site.state.setdefault("go", threading.Event()).set()
        for c in (*clients, late):
            self.assertEqual(c.reply().body, b"firstafter")
        self.assertEqual(self.site.count("/stream"), 1)
        self.assertEqual(self.get("/stream").cache, "HIT")

    def test_whoever_began_may_leave(self):
        first, second = self.client(), self.client()
        first.ask("/slow")
        self.until(lambda: "/slow" in self.site.state.get("begun", []))
        second.ask("/slow")
        time.sleep(0.2)
        first.sock.close()
        self.assertEqual(second.reply().body, b"slow")
        self.assertEqual(self.get("/slow").cache, "HIT")
        self.assertEqual(self.site.count("/slow"), 1)

    def test_what_is_one_clients_goes_with_it(self):
        """Whoever waits behind one that has left gets nothing of what was asked for that one."""
        for name, *fields in (("mine", "Cache-Control: private, max-age=60"),
                              ("variant", "Cache-Control: max-age=60", "Vary: X-User")):
            go = threading.Event()

            def answer(names):
                if self.n(name) == 1:
                    go.wait(live.PATIENCE_S)
                return 200, fields, names["x-user"].encode()

            self.site.script[name] = answer
            first, second = self.client(), self.client()
            first.ask("/set/" + name, fields=["X-User: first"])
            self.until(lambda: "/set/" + name in self.site.state.get("begun", []))
            second.ask("/set/" + name, fields=["X-User: second"])
            time.sleep(0.3)
            first.sock.close()
            time.sleep(0.3)
            go.set()
            self.assertEqual(second.reply().body, b"second", name)

    def test_what_was_fetched_in_the_background_is_no_others(self):
        """A client gets what is stale; who waits for the news meanwhile is not that client."""
        go = threading.Event()

        def answer(names):
            if self.n("news") == 1:
                return 200, ("Cache-Control: max-age=0, stale-while-revalidate=60",), b"old"
            if self.n("news") == 2:
                go.wait(live.PATIENCE_S)
            return 200, ("Cache-Control: private",), names["x-user"].encode()

        self.site.script["news"] = answer
        self.ask("news", "X-User: a")
        self.assertEqual(self.ask("news", "X-User: b").cache, "STALE")
        self.until(lambda: self.n("news") == 2)
        c = self.client()
        c.ask("/set/news", fields=["X-User: c", "Cache-Control: max-age=0"])
        time.sleep(0.3)
        go.set()
        self.assertEqual(c.reply().body, b"c")

    def test_who_waits_for_a_variant_gets_his_own(self):
        def answer(names):
            time.sleep(0.3)
            return 200, ("Cache-Control: max-age=60", "Vary: Accept-Language"), names["accept-language"].encode()

        self.site.script["v"] = answer
        languages = ["en", "de", "fr"] * 6
        with concurrent.futures.ThreadPoolExecutor(len(languages)) as pool:
            got = list(pool.map(lambda l: self.ask("v", f"Accept-Language: {l}").body.decode(), languages))
        self.assertEqual(got, languages)
        self.assertLessEqual(self.n("v"), len(languages))

    def test_fifty_of_one_object(self):
        for path, fetches in (("/slow", 1), ("/slowprivate", 50)):
            start = threading.Barrier(50)

            def run(_):
                with Client(self.port) as c:
                    start.wait()
                    begun = time.monotonic()
                    r = c.get(path)
                    return r.status, r.body, time.monotonic() - begun

            with concurrent.futures.ThreadPoolExecutor(50) as pool:
                got = list(pool.map(run, range(50)))
            self.assertEqual({g[:2] for g in got}, {(200, b"slow" if fetches == 1 else b"mine")})
            self.assertEqual(self.site.count(path), fetches)
            self.assertLess(max(g[2] for g in got), 5)  # 2.2 s where nothing else runs


if __name__ == "__main__":
    live.main()
