#!/usr/bin/python3
"""What ssh starts for each of its prompts, in a person's stead: records the prompt and answers by a scenario.

HELPER_FOLDER holds "scenario" (a JSON list of answers, one a prompt; what is beyond them is answered by an empty line),
"prompts" (what was asked, a JSON text a line) and "answers" (what was answered).
Answers: "token", "empty", "text:WHAT", "garbage:LENGTH", "again:NUMBER" (the same as that answer before, from 0),
"assert" (a real one, by the security key that is plugged in), "assert@HOST" (the same, for another host's name) and
"assert#ID" (by the credential of this id, in hexadecimal, in the place of the first one that was asked for)."""

import base64
import hashlib
import json
import os
import re
import sys

FOLDER = os.environ.get("HELPER_FOLDER", ".")
PREFIX = re.compile(r"^\(([A-Za-z0-9._-]+)@([A-Za-z0-9.:_%-]+)\) ")
TAG = "passkeyd1:"


def lines(name):
    path = os.path.join(FOLDER, name)
    if not os.path.exists(path):
        return []
    with open(path, encoding="utf-8") as file:
        return [json.loads(line) for line in file]


def append(name, text):
    with open(os.path.join(FOLDER, name), "a", encoding="utf-8") as file:
        file.write(json.dumps(text) + "\n")


def challenge_in(prompt):
    """The five parts of an assertion prompt."""
    from fido2 import cbor
    body = prompt[prompt.index(TAG) + len(TAG):].strip()
    return cbor.decode(base64.urlsafe_b64decode(body + "=" * (-len(body) % 4)))


def assertion(prompt, host, instead):
    """What passkey-askpass would answer; the security key in this world says yes once it is touched."""
    from fido2 import cbor
    from fido2.ctap2 import Ctap2
    from fido2.hid import CtapHidDevice
    rp_id, random, ids, _, _ = challenge_in(prompt)
    host = host or PREFIX.match(prompt)[2]
    data = json.dumps({"type": "webauthn.get", "challenge": base64.urlsafe_b64encode(random).decode().rstrip("="),
                       "origin": "ssh://" + host, "crossOrigin": False}, separators=(",", ":"))
    device = next(CtapHidDevice.list_devices())
    said = Ctap2(device).get_assertion(rp_id, hashlib.sha256(data.encode()).digest(),
                                       [{"type": "public-key", "id": each} for each in ([instead] if instead else ids)])
    used = said.credential["id"] if said.credential else ids[0]
    answer = cbor.encode([0 if instead else ids.index(used), bytes(said.auth_data), said.signature, data])
    return base64.urlsafe_b64encode(answer).decode().rstrip("=")


def answer_to(prompt, how):
    kind, _, what = how.partition(":")
    if kind == "token":
        return "passkeyd-askpass/1".ljust(200, ".")
    if kind == "text":
        return what
    if kind == "garbage":
        return "x" * int(what)
    if kind == "again":
        return lines("answers")[int(what)]
    if kind.startswith("assert"):
        return assertion(prompt, kind.partition("@")[2], bytes.fromhex(kind.partition("#")[2]))
    return ""


def main():
    prompt = sys.argv[1]
    with open(os.path.join(FOLDER, "scenario"), encoding="utf-8") as file:
        scenario = json.load(file)
    number = len(lines("prompts"))
    append("prompts", prompt)
    answer = answer_to(prompt, scenario[number] if number < len(scenario) else "empty")
    append("answers", answer)
    print(answer)


if __name__ == "__main__":
    main()
