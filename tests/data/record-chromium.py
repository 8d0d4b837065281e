#!/usr/bin/env python3
"""Records what Chromium's virtual authenticator answers, for tests/webauthn_vectors_test.cpp.

Needs chromium, chromium-driver and openssl (Debian packages); talks to nothing but this machine:

    python3 tests/data/record-chromium.py > tests/data/chromium-assertion.json

A page of https://workstation.example is served from a loopback port with a certificate made for the occasion.
Chromium is driven over WebDriver; authenticators are added with WebDriver's WebAuthn extension.
"""
import http.server
import json
import os
import re
import ssl
import subprocess
import tempfile
import threading
import urllib.request

RP_ID = "workstation.example"
ES256, EDDSA, RS256 = -7, -8, -257

# name, protocol, algorithm, attestation asked for, user verification, BE and BS, number of assertions
CASES = [
    ("packed-es256", "ctap2", ES256, "direct", "required", False, 2),
    ("none-es256", "ctap2", ES256, "none", "discouraged", False, 1),
    ("synced-es256", "ctap2", ES256, "none", "required", True, 1),
    ("packed-eddsa", "ctap2", EDDSA, "direct", "required", False, 1),
    ("packed-rs256", "ctap2", RS256, "direct", "required", False, 1),
    ("fido-u2f-es256", "ctap1/u2f", ES256, "direct", "discouraged", False, 1),
]

# In the page: bytes travel as hexadecimal.
PAGE_SCRIPT = """
const [ceremony, options, done] = arguments;
const bytes = hex => Uint8Array.from(hex.match(/../g) || [], pair => parseInt(pair, 16));
const hex = buffer => Array.from(new Uint8Array(buffer), b => b.toString(16).padStart(2, '0')).join('');
options.challenge = bytes(options.challenge);
if (options.user) options.user.id = bytes(options.user.id);
for (const allowed of options.allowCredentials || []) allowed.id = bytes(allowed.id);
navigator.credentials[ceremony]({publicKey: options}).then(answer => {
    const found = {credential_id: hex(answer.rawId)};
    for (const name of ['clientDataJSON', 'attestationObject', 'authenticatorData', 'signature'])
        if (answer.response[name]) found[name] = hex(answer.response[name]);
    done(found);
}).catch(error => done({error: String(error)}));
"""


class EmptyPage(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        body = b"<!doctype html><title>recording</title>"
        self.send_response(200)
        self.send_header("Content-Type", "text/html")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_):
        pass


def serve(folder):
    """An HTTPS server on a free loopback port; its port."""
    key, certificate = os.path.join(folder, "key.pem"), os.path.join(folder, "certificate.pem")
    subprocess.run(["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes",
                    "-keyout", key, "-out", certificate, "-days", "1", "-subj", f"/CN={RP_ID}",
                    "-addext", f"subjectAltName=DNS:{RP_ID}"], check=True, capture_output=True)
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), EmptyPage)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate, key)
    server.socket = context.wrap_socket(server.socket, server_side=True)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    return server.server_address[1]


class Browser:
    """A WebDriver session, as far as it is needed here."""

    def __init__(self, folder, port):
        self.driver = subprocess.Popen(["chromedriver", "--port=0"], stdout=subprocess.PIPE, text=True)
        for line in self.driver.stdout:
            if found := re.search(r"started successfully on port (\d+)", line):
                break
        else:
            raise SystemExit("chromedriver did not start")
        self.base = f"http://127.0.0.1:{found.group(1)}"
        options = {"args": [
            "--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run",
            "--disable-background-networking", "--disable-component-update", "--disable-sync",
            f"--user-data-dir={os.path.join(folder, 'profile')}",
            f"--host-resolver-rules=MAP {RP_ID}:443 127.0.0.1:{port}, MAP * ~NOTFOUND, EXCLUDE 127.0.0.1"]}
        answer = self.call("POST", "/session", {"capabilities": {"alwaysMatch": {
            "acceptInsecureCerts": True, "goog:chromeOptions": options}}})
        self.base += "/session/" + answer["sessionId"]
        self.version = answer["capabilities"]["browserVersion"]

    def call(self, method, path, body=None):
        data = None if body is None else json.dumps(body).encode()
        request = urllib.request.Request(self.base + path, data, {"Content-Type": "application/json"}, method=method)
        try:
            with urllib.request.urlopen(request, timeout=60) as reply:
                return json.load(reply)["value"]
        except urllib.error.HTTPError as error:
            raise SystemExit(error.read().decode())

    def ask(self, ceremony, options):
        found = self.call("POST", "/execute/async", {"script": PAGE_SCRIPT, "args": [ceremony, options]})
        if "error" in found:
            raise SystemExit(f"{ceremony}: {found['error']}")
        return found

    def close(self):
        self.call("DELETE", "")
        self.driver.terminate()
        self.driver.wait()


def record(browser, name, protocol, algorithm, attestation, verification, synced, count):
    verifies = verification == "required"
    authenticator = browser.call("POST", "/webauthn/authenticator", {
        "protocol": protocol, "transport": "usb", "hasResidentKey": False, "isUserConsenting": True,
        "hasUserVerification": verifies, "isUserVerified": verifies,
        "defaultBackupEligibility": synced, "defaultBackupState": synced})
    challenge = os.urandom(32).hex()
    registration = {"challenge": challenge, **browser.ask("create", {
        "challenge": challenge, "rp": {"id": RP_ID, "name": RP_ID},
        "user": {"id": os.urandom(32).hex(), "name": "alice", "displayName": "alice"},
        "pubKeyCredParams": [{"type": "public-key", "alg": algorithm}], "attestation": attestation,
        "authenticatorSelection": {"userVerification": verification, "residentKey": "discouraged"}})}
    authentications = []
    for _ in range(count):
        challenge = os.urandom(32).hex()
        authentications.append({"challenge": challenge, **browser.ask("get", {
            "challenge": challenge, "rpId": RP_ID, "userVerification": verification,
            "allowCredentials": [{"type": "public-key", "id": registration["credential_id"]}]})})
    browser.call("DELETE", "/webauthn/authenticator/" + authenticator)
    return {"name": name, "user_verification": verification, "registration": registration,
            "authentications": authentications}


def main():
    with tempfile.TemporaryDirectory() as folder:
        browser = Browser(folder, serve(folder))
        try:
            browser.call("POST", "/url", {"url": f"https://{RP_ID}/"})
            cases = [record(browser, *case) for case in CASES]
        finally:
            browser.close()
    print(json.dumps({"source": f"Chromium {browser.version}, virtual authenticators", "rp_id": RP_ID,
                      "origin": f"https://{RP_ID}", "encoding": "hex", "cases": cases}, indent=1))


if __name__ == "__main__":
    main()
