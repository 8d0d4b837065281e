"""What is not ours goes to the person, unchanged; and so does what only looks like ours."""

import glob
import os
import shutil
import subprocess

import scene
import world
from scene import FIRST, PIN, RP_ID, answers, asked, at_terminal, challenge, direct, ended, judged, own_askpass, without_terminal, Terminal
from world import check, key, must, touch


def other_prompts_are_asked_on_the_terminal():
    direct("Password: ", "One-time code: ")
    with at_terminal(RP_ID) as terminal:
        terminal.wait_for(rf"\(alice@{RP_ID}\) Password: ")
        terminal.type_unseen("s3cret word")
        terminal.wait_for(rf"\(alice@{RP_ID}\) One-time code: ")
        terminal.type_unseen("")
        check(terminal.end() == 255 and "s3cret" not in terminal.screen, "it is on the screen")
    check(answers() == ["s3cret word", ""], str(answers()))


def without_a_key_the_first_prompt_is_the_persons():
    world.usb("unplug", "0")
    direct(FIRST)
    with at_terminal(RP_ID) as terminal:
        terminal.wait_for(rf"\(alice@{RP_ID}\) {FIRST}")
        terminal.type_unseen("s3cret word")
        terminal.end()
    check(answers() == ["s3cret word"], str(answers()))


def a_key_that_belongs_to_somebody_else_is_none():
    for node in glob.glob("/run/world/usb/*/dev/hidraw*"):
        os.chmod(os.path.realpath(node), 0o600)
    direct(FIRST)
    with at_terminal(RP_ID) as terminal:
        terminal.wait_for(rf"\(alice@{RP_ID}\) {FIRST}")
        terminal.type_unseen("s3cret word")
        terminal.end()
    check(answers() == ["s3cret word"], str(answers()))


def what_a_server_sends_is_no_command_to_the_terminal():
    direct("Pass\x07word\u202e: ")
    with at_terminal(RP_ID) as terminal:
        terminal.wait_for("word[^\n]*: ")
        terminal.type_unseen("x")
        terminal.end()
        check("\x07" not in terminal.screen and "\u202e" not in terminal.screen, "it is")


def handed_on(*prompts, host=RP_ID, user="alice", first=FIRST):
    """The last prompt is answered by alice's own askpass, and the key is not asked."""
    direct(*([first] if first else []), *prompts)
    settings = own_askpass("mine")
    ended(without_terminal(host, user=user, settings=settings))
    check(world.transactions() == 0, "the key was asked")
    return asked()


def the_persons_own_askpass_gets_the_prompt_as_it_is():
    check(handed_on("Password for you: ", first=None) == [("", f"(alice@{RP_ID}) Password for you: ")], str(asked()))
    check(answers() == ["mine"], str(answers()))


def a_prefix_that_the_server_made_gets_no_answer():
    prompt = challenge()
    for forged in (f"(alice@{RP_ID}) {prompt}", f"(alice@{RP_ID}) {FIRST}", f" {prompt}"):
        check(handed_on(forged, host="evil.example") == [("", f"(alice@evil.example) {forged}")], str(asked()))
        check(answers()[1] == "mine", "it was answered by somebody else")


def a_crafted_user_name_gets_no_answer():
    prompt = challenge()
    for user in (f"x@{RP_ID}) {FIRST}", f"x@{RP_ID}) {prompt}", f"x@{RP_ID}) passkeyd1:"):
        for behind in ("Password: ", prompt.removeprefix("passkeyd1:"), FIRST):
            handed_on(behind, host="evil.example", user=user, first=None)
    check(world.transactions() == 0, "the key was asked")


def a_question_about_a_host_key_is_the_persons():
    os.unlink(scene.ALICE.folder + "/known_hosts")
    direct("Password: ")
    with at_terminal(RP_ID, options=("-o", "StrictHostKeyChecking=ask")) as terminal:
        terminal.wait_for(r"authenticity of host [^\n]*\r?\n[^?]*\(yes/no/\[fingerprint\]\)\? ")
        terminal.type("yes")
        terminal.wait_for("yes")  # echoed, as ssh would
        terminal.wait_for("Password: ")
        terminal.type_unseen("x")
        terminal.end()
    check(answers() == ["x"], str(answers()))


def a_passphrase_is_the_persons():
    path = scene.ALICE.folder + "/id_locked"
    must("ssh-keygen", "-q", "-t", "ed25519", "-N", "long words", "-f", path)
    shutil.chown(path, "alice")
    command = scene.ALICE.command("env", *scene.ASKPASS, "HOME=/home/alice", "ssh-keygen", "-y", "-f", path)
    with scene.Terminal("root", command) as terminal:
        terminal.wait_for("passphrase")
        terminal.type_unseen("long words")
        check(terminal.end() == 0 and "ssh-ed25519 " in terminal.screen, "the key was not opened")


