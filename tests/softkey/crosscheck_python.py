#!/usr/bin/python3
"""Judges the software key by python3-fido2, an implementation of CTAP that shares no code with libfido2. It checks
by itself that the key's CBOR is canonical. None of our product runs here."""

import os
import struct
import sys
import threading

from fido2 import cbor
from fido2.ctap import CtapError
from fido2.ctap2 import AttestedCredentialData, Ctap2
from fido2.ctap2.credman import CredentialManagement
from fido2.ctap2.extensions import HmacSecretExtension
from fido2.ctap2.pin import ClientPin, PinProtocolV1, PinProtocolV2
from fido2.attestation import PackedAttestation
from fido2.hid import CTAPHID, open_device
from fido2.utils import sha256

from bench import Bench, Programs, in_preloaded_process, run_checks

PROGRAMS = Programs(sys.argv[1:4])
PIN = "123456"
RP = {"id": "example.org", "name": "Example"}
ES256, EDDSA = {"type": "public-key", "alg": -7}, {"type": "public-key", "alg": -8}
HASH = sha256(b"client data")
PERMISSION = ClientPin.PERMISSION


class Desk(Bench):
    """A bench with one key, opened in this process."""

    def __init__(self, *options):
        super().__init__(PROGRAMS, options=options)
        self.open()

    def open(self):
        self.enter()
        self.device = open_device(self.node())
        self.ctap = Ctap2(self.device)

    def close(self):
        if hasattr(self, "device"):
            self.device.close()
        super().close()

    def token(self, permissions, rp_id=RP["id"], pin=PIN, protocol=None):
        return ClientPin(self.ctap, protocol).get_pin_token(pin, permissions, rp_id)

    def make(self, user=b"alice", algorithm=ES256, **more):
        return self.ctap.make_credential(HASH, more.pop("rp", RP), {"id": user, "name": user.decode()}, [algorithm],
                                         **more)

    def make_verified(self, protocol=PinProtocolV2, **more):
        token = self.token(PERMISSION.MAKE_CREDENTIAL, protocol=protocol())
        return self.make(pin_uv_param=protocol().authenticate(token, HASH), pin_uv_protocol=protocol.VERSION, **more)

    def ask(self, made=None, **more):
        allowed = more.pop("allowed", [named(made)] if made else None)
        return self.ctap.get_assertion(more.pop("rp_id", RP["id"]), HASH, allowed, **more)

    def ask_verified(self, made=None, protocol=PinProtocolV2, **more):
        token = self.token(PERMISSION.GET_ASSERTION, protocol=protocol())
        param = protocol().authenticate(token, HASH)
        return self.ask(made, pin_uv_param=param, pin_uv_protocol=protocol.VERSION, **more)


def named(made):
    return {"type": "public-key", "id": made.auth_data.credential_data.credential_id}


def expect(condition, what="not so"):
    if not condition:
        raise AssertionError(what)


def refused(code, action, *arguments, **more):
    """Runs the action, which the key must refuse with that CTAP status."""
    try:
        action(*arguments, **more)
    except CtapError as error:
        expect(error.code == code, f"refused with {error.code!r} instead of {code:#x}")
        return
    raise AssertionError(f"not refused; wanted {code:#x}")


def verified(made, assertion):
    assertion.verify(HASH, made.auth_data.credential_data.public_key)
    expect(assertion.auth_data.rp_id_hash == sha256(RP["id"].encode()), "another relying party")
    return assertion.auth_data


def credentials_and_assertions_verify_for_every_algorithm():
    for algorithm in (ES256, EDDSA):
        with Desk() as desk:
            made = desk.make(algorithm=algorithm)
            PackedAttestation().verify(made.att_statement, made.auth_data, HASH)
            expect(made.auth_data.flags == 0x41, hex(made.auth_data.flags))
            expect(verified(made, desk.ask(made)).flags == 0x01)


def both_pin_protocols_verify_the_user():
    for protocol in (PinProtocolV1, PinProtocolV2):
        with Desk() as desk:
            pin = ClientPin(desk.ctap, protocol())
            pin.set_pin("first")
            pin.change_pin("first", PIN)
            made = desk.make_verified(protocol)
            expect(made.auth_data.flags == 0x45, hex(made.auth_data.flags))
            expect(verified(made, desk.ask_verified(made, protocol)).is_user_verified())
            refused(0x31, desk.token, PERMISSION.GET_ASSERTION, pin="first", protocol=protocol())
            expect(pin.get_pin_retries() == (7, False), pin.get_pin_retries())


