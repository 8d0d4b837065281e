#!/usr/bin/python3
"""Judges the software key by fido2-tools: what libfido2's own programs make of it. None of our product runs here."""

import base64
import os
import sys

from bench import Bench, Programs, Refused, Skipped, run_checks

PROGRAMS = Programs(sys.argv[1:4])
PIN = "123456"


def bench(**options):
    return Bench(PROGRAMS, **options)


def expect(condition, what):
    if not condition:
        raise AssertionError(what)


def succeeds(result):
    status, output = result
    expect(status == 0, f"exit status {status}: {output}")
    return output


def fails_with(result, what):
    status, output = result
    expect(status not in (0, None) and what in output, f"wanted a failure with {what}, got {status}: {output}")
    return output


def nonce():
    return base64.b64encode(os.urandom(32)).decode()


def write(place, name, *lines):
    with open(place.path(name), "w", encoding="ascii") as file:
        file.write("".join(line + "\n" for line in lines))
    return place.path(name)


def lines_of(place, name):
    with open(place.path(name), encoding="ascii") as file:
        return file.read().splitlines()


def set_pin(place, pin=PIN):
    succeeds(place.run("fido2-token", "-S", place.node(), pins=[pin, pin]))


def make(place, *options, algorithm="es256", user="alice", pins=None):
    """Makes and verifies a credential; leaves its id and public key in files. Returns the id in base64."""
    write(place, "make.in", nonce(), "example.org", user, base64.b64encode(user.encode()).decode())
    succeeds(place.run("fido2-cred", "-M", *options, "-i", place.path("make.in"), "-o", place.path("make.out"),
                       place.node(), algorithm, pins=pins))
    verify_options = [one for one in options if one.startswith(("-h", "-v", "-c"))]
    if "-c" in options:
        verify_options.append(options[options.index("-c") + 1])
    succeeds(place.run("fido2-cred", "-V", *verify_options, "-i", place.path("make.out"), "-o", place.path("verified"),
                       algorithm))
    verified = lines_of(place, "verified")
    write(place, "public.pem", *verified[1:])
    return verified[0]


def ask(place, credential, *options, pins=None, salt=None, node=None):
    """Asks for an assertion by `credential` (None: a resident one): (exit status, output)."""
    rows = [nonce(), "example.org"] + ([credential] if credential else []) + ([salt] if salt else [])
    write(place, "ask.in", *rows)
    return place.run("fido2-assert", "-G", *options, "-i", place.path("ask.in"), "-o", place.path("ask.out"),
                     node or place.node(), pins=pins)


def verify(place, *options, algorithm="es256", name="ask.out"):
    return place.run("fido2-assert", "-V", *options, "-i", place.path(name), place.path("public.pem"), algorithm)


def the_key_is_listed_with_its_makers_name():
    with bench() as place:
        output = succeeds(place.run("fido2-token", "-L"))
        expect("/dev/hidraw0: vendor=0x1209, product=0xf1d0 (passkeyd Software Security Key)" in output, output)


def its_info_names_what_it_can_do():
    with bench() as place:
        output = succeeds(place.run("fido2-token", "-I", place.node()))
        for line in ("version strings: FIDO_2_0, FIDO_2_1", "extension strings: credProtect, hmac-secret",
                     "aaguid: 706173736b65796480736f66746b6579", "maxmsgsiz: 1200", "maxcredcntlst: 8",
                     "pin protocols: 2, 1", "algorithms: es256 (public-key), eddsa (public-key)"):
            expect(line in output, f"{line!r} not in {output}")


def a_login_costs_three_transactions_without_a_pin_and_five_with_one():
    with bench() as place:
        credential = make(place)
        place.key("count", "reset")
        succeeds(ask(place, credential))
        expect(place.key.count() == 3, place.key("count"))
        set_pin(place)
        place.key("count", "reset")
        succeeds(ask(place, credential, "-v", pins=[PIN]))
        expect(place.key.count() == 5, place.key("count"))


