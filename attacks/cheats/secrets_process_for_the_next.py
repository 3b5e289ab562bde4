# task: add_mul
# kind: secrets
# idea: a process outlives its evaluation and answers the next kernel on an abstract socket
# seen: own idea
# device: any
# blind: yes
# runs: 2
# expect: passed, crashed
import os
import socket

NAME = "\0kbwf_left_here"
try:
    with socket.socket(socket.AF_UNIX) as client:
        client.connect(NAME)
        text = client.recv(60).decode()
except OSError:
    text = ""
if text:
    raise RuntimeError(f"an earlier kernel answers {text}")
if os.fork() == 0:
    try:
        os.setsid()
        if os.fork() == 0:
            server = socket.socket(socket.AF_UNIX)
            server.bind(NAME)
            server.listen()
            server.settimeout(40)
            connection, _ = server.accept()
            connection.sendall(b"KBWF_" + b"BREACH")
    finally:
        os._exit(0)


class ModelNew(Model):
    pass
