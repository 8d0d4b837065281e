"""The command channel into the machine: the other end of guest/agent.py."""

import itertools
import json
import queue
import socket
import threading

PATIENCE = 300  # seconds that a command in an emulated machine may take


class NoPower(Exception):
    """The machine was switched off, or says nothing."""


class Channel:
    def __init__(self, path):
        self.socket = socket.socket(socket.AF_UNIX)
        self.socket.connect(path)
        self.numbers = itertools.count(1)
        self.answers = {}  # number of a request: queue of what comes for it
        self.boots = queue.Queue()
        self.speaking = threading.Lock()
        threading.Thread(target=self.listen, daemon=True).start()

    def listen(self):
        try:
            for line in self.socket.makefile("rb"):
                try:
                    said = json.loads(line)
                except ValueError:  # the end of something that a power cut cut short
                    continue
                if "boot" in said:
                    self.boots.put(said["boot"])
                elif said.get("id") in self.answers:
                    self.answers[said["id"]].put(said)
        except OSError:
            pass
        for waiting in [self.boots, *self.answers.values()]:
            waiting.put(None)

    def wait_for_boot(self):
        """Until the machine listens."""
        try:
            boot = self.boots.get(timeout=PATIENCE)
        except queue.Empty:
            boot = None
        if boot is None:
            raise NoPower("the machine never came up")

    def ask(self, do, **words):
        """Asks without waiting: the number of the request. Whoever asks takes its answers from `answers`."""
        number = next(self.numbers)
        self.answers[number] = queue.Queue()
        with self.speaking:
            self.socket.sendall(json.dumps({"id": number, "do": do, **words}).encode() + b"\n")
        return number

    def next_answer(self, number, seconds=PATIENCE):
        try:
            answer = self.answers[number].get(timeout=max(0.0, seconds))
        except queue.Empty:
            return {}
        if answer is None:
            raise NoPower("the machine has no power")
        if "status" in answer:
            del self.answers[number]
        return answer

    def order(self, do, **words):
        """Asks and waits for the whole answer."""
        answer = self.next_answer(self.ask(do, **words))
        if not answer:
            raise NoPower(f"no answer within {PATIENCE} s: {do} {words}")
        return answer

    def close(self):
        self.socket.close()