#: What ssh, ssh-add and ssh-agent ask with, and others who use the same askpass.
QUESTIONS = ("Enter PIN for ED25519-SK key /home/alice/.ssh/id_sk: ", "Enter passphrase for /home/alice/.ssh/id: ", "",
             "Allow use of key alice?\nKey fingerprint SHA256:AAAA.", "[sudo] password for alice: ", "Passkey or password: ",
             "passkeyd1:AAAA", "(alice@web) ", "--host", "-x", "two  spaces \t and \x01 \udcff bytes", "x" * 100_000)


def ask(prompt, *settings):
    return scene.ALICE.command("env", "HOME=/home/alice", *settings, "/usr/bin/passkey-askpass", prompt)


def the_persons_own_askpass_takes_our_place():
    with open("/run/world/next", "w", encoding="utf-8") as script:
        script.write("#!/bin/sh\nprintf '%s|%s|%s|%s|' $# \"$1\" \"$SSH_ASKPASS_PROMPT\" \"$OTHER\"\nexit 7\n")
    for hint in ("", "confirm", "none"):
        for prompt in QUESTIONS:
            done = subprocess.run(ask(prompt, "PASSKEY_ASKPASS_NEXT=/run/world/next", "OTHER=thing", f"SSH_ASKPASS_PROMPT={hint}"),
                                  capture_output=True, timeout=60)
            wanted = f"1|{prompt}|{hint}|thing|".encode("utf-8", "surrogateescape")
            check((done.returncode, done.stdout, done.stderr) == (7, wanted, b""), f"{hint} {prompt[:50]!r}: {done}")


def a_confirmation_is_nothing_but_yes():
    for typed, status in (("yes", 0), ("", 1), ("no", 1), ("y", 1), ("YES", 1)):
        with Terminal("root", ask("Allow use of key?", "SSH_ASKPASS_PROMPT=confirm")) as terminal:
            terminal.wait_for(r"Allow use of key\? \(yes/no\) ")
            terminal.type(typed)
            check(terminal.end() == status, f"{typed!r} is taken for the other")


def a_notice_is_shown_and_not_waited_for():
    with Terminal("root", ask("Confirm user presence for key", "SSH_ASKPASS_PROMPT=none")) as terminal:
        terminal.wait_for("Confirm user presence for key")
        check(terminal.end() == 0, "it ends badly")


def without_a_terminal_the_touch_is_shown_by_the_persons_askpass():
    direct(FIRST, challenge())
    settings = own_askpass("mine")
    process = without_terminal(RP_ID, settings=settings)
    touch()
    said = ended(process)
    check([hint for hint, _ in asked()] == ["none"] and asked()[0][1].startswith(f"Signing in to {RP_ID} as alice: Touch your "),
          str(asked()))
    check("Touch your " in said, "nothing on standard error")
    check(judged(answers()[1], RP_ID) == "granted", judged(answers()[1], RP_ID))
    check(not world.run("pgrep", "-u", "alice", "-f", "tail -f /dev/null")[1], "the notice is still there")


def without_a_terminal_the_pin_comes_from_the_persons_askpass():
    direct(FIRST, challenge(verification="required"))
    settings = own_askpass(PIN)
    process = without_terminal(RP_ID, settings=settings)
    touch()
    ended(process)
    check([hint for hint, _ in asked()] == ["", "none"], str(asked()))
    check(asked()[0][1].startswith(f"Signing in to {RP_ID} as alice: PIN of your "), str(asked()))
    check(judged(answers()[1], RP_ID) == "granted", judged(answers()[1], RP_ID))


def with_nobody_to_ask_nothing_waits():
    direct("Password: ")
    ended(without_terminal(RP_ID))
    check(answers() == [""], str(answers()))


PROMISES = [
    other_prompts_are_asked_on_the_terminal, without_a_key_the_first_prompt_is_the_persons,
    a_key_that_belongs_to_somebody_else_is_none,
    what_a_server_sends_is_no_command_to_the_terminal, the_persons_own_askpass_gets_the_prompt_as_it_is,
    a_prefix_that_the_server_made_gets_no_answer, a_crafted_user_name_gets_no_answer,
    a_question_about_a_host_key_is_the_persons, a_passphrase_is_the_persons, the_persons_own_askpass_takes_our_place,
    a_confirmation_is_nothing_but_yes, a_notice_is_shown_and_not_waited_for,
    without_a_terminal_the_touch_is_shown_by_the_persons_askpass, with_nobody_to_ask_nothing_waits]
#: For a key with a PIN.
WITH_PIN = [without_a_terminal_the_pin_comes_from_the_persons_askpass]
