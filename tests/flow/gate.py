#!/usr/bin/env python3
"""A line that stops where a test wants it to.

  gate.py TARGET_PORT BYTES FOLDER

Listens on a free port of 127.0.0.1, writes its number to FOLDER/gate.port, and passes
everything on to TARGET_PORT.  After the first BYTES bytes of the clients, all connections
together, it makes FOLDER/gate.shut and passes nothing more on towards the server until
that file is removed; from then on everything.  So a test can do something at the site
in the middle of a sending, however fast the machine is."""
import os
import socket
import sys
import threading
import time

TARGET, LEFT, FOLDER = int(sys.argv[1]), [int(sys.argv[2])], sys.argv[3]
SHUT = os.path.join(FOLDER, "gate.shut")
LOCK = threading.Lock()


def write_whole(path, text):
    with open(path + ".new", "w") as f:
        f.write(text)
    os.rename(path + ".new", path)


def pass_gate(count):
    """Spend so many bytes; wait at the gate when they are the last ones."""
    with LOCK:
        if LEFT[0] <= 0:
            return
        LEFT[0] -= count
        if LEFT[0] > 0:
            return
        write_whole(SHUT, "")
        while os.path.exists(SHUT):
            time.sleep(0.02)


def pump(source, sink, gated):
    try:
        while data := source.recv(65536):
            if gated:
                pass_gate(len(data))
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
    listener = socket.create_server(("127.0.0.1", 0))
    write_whole(os.path.join(FOLDER, "gate.port"), str(listener.getsockname()[1]))
    while True:
        serve(listener.accept()[0])


main()