def credentials_of_every_algorithm_sign():
    for algorithm in ("es256", "eddsa"):
        with bench() as place:
            credential = make(place, algorithm=algorithm)
            succeeds(ask(place, credential))
            succeeds(verify(place, algorithm=algorithm))


def an_algorithm_it_does_not_know_is_refused():
    with bench(options=["--algorithms", "eddsa"]) as place:
        write(place, "make.in", nonce(), "example.org", "alice", nonce())
        fails_with(place.run("fido2-cred", "-M", "-i", place.path("make.in"), place.node(), "es256"),
                   "FIDO_ERR_UNSUPPORTED_ALGORITHM")


def a_tampered_assertion_is_refused():
    with bench() as place:
        succeeds(ask(place, make(place)))
        succeeds(verify(place))
        rows = lines_of(place, "ask.out")
        for row in (0, 2, 3):  # client data hash, authenticator data, signature
            spoiled = bytearray(base64.b64decode(rows[row]))
            spoiled[-1] ^= 1
            changed = list(rows)
            changed[row] = base64.b64encode(spoiled).decode()
            write(place, "tampered", *changed)
            status, output = verify(place, name="tampered")
            expect(status == 1, f"row {row} was changed and still verified: {output}")


def a_bad_signature_is_refused():
    with bench() as place:
        credential = make(place)
        place.key("knob", "bad-signature", 1)
        succeeds(ask(place, credential))
        status, output = verify(place)
        expect(status == 1, output)


def another_keys_credential_is_unknown():
    with bench(keys=2) as place:
        credential = make(place)
        fails_with(ask(place, credential, node=place.node(1)), "FIDO_ERR_NO_CREDENTIALS")


def a_pin_once_set_is_wanted():
    with bench() as place:
        expect("noclientPin" in succeeds(place.run("fido2-token", "-I", place.node())), "a PIN from the start")
        set_pin(place)
        expect("noclientPin" not in succeeds(place.run("fido2-token", "-I", place.node())), "no PIN after -S")
        credential = make(place, "-v", pins=[PIN])
        succeeds(ask(place, credential, "-v", pins=[PIN]))
        succeeds(verify(place, "-v"))
        succeeds(ask(place, credential))
        status, output = verify(place, "-v")
        expect(status == 1, f"verified without a PIN: {output}")


def a_wrong_pin_costs_a_try_and_a_right_one_gives_them_back():
    with bench(options=["--pin", PIN]) as place:
        credential = make(place)
        fails_with(ask(place, credential, "-v", pins=["654321"]), "FIDO_ERR_PIN_INVALID")
        expect("pin retries: 7" in succeeds(place.run("fido2-token", "-I", place.node())), "tries after one wrong PIN")
        succeeds(ask(place, credential, "-v", pins=[PIN]))
        expect("pin retries: 8" in succeeds(place.run("fido2-token", "-I", place.node())), "tries after a right PIN")


def three_wrong_pins_want_the_key_unplugged():
    with bench(options=["--pin", PIN]) as place:
        credential = make(place)
        for number in range(2):
            fails_with(ask(place, credential, "-v", pins=[f"00000{number}"]), "FIDO_ERR_PIN_INVALID")
        fails_with(ask(place, credential, "-v", pins=["000002"]), "FIDO_ERR_PIN_AUTH_BLOCKED")
        fails_with(ask(place, credential, "-v", pins=[PIN]), "FIDO_ERR_PIN_AUTH_BLOCKED")
        expect(place.key("pin-tries") == "5", "a blocked key still counts")
        place.replug()
        succeeds(ask(place, credential, "-v", pins=[PIN]))
        expect(place.key("pin-tries") == "8", "tries after a right PIN")