def a_protocol_it_does_not_announce_is_refused():
    with Desk("--pin-protocols", "1", "--pin", PIN) as desk:
        expect(desk.ctap.info.pin_uv_protocols == [1])
        refused(0x02, desk.token, PERMISSION.GET_ASSERTION, protocol=PinProtocolV2())
        made = desk.make_verified(PinProtocolV1)
        verified(made, desk.ask_verified(made, PinProtocolV1))


def the_old_way_to_a_token_still_works():
    with Desk("--pin", PIN) as desk:
        pin = ClientPin(desk.ctap)
        pin._supports_permissions = False  # python-fido2 then sends getPinToken
        token = pin.get_pin_token(PIN)
        made = desk.make(pin_uv_param=pin.protocol.authenticate(token, HASH), pin_uv_protocol=pin.protocol.VERSION)
        expect(made.auth_data.is_user_verified())


def pins_that_are_too_short_or_too_long_are_refused():
    with Desk() as desk:
        pin = ClientPin(desk.ctap)
        for raw in (b"123".ljust(64, b"\0"), "äö€".encode().ljust(64, b"\0"), b"x" * 64):
            agreement, shared = pin._get_shared_secret()
            new_pin = pin.protocol.encrypt(shared, raw)
            refused(0x37, desk.ctap.client_pin, pin.protocol.VERSION, ClientPin.CMD.SET_PIN, agreement,
                    pin.protocol.authenticate(shared, new_pin), new_pin)
        expect(not desk.ctap.get_info().options["clientPin"])


def a_token_does_only_what_it_was_made_for():
    with Desk("--pin", PIN) as desk:
        made = desk.make()
        protocol = PinProtocolV2()
        only_assert = desk.token(PERMISSION.GET_ASSERTION)
        param = protocol.authenticate(only_assert, HASH)
        refused(0x33, desk.make, pin_uv_param=param, pin_uv_protocol=2)
        refused(0x33, desk.ask, made, rp_id="example.com", pin_uv_param=param, pin_uv_protocol=2)
        refused(0x33, desk.ask, made, pin_uv_param=bytes(32), pin_uv_protocol=2)
        expect(desk.ask(made, pin_uv_param=param, pin_uv_protocol=2).auth_data.is_user_verified())
        refused(0x33, desk.ask, made, pin_uv_param=param, pin_uv_protocol=2)  # its one touch is spent
        refused(0x40, desk.token, PERMISSION.BIO_ENROLL)
        refused(0x14, desk.token, PERMISSION.GET_ASSERTION, None)
        refused(0x02, desk.token, 0)


def a_new_token_voids_the_old_one_and_so_does_unplugging():
    with Desk("--pin", PIN) as desk:
        made = desk.make()
        protocol = PinProtocolV2()
        old = protocol.authenticate(desk.token(PERMISSION.GET_ASSERTION), HASH)
        new = protocol.authenticate(desk.token(PERMISSION.GET_ASSERTION), HASH)
        refused(0x33, desk.ask, made, pin_uv_param=old, pin_uv_protocol=2)
        desk.replug()
        desk.open()
        refused(0x33, desk.ask, made, pin_uv_param=new, pin_uv_protocol=2)


def refused_tries_are_free_before_the_pin_is_looked_at():
    with Desk("--pin", PIN) as desk:
        refused(0x40, desk.token, PERMISSION.BIO_ENROLL, pin="000000")
        expect(desk.key("pin-tries") == "8", desk.key("pin-tries"))


def an_allow_list_is_searched_to_its_end_and_no_further_than_announced():
    with Desk() as desk:
        made = desk.make()
        strangers = [{"type": "public-key", "id": os.urandom(64)} for _ in range(8)]
        answer = desk.ask(allowed=strangers[:7] + [named(made)])  # 13 frames
        expect(answer.credential["id"] == named(made)["id"])
        verified(made, answer)
        refused(0x15, desk.ask, allowed=strangers + [named(made)])
        refused(0x2E, desk.ask, allowed=strangers)
        desk.key("knob", "max-list", 20)
        verified(made, desk.ask(allowed=strangers + [named(made)]))


