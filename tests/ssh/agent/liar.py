"""An SSH agent with a key of its own and a will of its own: speaks the protocol (draft-miller-ssh-agent), and then does as
it was told. Prints "ready", and a line for whatever it is asked: "list", "sign"; and what it was to sign, in base64.

usage: liar.py SOCKET MANNER SEED STATE   SEED: a file of 32 bytes, the key; STATE: a file that keeps its counter"""

import base64
import hashlib
import os
import socket
import struct
import sys
import threading
import time

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
from softkey import APPLICATION, SkKey, string  # noqa: E402

FAILURE = b"\x05"


def listing(blobs):
    return b"\x0c" + struct.pack(">I", len(blobs)) + b"".join(string(blob) + string(b"a key") for blob in blobs)


class Liar:
    def __init__(self, path, manner, seed, state):
        self.manner, self.state = manner, state
        self.key = SkKey(seed)
        self.listener = socket.socket(socket.AF_UNIX)
        self.listener.bind(path)
        self.listener.listen(1 if manner != "full" else 0)

    def run(self):
        print("ready", flush=True)
        if self.manner == "full":  # nobody is ever let in, and the queue is full
            waiting = []
            for _ in range(8):
                one = socket.socket(socket.AF_UNIX)
                one.setblocking(False)
                try:
                    one.connect(self.listener.getsockname())
                except BlockingIOError:
                    pass
                waiting.append(one)
            threading.Event().wait()
        while True:
            connection, _ = self.listener.accept()
            threading.Thread(target=self.serve, args=(connection,), daemon=True).start()

    def serve(self, connection):
        try:
            while True:
                size = struct.unpack(">I", self.take(connection, 4))[0]
                request = self.take(connection, size)
                print({11: "list", 13: "sign"}.get(request[0], f"other {request[0]}"), flush=True)
                self.answer(connection, request)
        except (OSError, EOFError):
            connection.shutdown(socket.SHUT_RDWR)
            print("closed", flush=True)

    @staticmethod
    def take(connection, size):
        taken = b""
        while len(taken) < size:
            piece = connection.recv(size - len(taken))
            if not piece:
                raise EOFError
            taken += piece
        return taken

    def counter(self, step=1):
        count = int(open(self.state, encoding="ascii").read()) + step
        with open(self.state, "w", encoding="ascii") as file:
            file.write(str(count))
        return count

    def answer(self, connection, request):
        manner = self.manner
        if request[0] == 11:
            say = listing([self.key.blob])
            if manner == "silent":
                return
            if manner == "closes at once":
                raise EOFError
            if manner == "four gigabytes":
                connection.sendall(b"\xff\xff\xff\xff" + say)
                return
            if manner == "announces more than it has":
                say = b"\x0c" + struct.pack(">I", 2000) + say[5:]
            if manner == "a hundred thousand keys":
                connection.sendall(string(listing([self.key.blob] * 100000)))
                return
            if manner == "a thousand keys":
                say = listing([SkKey(hashlib.sha256(str(at).encode()).digest()).blob for at in range(1000)] + [self.key.blob])
            if manner == "a byte a second":
                for byte in string(say):
                    connection.sendall(bytes([byte]))
                    time.sleep(1)
                return
            if manner == "another answer":
                say = b"\x0e" + say[1:]
            if manner == "garbage after the list":
                connection.sendall(string(say) + b"garbage")
                return
            connection.sendall(string(say))
            return
        at = 1
        fields = []
        for _ in range(2):
            size = struct.unpack(">I", request[at:at + 4])[0]
            fields.append(request[at + 4:at + 4 + size])
            at += 4 + size
        text = fields[1]
        print("text " + base64.b64encode(text).decode(), flush=True)
        connection.sendall(self.signature(text))

    def signature(self, text):
        manner = self.manner
        if manner == "waits for a touch":
            sys.stdin.readline()
        if manner == "does not sign":
            return b""
        if manner == "refuses":
            return string(FAILURE)
        if manner == "closes":
            raise EOFError
        if manner == "a long signature":
            return string(b"\x0e" + string(b"x" * 200000))
        if manner == "signs with another key":
            blob = SkKey(b"\x07" * 32).sign(text, self.counter())
        elif manner == "replays":
            kept = self.state + ".kept"
            blob = self.key.sign(text, self.counter())
            if os.path.exists(kept):
                blob = open(kept, "rb").read()
            else:
                open(kept, "wb").write(blob)
        elif manner == "without a touch":
            blob = self.key.sign(text, self.counter(), flags=0)
        elif manner == "with a PIN":
            blob = self.key.sign(text, self.counter(), flags=5)
        elif manner == "goes back":
            blob = self.key.sign(text, self.counter(-1))
        elif manner == "another application":
            blob = self.key.sign(text, self.counter(), application=b"ssh:else")
        elif manner == "another text":
            blob = self.key.sign(text + b" ", self.counter())
        elif manner == "another kind of signature":
            blob = self.key.sign(text, self.counter(), kind=b"ssh-ed25519")
        else:
            blob = self.key.sign(text, self.counter())
        if manner == "garbage in the signature":
            blob += b"x"
        say = b"\x0e" + string(blob)
        if manner == "garbage in the answer":
            say += b"x"
        if manner == "garbage after the answer":
            return string(say) + b"more and more"
        return string(say)


if __name__ == "__main__":
    PATH, MANNER, SEED, STATE = sys.argv[1:]
    Liar(PATH, MANNER, open(SEED, "rb").read(), STATE).run()