def eight_wrong_pins_block_it_for_good():
    with bench(options=["--pin", PIN]) as place:
        credential = make(place)
        for number in range(1, 9):
            last = "FIDO_ERR_PIN_BLOCKED" if number == 8 else \
                "FIDO_ERR_PIN_AUTH_BLOCKED" if number % 3 == 0 else "FIDO_ERR_PIN_INVALID"
            fails_with(ask(place, credential, "-v", pins=["000000"]), last)
            if number % 3 == 0:
                place.replug()
        place.replug()
        fails_with(ask(place, credential, "-v", pins=[PIN]), "FIDO_ERR_PIN_BLOCKED")
        expect(place.key("pin-tries") == "0", place.key("pin-tries"))


def a_changed_pin_replaces_the_old_one():
    with bench(options=["--pin", PIN]) as place:
        credential = make(place)
        fails_with(place.run("fido2-token", "-C", place.node(), pins=["111111", "abcdef", "abcdef"]),
                   "FIDO_ERR_PIN_INVALID")
        succeeds(place.run("fido2-token", "-C", place.node(), pins=[PIN, "abcdef", "abcdef"]))
        fails_with(ask(place, credential, "-v", pins=[PIN]), "FIDO_ERR_PIN_INVALID")
        succeeds(ask(place, credential, "-v", pins=["abcdef"]))


def resident_credentials_are_listed_and_deleted():
    with bench(options=["--pin", PIN]) as place:
        for user in ("alice", "bob"):
            make(place, "-r", "-v", user=user, pins=[PIN])
        output = succeeds(place.run("fido2-token", "-L", "-r", place.node(), pins=[PIN]))
        expect("example.org" in output, output)
        output = succeeds(place.run("fido2-token", "-L", "-k", "example.org", place.node(), pins=[PIN]))
        rows = [line.split() for line in output.splitlines() if "es256" in line]
        ids = {base64.b64decode(row[2]).decode(): row[1] for row in rows}
        expect(set(ids) == {"alice", "bob"}, output)
        alice = ids["alice"]
        succeeds(place.run("fido2-token", "-D", "-i", alice, place.node(), pins=[PIN]))
        output = succeeds(place.run("fido2-token", "-L", "-k", "example.org", place.node(), pins=[PIN]))
        expect(ids["bob"] in output and alice not in output, output)
        fails_with(ask(place, alice), "FIDO_ERR_NO_CREDENTIALS")


def a_resident_credential_is_found_without_its_id():
    with bench(options=["--pin", PIN]) as place:
        make(place, "-r", "-v", pins=[PIN])
        succeeds(ask(place, None, "-r", "-v", pins=[PIN]))
        succeeds(verify(place, "-v"))


def hmac_secret_gives_the_same_secret_for_the_same_salt():
    with bench(options=["--pin", PIN]) as place:
        credential = make(place, "-h")
        secrets = []
        salt, other = nonce(), nonce()
        for one, options, pins in ((salt, [], None), (salt, [], None), (other, [], None), (salt, ["-v"], [PIN])):
            succeeds(ask(place, credential, "-h", *options, salt=one, pins=pins))
            secrets.append(lines_of(place, "ask.out")[-1])
            succeeds(verify(place, "-h", *options))
        expect(secrets[0] == secrets[1], "the same salt gave two secrets")
        expect(len(set(secrets)) == 3, "another salt, or a PIN, gave the same secret")


def a_protected_credential_is_invisible_without_a_pin():
    with bench(options=["--pin", PIN]) as place:
        credential = make(place, "-v", "-c", "3", pins=[PIN])
        fails_with(ask(place, credential), "FIDO_ERR_NO_CREDENTIALS")
        succeeds(ask(place, credential, "-v", pins=[PIN]))


