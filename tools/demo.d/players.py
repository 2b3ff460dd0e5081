"""players.py - a tiny HTTP listener per target, so that the demo's health checks have whom to ask.

    players.py FOLDER NAME=ADDRESS:PORT ...

One process plays all targets. A target plays dead while FOLDER/NAME exists: its listener closes, and
connections are refused, as if the process behind it had crashed. Everything else about a target (what
it would deliver) is no part of this: whoever brings real servers takes this file's place.
"""
import asyncio
import os
import sys

LOOK_S = 0.05
REQUEST_MAX = 8192
ANSWER = b"HTTP/1.1 %s\r\nContent-Type: text/plain\r\nContent-Length: %d\r\nConnection: close\r\n\r\n%s"


async def answer(reader, writer):
    try:
        head = await asyncio.wait_for(reader.readuntil(b"\r\n\r\n"), 2)
        is_check = head.split(b" ")[:2] == [b"GET", b"/healthz"]
        status, body = (b"200 OK", b"ok\n") if is_check else (b"404 Not Found", b"only /healthz\n")
        writer.write(ANSWER % (status, len(body), body))
        await writer.drain()
    except (asyncio.IncompleteReadError, asyncio.LimitOverrunError, asyncio.TimeoutError, OSError):
        pass
    finally:
        writer.close()


async def play(folder, name, address, port):
    server = None
    while True:
        is_dead = os.path.exists(os.path.join(folder, name))
        if is_dead and server is not None:
            server.close()
            server = None
        elif not is_dead and server is None:
            try:
                server = await asyncio.start_server(answer, address, port, limit=REQUEST_MAX)
            except OSError as e:
                sys.exit(f"players: {name} cannot listen on {address}:{port}: {e.strerror}")
        await asyncio.sleep(LOOK_S)


async def main(folder, parts):
    plays = []
    for part in parts:
        name, endpoint = part.split("=")
        address, port = endpoint.rsplit(":", 1)
        plays.append(play(folder, name, address, int(port)))
    await asyncio.gather(*plays)


if __name__ == "__main__":
    try:
        asyncio.run(main(sys.argv[1], sys.argv[2:]))
    except KeyboardInterrupt:
        pass
