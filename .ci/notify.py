#!/usr/bin/env python3
"""notify.py PROGRAM FOLDER: starts the daemon as a unit of Type=notify is started, and stops it as such.

READY=1 must come within ten seconds, and readers be answered by then; SIGTERM must end it within four seconds, with status 0,
and STOPPING=1 be told. The newsroom of its configuration is an address that nobody may ask.
"""

import atexit
import os
import re
import signal
import socket
import subprocess
import sys
import time

CONFIG = """
[http]
listen = "127.0.0.1:0"
[fetch]
contact = "https://example.org/bot"
[[source]]
id = "nowhere"
title = "Nowhere"
page = "http://127.0.0.1:9/"
"""

program, folder = sys.argv[1:]
config = os.path.join(folder, "notify.toml")
with open(config, "w", encoding="utf-8") as file:
    file.write(CONFIG)
manager = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
address = os.path.join(folder, "notify")
manager.bind(address)
environment = {
    "PATH": os.environ["PATH"],
    "NOTIFY_SOCKET": address,
    "STATE_DIRECTORY": os.path.join(folder, "state"),
}
log_path = os.path.join(folder, "log")


def fail(message):
    with open(log_path, encoding="utf-8") as log:
        sys.exit(f"notify: {message}\n{log.read()}")


def wait_for(line, seconds):
    """The seconds until a message with this line came."""
    began = time.monotonic()
    while (left := began + seconds - time.monotonic()) > 0:
        manager.settimeout(left)
        try:
            if line in manager.recv(65536).decode().split("\n"):
                return time.monotonic() - began
        except TimeoutError:
            break
    return fail(f"{line} was not told within {seconds} seconds")


with open(log_path, "wb") as log:
    daemon = subprocess.Popen([program, "--config", config, "run"], env=environment, stdin=subprocess.DEVNULL, stdout=log, stderr=log)
atexit.register(daemon.kill)
ready = wait_for("READY=1", 10)
with open(log_path, encoding="utf-8") as log:
    port = re.search(r" serving .*127\.0\.0\.1:(\d+)", log.read())
if not port:
    fail("the log does not say where it listens")
# Nothing is stored yet, so there may be no feed to answer with.
with socket.create_connection(("127.0.0.1", int(port[1])), 5) as reader:
    reader.sendall(b"GET / HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n")
    answer = reader.recv(64)
if not re.match(rb"HTTP/1\.1 (200|404) ", answer):
    fail(f"no answer over HTTP by then, but {answer!r}")
asked = time.monotonic()
daemon.send_signal(signal.SIGTERM)
wait_for("STOPPING=1", 4)
try:
    status = daemon.wait(max(0.1, asked + 4 - time.monotonic()))
except subprocess.TimeoutExpired:
    fail("SIGTERM did not end it within four seconds")
if status:
    fail(f"it ended with status {status}")
print(f"notify: ready after {ready:.2f} s, ended {time.monotonic() - asked:.2f} s after SIGTERM")