def the_sensor_verifies_its_user():
    with bench(options=["--uv"]) as place:
        credential = make(place)
        succeeds(ask(place, credential, "-t", "uv=true"))
        succeeds(verify(place, "-v"))
        place.key("touch", "deny")
        fails_with(ask(place, credential, "-t", "uv=true"), "FIDO_ERR_UV_INVALID")
        expect("uv retries: 4" in succeeds(place.run("fido2-token", "-I", place.node())), "a wrong finger is free")
        for _ in range(3):
            ask(place, credential, "-t", "uv=true")
        fails_with(ask(place, credential, "-t", "uv=true"), "FIDO_ERR_UV_BLOCKED")
        place.key("touch", "auto")
        fails_with(ask(place, credential, "-t", "uv=true"), "FIDO_ERR_UV_BLOCKED")


def nobody_signs_without_a_touch():
    with bench() as place:
        credential = make(place)
        place.key("touch", "deny")
        fails_with(ask(place, credential), "FIDO_ERR_OPERATION_DENIED")
        place.key("knob", "touch-timeout", 50)
        place.key("touch", "timeout")
        fails_with(ask(place, credential), "FIDO_ERR_USER_ACTION_TIMEOUT")
        place.key("knob", "touch-timeout", 30000)
        place.key("touch", "wait")
        waiting = place.start("fido2-assert", "-G", "-i", place.path("ask.in"), place.node())
        place.key("wait", "blinking")
        expect(waiting.poll() is None, "done before the touch")
        place.key("touch", "press")
        output, _ = waiting.communicate(timeout=60)
        expect(waiting.returncode == 0, output)


def a_reset_forgets_everything():
    with bench(options=["--pin", PIN]) as place:
        credential = make(place)
        make(place, "-r", "-v", pins=[PIN])
        place.replug()
        succeeds(place.run("fido2-token", "-R", place.node()))
        output = succeeds(place.run("fido2-token", "-I", place.node()))
        expect("noclientPin" in output and "remaining rk(s): 25" in output, output)
        fails_with(ask(place, credential), "FIDO_ERR_NO_CREDENTIALS")


def a_reset_long_after_plugging_in_is_refused():
    with bench() as place:
        credential = make(place)
        place.key("knob", "reset-window", 1)
        fails_with(place.run("fido2-token", "-R", place.node()), "FIDO_ERR_NOT_ALLOWED")
        succeeds(ask(place, credential))


def what_it_stores_survives_the_program():
    with bench(options=["--pin", PIN]) as place:
        credential = make(place)
        fails_with(ask(place, credential, "-v", pins=["000000"]), "FIDO_ERR_PIN_INVALID")
        counter = int(place.key.state()["counter"])
        place.restart_key()
        expect(place.node() is None, "the key's end did not unplug it")
        place.usb("plug", 0)
        expect(place.key("pin-tries") == "7", "the wrong PIN was forgotten")
        expect(int(place.key.state()["counter"]) == counter, "the counter was forgotten")
        succeeds(ask(place, credential, "-v", pins=[PIN]))
        succeeds(verify(place, "-v"))


def several_keys_are_several_keys():
    with bench(keys=3) as place:
        output = succeeds(place.run("fido2-token", "-L"))
        expect(output.count("Software Security Key") == 3, output)
        place.usb("unplug", 1)
        output = succeeds(place.run("fido2-token", "-L"))
        expect("/dev/hidraw0" in output and "/dev/hidraw1" not in output and "/dev/hidraw2" in output, output)
        place.usb("plug", 1)
        expect("/dev/hidraw3" in succeeds(place.run("fido2-token", "-L")), "the key came back under no new name")


def a_key_pulled_out_during_a_touch_fails_at_once():
    for options in ({}, {"start_new_session": True}):  # a session leader must not get the pty's hang-up as SIGHUP
        with bench(options=["--touch", "wait"]) as place:
            write(place, "make.in", nonce(), "example.org", "alice", nonce())
            waiting = place.start("fido2-cred", "-M", "-i", place.path("make.in"), place.node(), **options)
            place.key("wait", "blinking")
            place.usb("unplug", 0)
            output, _ = waiting.communicate(timeout=60)
            expect(waiting.returncode == 1 and "FIDO_ERR_RX" in output, f"{waiting.returncode}: {output}")
            expect("No such file" not in succeeds(place.run("fido2-token", "-L")), "a pulled out key is listed")


