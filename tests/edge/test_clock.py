#!/usr/bin/env python3
"""A wall clock that somebody sets makes nothing younger or older."""
import os
import time

from front import FrontTest, live, support

WALL_CLOCK = os.environ.get("WALL_CLOCK", os.path.join(os.path.dirname(live.WAYMARK), "tests", "edge",
                                                       "libwall_clock.so"))
DAY_S = 86400


class Undated(support.Origin):
    """Answers that say how long they live, and not from when."""

    def on_lives(self, c, method, target, names, body):
        seconds = target.rsplit("/", 1)[1]
        self.send(c, method, b"lives", fields=[("Cache-Control", f"max-age={seconds}")])


class Clock(FrontTest):
    def setUp(self):
        self.site = self.origin(Undated)
        self.folder = self.server()  # of the offset: not started
        os.environ.update(self.preload())
        self.addCleanup(lambda: [os.environ.pop(k) for k in ("LD_PRELOAD", "WALL_CLOCK_OFFSET")])
        self.jump(0)
        self.s = self.edge(self.site)

    def preload(self):
        self.offset = self.folder.path("offset")
        options = os.environ.get("ASAN_OPTIONS", "")
        return {"LD_PRELOAD": WALL_CLOCK, "WALL_CLOCK_OFFSET": self.offset,
                "ASAN_OPTIONS": options + ":verify_asan_link_order=0"}

    def jump(self, offset_s):
        with open(self.offset + ".new", "w") as f:
            f.write(str(offset_s))
        os.rename(self.offset + ".new", self.offset)

    def test_a_clock_set_back_keeps_nothing_fresh(self):
        self.assertEqual(self.get("/lives/1").cache, "MISS")
        self.jump(-DAY_S)
        self.assertEqual(self.get("/lives/600").cache, "MISS")
        time.sleep(2.5)
        self.assertNotEqual(self.get("/lives/1").cache, "HIT")
        self.assertEqual(self.get("/lives/600").cache, "HIT")
        self.stop(self.s)

    def test_a_clock_set_forward_makes_nothing_stale(self):
        self.get("/lives/600")
        self.jump(DAY_S)
        r = self.get("/lives/600")
        self.assertEqual(r.cache, "HIT")
        self.assertLess(int(r.names["age"]), 60)
        self.stop(self.s)


if __name__ == "__main__":
    live.main()
