#!/usr/bin/env python3
"""A line of a certain speed.

  line.py TARGET_PORT BYTES_PER_S FOLDER

Listens on a free port of 127.0.0.1, writes its number to FOLDER/line.port, and passes
everything on to TARGET_PORT: towards the server no more than so many bytes a second, all
connections together, and with little in store, as a thin line does."""
import os
import socket
import sys
import threading
import time

TARGET, SPEED, FOLDER = int(sys.argv[1]), int(sys.argv[2]), sys.argv[3]
LOCK = threading.Lock()
FREE_AT = [time.monotonic()]
PIECE = 16384  # bytes; what stands in the line's own queue


def wait_turn(count):
    with LOCK:
        begins = max(FREE_AT[0], time.monotonic())
        FREE_AT[0] = begins + count / SPEED
    time.sleep(max(0, FREE_AT[0] - time.monotonic()))


def pump(source, sink, is_slow):
    try:
        while data := source.recv(PIECE):
            if is_slow:
                wait_turn(len(data))
            sink.sendall(data)
    except OSError:
        pass
    for end in (source, sink):
        try:
            end.shutdown(socket.SHUT_RDWR)
        except OSError:
            pass


def serve(client):
    try:
        server = socket.create_connection(("127.0.0.1", TARGET))
    except OSError:
        client.close()
        return
    for end in (client, server):
        end.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    threading.Thread(target=pump, args=(client, server, True), daemon=True).start()
    threading.Thread(target=pump, args=(server, client, False), daemon=True).start()


def main():
    listener = socket.socket()
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 2 * PIECE)
    listener.bind(("127.0.0.1", 0))
    listener.listen()
    path = os.path.join(FOLDER, "line.port")
    with open(path + ".new", "w") as f:
        f.write(str(listener.getsockname()[1]))
    os.rename(path + ".new", path)
    while True:
        serve(listener.accept()[0])


main()