def a_request_longer_than_announced_is_refused():
    with Desk() as desk:
        refused(0x39, desk.ask, allowed=[{"type": "public-key", "id": os.urandom(1200)}])


def an_enrolled_key_is_not_enrolled_twice():
    with Desk() as desk:
        made = desk.make()
        refused(0x19, desk.make, exclude_list=[named(made)])
        desk.make(exclude_list=[{"type": "public-key", "id": os.urandom(64)}])
        desk.make(rp={"id": "example.com", "name": "another"}, exclude_list=[named(made)])


def hmac_secret_depends_on_credential_salt_and_verification():
    for protocol in (PinProtocolV1, PinProtocolV2):
        with Desk("--pin", PIN) as desk:
            made, other = (desk.make(extensions={"hmac-secret": True}) for _ in range(2))
            expect(made.auth_data.extensions == {"hmac-secret": True}, made.auth_data.extensions)
            first, second = os.urandom(32), os.urandom(32)

            def secrets(credential, ask=desk.ask, **salts):
                extension = HmacSecretExtension(desk.ctap, protocol())
                asked = extension.process_get_input({"hmacGetSecret": salts})
                data = verified(credential, ask(credential, extensions={"hmac-secret": asked}))
                return extension.process_get_output(data)["hmacGetSecret"]

            one = secrets(made, salt1=first)
            both = secrets(made, salt1=first, salt2=second)
            expect(both["output1"] == one["output1"] and len(one["output1"]) == 32 and len(both["output2"]) == 32)
            expect(secrets(made, salt1=second)["output1"] == both["output2"])
            expect(secrets(other, salt1=first)["output1"] != one["output1"])
            expect(secrets(made, ask=desk.ask_verified, salt1=first)["output1"] != one["output1"])


def protected_credentials_show_themselves_only_as_they_should():
    with Desk("--pin", PIN) as desk:
        for level, with_list, alone in ((1, True, True), (2, True, False), (3, False, False)):
            rp = {"id": f"level{level}.example", "name": "x"}
            token = desk.token(PERMISSION.MAKE_CREDENTIAL, rp["id"])
            made = desk.make(rp=rp, extensions={"credProtect": level}, options={"rk": True},
                             pin_uv_param=PinProtocolV2().authenticate(token, HASH), pin_uv_protocol=2)
            expect(made.auth_data.extensions == {"credProtect": level}, made.auth_data.extensions)
            for visible, allowed in ((with_list, [named(made)]), (alone, None)):
                if visible:
                    desk.ask(rp_id=rp["id"], allowed=allowed)
                else:
                    refused(0x2E, desk.ask, rp_id=rp["id"], allowed=allowed)


def several_resident_credentials_come_one_by_one_newest_first():
    with Desk() as desk:
        users = [b"alice", b"bob", b"carol"]
        made = {user: desk.make(user=user, options={"rk": True}) for user in users}
        answers = desk.ctap.get_assertions(RP["id"], HASH)
        expect([one.user["id"] for one in answers] == users[::-1], [one.user for one in answers])
        for one in answers:
            verified(made[one.user["id"]], one)
        refused(0x30, desk.ctap.get_next_assertion)
        desk.ask()
        desk.ctap.get_info()
        refused(0x30, desk.ctap.get_next_assertion)  # something came in between


def a_new_resident_credential_replaces_its_users_old_one():
    with Desk() as desk:
        old, new = (desk.make(options={"rk": True}) for _ in range(2))
        refused(0x2E, desk.ask, old)
        verified(new, desk.ask(new))
        desk.key("knob", "max-resident", 1)
        refused(0x28, desk.make, user=b"bob", options={"rk": True})