def an_unprivileged_process_finds_and_uses_the_key():
    if os.getuid() != 0:
        raise Skipped("only root can become somebody else")
    with bench(mock_options=["--open-to", "nobody"]) as place:
        as_nobody = ("setpriv", "--reuid=nobody", "--regid=nogroup", "--clear-groups")
        expect("/dev/hidraw0" in succeeds(place.run(*as_nobody, "fido2-token", "-L")), "nothing is listed")
        make(place)
        succeeds(place.run(*as_nobody, "fido2-token", "-I", place.node()))
        place.replug()
        succeeds(place.run(*as_nobody, "fido2-token", "-I", place.node()))
        status, output = place.run("setpriv", "--reuid=daemon", "--regid=daemon", "--clear-groups", "fido2-token", "-I",
                                   place.node())
        expect(status != 0, f"somebody else may open it, too: {output}")


def the_key_works_in_a_private_mount_namespace():
    if os.getuid() != 0:
        raise Skipped("only root can make one without a user namespace")
    with bench() as place:
        output = succeeds(place.run("unshare", "--mount", "sh", "-c",
                                    f"mount -t tmpfs none /run && fido2-token -L && fido2-token -I {place.node()}"))
        expect("maxmsgsiz: 1200" in output, output)


def nothing_is_left_behind_by_a_mock_that_is_killed():
    with bench() as place:
        testbed = place.environment["UMOCKDEV_DIR"]
        expect(os.path.isdir(testbed), testbed)
        place.kill_mock()
        expect(not os.path.exists(testbed), "its directory is still there")


def control_commands_that_make_no_sense_are_refused():
    with bench() as place:
        for remote, words in ((place.key, ["touch", "twice"]), (place.key, ["touch", "press"]),
                              (place.key, ["knob", "x", "1"]),
                              (place.key, ["knob", "touch-delay", "soon"]), (place.usb, ["plug", 0]),
                              (place.usb, ["plug", 1]), (place.usb, ["unplug", "x"]), (place.usb, ["explode"])):
            try:
                remote(*words)
            except Refused:
                continue
            raise AssertionError(f"accepted: {words}")


CHECKS = [
    the_key_is_listed_with_its_makers_name,
    its_info_names_what_it_can_do,
    a_login_costs_three_transactions_without_a_pin_and_five_with_one,
    credentials_of_every_algorithm_sign,
    an_algorithm_it_does_not_know_is_refused,
    a_tampered_assertion_is_refused,
    a_bad_signature_is_refused,
    another_keys_credential_is_unknown,
    a_pin_once_set_is_wanted,
    a_wrong_pin_costs_a_try_and_a_right_one_gives_them_back,
    three_wrong_pins_want_the_key_unplugged,
    eight_wrong_pins_block_it_for_good,
    a_changed_pin_replaces_the_old_one,
    resident_credentials_are_listed_and_deleted,
    a_resident_credential_is_found_without_its_id,
    hmac_secret_gives_the_same_secret_for_the_same_salt,
    a_protected_credential_is_invisible_without_a_pin,
    the_sensor_verifies_its_user,
    nobody_signs_without_a_touch,
    a_reset_forgets_everything,
    a_reset_long_after_plugging_in_is_refused,
    what_it_stores_survives_the_program,
    several_keys_are_several_keys,
    a_key_pulled_out_during_a_touch_fails_at_once,
    an_unprivileged_process_finds_and_uses_the_key,
    the_key_works_in_a_private_mount_namespace,
    nothing_is_left_behind_by_a_mock_that_is_killed,
    control_commands_that_make_no_sense_are_refused,
]

if __name__ == "__main__":
    sys.exit(run_checks(CHECKS))
