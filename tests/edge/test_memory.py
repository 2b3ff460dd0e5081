#!/usr/bin/env python3
"""Memory that is refused, wherever it runs out, costs the requests that want it and no others."""
import contextlib
import os
import struct
import tempfile
import threading
import unittest
import unittest.mock

from front import FrontTest, live

CLIENTS, EACH = 12, 25


@unittest.skipIf("san" in live.WAYMARK, "a sanitizer has an allocator of its own")
class Memory(FrontTest):
    def frail_edge(self):
        """A running server that gets memory as self.refuse says."""
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.scarce = os.path.join(folder.name, "scarce")
        with open(self.scarce, "wb") as f:
            f.write(bytes(4))
        more = {"LD_PRELOAD": os.environ["SCARCE_LIBRARY"], "SCARCE": self.scarce,
                "SCARCE_THREADS": "edge"}
        with unittest.mock.patch.dict(os.environ, more):
            return self.edge(self.origin())

    def refuse(self, one_in):
        """Of the allocations on edge threads; 0: none."""
        with open(self.scarce, "r+b") as f:
            f.write(struct.pack("=I", one_in))

    def storm(self, word):
        """Many at once ask for what is not there yet; each gets an answer, or is hung up on."""
        def client(number):
            for i in range(EACH):
                with contextlib.suppress(OSError, EOFError, ValueError):
                    if number % 3 == 0:
                        self.get(f"/sum?{word}-{number}-{i}", "POST", body=bytes(200000))
                    else:
                        self.get(f"/big/{(30000, 600000)[number & 1]}?{word}-{number}-{i}")

        threads = [threading.Thread(target=client, args=(i,)) for i in range(CLIENTS)]
        for t in threads:
            t.start()
        for t in threads:
            t.join()

    def is_served(self, target):
        """Who was just let in may still be without what was refused."""
        with contextlib.suppress(OSError, EOFError):
            return self.get(target).status == 200
        return False

    def test_fetches_without_memory_end_and_the_next_ones_are_whole(self):
        s = self.frail_edge()
        for one_in in (2000, 1000, 500, 300, 200, 100, 50, 30, 10, 3):
            self.refuse(one_in)
            self.storm(one_in)
            self.refuse(0)
            self.assertIsNone(s.process.poll(), f"it ended, one in {one_in} refused: {s.process.returncode}")
            self.until(lambda: self.is_served(f"/plain/{one_in}"), "it answers nobody any more")
        self.stop(s)


if __name__ == "__main__":
    live.main()
