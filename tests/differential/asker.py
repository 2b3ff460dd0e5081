"""asker.py - the same questions to several servers: over UDP in windows, or one by one over TCP."""
import select
import socket
import struct
import time

WINDOW, TRIES, WAIT_S = 48, 4, 1.0
PACE_S = 0.5  # NSD gives out a hundred errors a second, and is silent then


class Asker:
    """One server's side: what is still without an answer is asked again."""

    def __init__(self, server):
        self.server = server
        self.socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4 << 20)
        self.socket.connect(("127.0.0.1", server.port))
        self.socket.setblocking(False)

    def begin(self, packets):
        self.packets, self.answers = packets, {}
        for number in packets:
            self.send(number)

    def send(self, number):
        try:
            self.socket.send(self.packets[number])
        except (BlockingIOError, ConnectionRefusedError):
            pass  # asked again, or counted as silence

    def receive(self):
        while True:
            try:
                octets = self.socket.recv(65535)
            except (BlockingIOError, ConnectionRefusedError):
                return
            number = struct.unpack("!H", octets[:2])[0] if len(octets) > 1 else None
            if number in self.packets:
                self.answers.setdefault(number, octets)

    @property
    def missing(self):
        return [n for n in self.packets if n not in self.answers]


def receive_until(askers, is_done, wait_s):
    """Those that are not done in time."""
    waiting, deadline = list(askers), time.monotonic() + wait_s
    while waiting and time.monotonic() < deadline:
        ready, _, _ = select.select([a.socket for a in waiting], [], [], 0.1)
        for asker in [a for a in waiting if a.socket in ready]:
            asker.receive()
        waiting = [a for a in waiting if not is_done(a)]
    return waiting


def ask_window(askers, packets):
    """{server's name: {number: octets}}; a silence is left out."""
    for asker in askers:
        asker.begin(packets)
    waiting = askers
    for _ in range(TRIES):
        waiting = receive_until(waiting, lambda a: not a.missing, WAIT_S)
        for asker in waiting:
            for number in asker.missing:
                asker.send(number)
    for asker in waiting:
        asker.server.revive()
    return {a.server.name: a.answers for a in askers}


def ask_behind(askers, numbers, plain, number):
    """Sends the questions with these numbers and `plain` behind them, until that has an answer."""
    for asker in askers:
        asker.packets[number] = plain.octets(number)
        for n in [*numbers, number]:
            asker.send(n)
    waiting = askers
    for _ in range(TRIES):
        waiting = receive_until(waiting, lambda a: number in a.answers, WAIT_S)
        for asker in waiting:
            asker.send(number)
    for asker in waiting:
        asker.server.revive()


def ask_odd_window(askers, packets, plain, last):
    """The same where silence is an answer, and a clock would take a loaded machine for it: what has no
    answer when a question behind it has one is asked again, alone. Numbers from `last` on are plain's."""
    for asker in askers:
        asker.packets, asker.answers = dict(packets), {}
    time.sleep(PACE_S)
    ask_behind(askers, packets, plain, last)
    for asker in askers:
        missing = [n for n in packets if n not in asker.answers]
        for i, n in enumerate(missing):
            ask_behind([asker], [n], plain, last + 1 + i)
    return {a.server.name: a.answers for a in askers}


def ask_all(askers, questions, plain=None):
    """Yields (question, {server's name: octets or None}). With `plain`, a question that every server
    answers, the others may get no answer."""
    for start in range(0, len(questions), WINDOW):
        window = questions[start:start + WINDOW]
        # An id for each place in the run: a late answer to an earlier window is not taken for one.
        base = 1 + start % 60000
        packets = {base + i: q.octets(base + i) for i, q in enumerate(window)}
        if plain is None:
            answers = ask_window(askers, packets)
        else:
            answers = ask_odd_window(askers, packets, plain, 60001 + start // WINDOW % 100 * (WINDOW + 1))
        for i, q in enumerate(window):
            yield q, {name: got.get(base + i) for name, got in answers.items()}


def ask_tcp(server, question):
    """The answer's octets; None: the server closes."""
    packet = question.octets(1)
    try:
        with socket.create_connection(("127.0.0.1", server.port), timeout=20) as s:
            s.sendall(struct.pack("!H", len(packet)) + packet)
            length = struct.unpack("!H", read_exactly(s, 2))[0]
            return read_exactly(s, length)
    except (EOFError, OSError):
        return None


def read_exactly(s, n):
    octets = b""
    while len(octets) < n:
        more = s.recv(n - len(octets))
        if not more:
            raise EOFError
        octets += more
    return octets