def resident_credentials_are_managed():
    with Desk("--pin", PIN) as desk:
        made = {user: desk.make_verified(user=user, options={"rk": True}) for user in (b"alice", b"bob")}
        protocol = PinProtocolV2()
        manager = CredentialManagement(desk.ctap, protocol, desk.token(PERMISSION.CREDENTIAL_MGMT, None))
        expect(manager.get_metadata() == {1: 2, 2: 23}, manager.get_metadata())
        (rp,) = manager.enumerate_rps()
        expect(rp[3]["id"] == RP["id"] and rp[4] == sha256(RP["id"].encode()), rp)
        rows = {row[6]["id"]: row for row in manager.enumerate_creds(rp[4])}
        expect(set(rows) == {b"alice", b"bob"}, rows)
        alice = rows[b"alice"]
        expect(alice[7] == named(made[b"alice"]) and alice[8] == made[b"alice"].auth_data.credential_data.public_key)
        desk.ctap.credential_mgmt(7, {2: alice[7], 3: {"id": b"alice", "name": "alice2", "displayName": "A"}}, 2,
                                  protocol.authenticate(manager.pin_uv_token, b"\x07" + cbor.encode(
                                      {2: alice[7], 3: {"id": b"alice", "name": "alice2", "displayName": "A"}})))
        rows = {row[6]["id"]: row for row in manager.enumerate_creds(rp[4])}
        expect(rows[b"alice"][6]["name"] == "alice2", rows[b"alice"])
        manager.delete_cred(rows[b"bob"][7])
        expect(manager.get_metadata() == {1: 1, 2: 24})
        refused(0x2E, desk.ask, made[b"bob"])
        wrong = CredentialManagement(desk.ctap, protocol, bytes(32))
        refused(0x33, wrong.get_metadata)
        no_right = CredentialManagement(desk.ctap, protocol, desk.token(PERMISSION.GET_ASSERTION))
        refused(0x33, no_right.get_metadata)


def a_silent_probe_needs_no_touch_and_says_so():
    with Desk() as desk:
        made = desk.make()
        desk.key("touch", "wait")
        data = verified(made, desk.ask(made, options={"up": False}))
        expect(data.flags == 0, hex(data.flags))
        refused(0x2E, desk.ask, allowed=[{"type": "public-key", "id": os.urandom(64)}], options={"up": False})


def a_request_is_cancelled_while_it_blinks():
    with Desk("--touch", "wait") as desk:
        cancel, keepalives = threading.Event(), []

        def blinked(status):
            keepalives.append(status)
            cancel.set()

        refused(0x2D, desk.ctap.selection, event=cancel, on_keepalive=blinked)
        expect(keepalives == [2], keepalives)
        expect(desk.key.count("cancel") == 1 and desk.key.count("selection") == 1, desk.key("count"))
        desk.key("touch", "auto")
        desk.ctap.selection()


def the_sensor_gives_tokens_too():
    with Desk("--uv") as desk:
        made = desk.make()
        pin = ClientPin(desk.ctap, PinProtocolV2())
        token = pin.get_uv_token(PERMISSION.GET_ASSERTION, RP["id"])
        param = pin.protocol.authenticate(token, HASH)
        expect(verified(made, desk.ask(made, pin_uv_param=param, pin_uv_protocol=2)).is_user_verified())
        expect(verified(made, desk.ask(made, options={"uv": True})).is_user_verified())
        expect(pin.get_uv_retries()[0] == 5, pin.get_uv_retries())
        desk.key("touch", "deny")
        refused(0x3F, pin.get_uv_token, PERMISSION.GET_ASSERTION, RP["id"])
        expect(pin.get_uv_retries()[0] == 4, pin.get_uv_retries())


def verification_is_insisted_on_where_it_must():
    with Desk("--pin", PIN) as desk:
        refused(0x36, desk.make, options={"rk": True})
        refused(0x2C, desk.ask, desk.make(), options={"uv": True})  # there is no sensor
    with Desk("--pin", PIN, "--always-uv") as desk:
        refused(0x36, desk.make)
        made = desk.make_verified()
        refused(0x36, desk.ask, made)
        desk.ask_verified(made)


def an_empty_pin_param_asks_for_a_touch_and_answers_about_the_pin():
    with Desk() as desk:
        refused(0x35, desk.make, pin_uv_param=b"", pin_uv_protocol=1)
        ClientPin(desk.ctap).set_pin(PIN)
        refused(0x31, desk.make, pin_uv_param=b"", pin_uv_protocol=1)
        expect(desk.key("pin-tries") == "8")


