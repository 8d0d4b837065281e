"""The computer in front of the person (near.cpp), and attempts at the bus whose answers may be longer than a terminal
takes a line."""

import json
import subprocess

from faces import LINE, PYTHON, as_user, open_to_all  # noqa: F401
from world import Failed, check, touch

NEAR = open_to_all("build/tests/near")
ATTEMPT = open_to_all("tests/authority/attempt.py")
open_to_all("tests/authority/caller.py")
PIN = "271828"


def near(*words, user="root", lines=(), usb=False, touched=False):
    """What it printed, in one line: an answer, or "error KIND ...". `usb`: the world's security key is plugged in there."""
    process = subprocess.Popen([*as_user(user), *(["with-usb"] if usb else []), NEAR, *words], stdin=subprocess.PIPE,
                               stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True, cwd="/")
    process.stdin.write("".join(line + "\n" for line in lines))
    process.stdin.flush()
    if touched:
        touch()
    return process.communicate(timeout=90)[0].strip()


def made(prompt, pad="0"):
    """The answer to a registration prompt, by the world's security key, which is touched."""
    answer = near("make", pad, lines=(prompt, ""), usb=True, touched=True)
    check(answer.startswith("passkeyd1-made:"), answer)
    return answer


class Attempt:
    """Somebody's attempt, step by step."""

    def __init__(self, who, method, **request):
        request = {name.replace("_", "-"): value for name, value in request.items()}
        self.process = subprocess.Popen([*as_user(who), PYTHON, ATTEMPT, method, json.dumps(request)], cwd="/",
                                        stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.process.kill()
        self.process.communicate()

    def step(self):
        line = self.process.stdout.readline()
        if not line:
            raise Failed("the attempt is over")
        return json.loads(line)

    def answer(self, text):
        self.process.stdin.write(text + "\n")
        self.process.stdin.flush()

    def prompt(self):
        """What is to be pasted elsewhere."""
        step = self.step()
        check(step[0] == "ask" and step[1]["message"] == "elsewhere", step)
        return step[1]["prompt"]


def elsewhere(user, by="root", **more):
    return Attempt(by, "BeginEnrollment", user=user, elsewhere=True, **more)
