#!/usr/bin/env python3
"""A host that answers nothing: blackhole.py COUNT FILE

Takes COUNT ports of 127.0.0.1 whose backlog is full, so that Linux drops whatever
else wants to connect there, as a dead host or a firewall does, and writes their numbers
to FILE, one a line.  Lives until it is killed."""
import os
import signal
import socket
import sys


def is_full(port):
    with socket.socket() as probe:
        probe.settimeout(1)
        try:
            probe.connect(("127.0.0.1", port))
        except TimeoutError:
            return True
        return False


def black_hole():
    listener = socket.socket()
    listener.bind(("127.0.0.1", 0))
    listener.listen(0)
    kept = [listener]
    while True:
        client = socket.socket()
        client.setblocking(False)
        client.connect_ex(listener.getsockname())
        kept.append(client)
        if is_full(listener.getsockname()[1]):
            return kept


def main():
    holes = [black_hole() for _ in range(int(sys.argv[1]))]
    with open(sys.argv[2] + ".new", "w") as f:
        f.writelines(f"{kept[0].getsockname()[1]}\n" for kept in holes)
    os.rename(sys.argv[2] + ".new", sys.argv[2])
    signal.pause()


main()