def requests_that_make_no_sense_are_refused():
    with Desk() as desk:
        def raw(payload):
            return struct.unpack_from(">B", desk.device.call(CTAPHID.CBOR, payload))[0]

        for payload, status in ((b"\x7f", 0x01), (b"\x02", 0x14), (b"\x02\xa1", 0x12), (b"\x02\x01", 0x12),
                                (b"\x02\xa1\x01\x01\x00", 0x12), (b"\x02\xa1\x01\x01", 0x11),
                                (b"\x02\xbf\xff", 0x12), (b"\x02\xa2\x02\x41\x00\x01\x61a", 0x12),
                                (b"\x02\xa2\x01\x61a\x01\x61a", 0x12), (b"\x02\xa2\x01\x61a\x02\x41\x00", 0x03),
                                (b"\x06\xa2\x01\x09\x02\x02", 0x02), (b"\x06\xa1\x02\x18\x63", 0x02)):
            got = raw(payload)
            expect(got == status, f"{payload.hex()}: {got:#x} instead of {status:#x}")
        desk.ctap.get_info()


def the_counter_only_goes_up():
    with Desk() as desk:
        made = desk.make()
        counters = [made.auth_data.counter] + [desk.ask(made).auth_data.counter for _ in range(3)]
        desk.replug()
        desk.open()
        counters.append(desk.ask(made).auth_data.counter)
        expect(all(a < b for a, b in zip(counters, counters[1:])), counters)


def a_key_that_lies_signs_its_lies():
    def knobs(desk, name, value=1):
        desk.key("knob", "reset")
        desk.key("knob", name, value)

    with Desk("--pin", PIN) as desk:
        made = desk.make()
        desk.ask(made)
        key = made.auth_data.credential_data.public_key

        def lie(name, value=1, ask=desk.ask):
            knobs(desk, name, value)
            answer = ask(made)
            answer.verify(HASH, key)
            return answer

        expect(lie("no-up").auth_data.flags == 0)
        expect(lie("no-uv", ask=desk.ask_verified).auth_data.flags == 1)
        expect(lie("wrong-rp-id-hash").auth_data.rp_id_hash != sha256(RP["id"].encode()))
        expect(lie("extra-extension").auth_data.extensions)
        expect(lie("wrong-credential").credential["id"] != named(made)["id"])
        expect(lie("omit-credential").credential is None)
        last = desk.ask(made).auth_data.counter
        expect(lie("counter-rollback", 3).auth_data.counter < last)
        knobs(desk, "pin-blocked")
        refused(0x32, desk.token, PERMISSION.GET_ASSERTION)
        expect(desk.key("pin-tries") == "8")
        knobs(desk, "error-status", 0x7F)
        refused(0x7F, desk.ask, made)
        knobs(desk, "bad-signature")
        try:
            verified(made, desk.ask(made))
        except Exception:  # cryptography's, whatever its name in this version
            return
        raise AssertionError("a bad signature verified")


CHECKS = [
    credentials_and_assertions_verify_for_every_algorithm,
    both_pin_protocols_verify_the_user,
    a_protocol_it_does_not_announce_is_refused,
    the_old_way_to_a_token_still_works,
    pins_that_are_too_short_or_too_long_are_refused,
    a_token_does_only_what_it_was_made_for,
    a_new_token_voids_the_old_one_and_so_does_unplugging,
    refused_tries_are_free_before_the_pin_is_looked_at,
    an_allow_list_is_searched_to_its_end_and_no_further_than_announced,
    a_request_longer_than_announced_is_refused,
    an_enrolled_key_is_not_enrolled_twice,
    hmac_secret_depends_on_credential_salt_and_verification,
    protected_credentials_show_themselves_only_as_they_should,
    several_resident_credentials_come_one_by_one_newest_first,
    a_new_resident_credential_replaces_its_users_old_one,
    resident_credentials_are_managed,
    a_silent_probe_needs_no_touch_and_says_so,
    a_request_is_cancelled_while_it_blinks,
    the_sensor_gives_tokens_too,
    verification_is_insisted_on_where_it_must,
    an_empty_pin_param_asks_for_a_touch_and_answers_about_the_pin,
    requests_that_make_no_sense_are_refused,
    the_counter_only_goes_up,
    a_key_that_lies_signs_its_lies,
]

if __name__ == "__main__":
    in_preloaded_process()
    sys.exit(run_checks(CHECKS))
