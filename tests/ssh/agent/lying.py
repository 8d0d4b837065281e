"""Agents that are slow, greedy or dishonest. Whatever they do, nobody gets in by it, the password still opens, and no
passkey is suspended unless its counter really went back."""

import contextlib
import os
import subprocess
import threading

import enrolled
from softkey import SkKey
from world import PASSWORD, Terminal, check, configure, daemon_pids, must, open_to_all, restart_daemon, run, use_password

FOLDER = "/run/world/lying"
SEEDS = {}


def prepare():
    """alice's passkey is a key in software, and so is bob's."""
    os.makedirs(FOLDER, mode=0o777, exist_ok=True)
    os.chmod(FOLDER, 0o777)
    for name in ("alice", "bob", "verified"):
        SEEDS[name] = os.urandom(32)
        write(f"{FOLDER}/{name}.seed", SEEDS[name])
    for file in ("liar.py", "softkey.py"):
        open_to_all("tests/ssh/agent/" + file)
    enrolled.enroll(("alice", SkKey(SEEDS["alice"]).blob, "Soft key"), ("bob", SkKey(SEEDS["bob"]).blob, "Bob's key"),
                    ("alice", SkKey(SEEDS["verified"]).blob, "Strict key", True))


def write(path, content):
    with open(path, "wb") as file:
        file.write(content)
    os.chmod(path, 0o666)


class Liar:
    """An agent of this manner, run by `user`, with the key `seed`, while the block runs."""

    def __init__(self, manner, user="alice", seed="alice", start=None):
        self.manner, self.user, self.seed = manner, user, seed
        self.socket = f"{FOLDER}/agent-{user}"
        self.state = f"{FOLDER}/{seed}.count"
        if start is not None or not os.path.exists(self.state):
            write(self.state, str(start or 0).encode())
        self.said, self.news = [], threading.Condition()

    def __enter__(self):
        with contextlib.suppress(FileNotFoundError):
            os.unlink(self.socket)
        self.process = subprocess.Popen(
            ["setpriv", "--reuid", self.user, "--regid", self.user, "--init-groups", "/usr/bin/python3", "/run/world/liar.py",
             self.socket, self.manner, f"{FOLDER}/{self.seed}.seed", self.state], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        check(self.process.stdout.readline() == "ready\n", "the lying agent does not start")
        self.reading = threading.Thread(target=self.read)
        self.reading.start()
        return self

    def read(self):
        for line in self.process.stdout:
            with self.news:
                self.said.append(line.strip())
                self.news.notify_all()

    def __exit__(self, *_):
        self.process.kill()
        self.process.wait()
        self.reading.join()
        self.process.stdout.close()
        self.process.stdin.close()

    def touch(self):
        """What one that waits for a touch waits for."""
        self.process.stdin.write("\n")
        self.process.stdin.flush()

    def heard(self):
        """What it was asked, of a sign-in that is over: it has said so before it answered."""
        return [line for line in self.said if line in ("list", "sign")]

    def wait_for(self, word):
        with self.news:
            check(self.news.wait_for(lambda: word in self.said, 60), f"the agent never said {word}")


def sudo(agent, user="alice", command=("whoami",)):
    return Terminal(user, ["env", f"SSH_AUTH_SOCK={agent.socket}", "sudo", *command])


def let_in(manner="honest", **how):
    with Liar(manner, **how) as agent:
        with sudo(agent, how.get("user", "alice")) as terminal:
            return terminal.end() == 0 and "assword" not in terminal.screen and "root" in terminal.screen, agent


def healthy(pids):
    check(daemon_pids() == pids, "the daemon is not the one it was")
    check(enrolled.state_of("Soft key") == "active", "the passkey is not active any more")


def costs_a_password(manner, cue, reason=None, **how):
    """What such an agent gets: a cue or none, and then the person types a password."""
    pids = daemon_pids()
    with Liar(manner, **how) as agent:
        with sudo(agent) as terminal:
            terminal.wait_for(r"assword[^\n]*: ")
            check(("Touch" in terminal.screen) == cue, f"a cue, or none: {terminal.screen}")
            terminal.type_unseen(PASSWORD)
            check(terminal.end() == 0, "the password did not work")
    if reason:
        way, outcome, why = enrolled.last_records()[0]
        check((outcome, why) == reason, f"on record: {way} {outcome} {why}")
    healthy(pids)


# --- what it is like with an honest one ------------------------------------------------------------------------------
def an_agents_signature_opens_sudo_and_costs_two_round_trips():
    good, agent = let_in()
    check(good, "sudo did not take the agent's signature")
    check([line for line in agent.said if line in ("list", "sign")] == ["list", "sign"], f"asked: {agent.said}")
    check(enrolled.last_records()[0] == ("ssh", "granted", ""), f"on record: {enrolled.last_records()}")


def nothing_is_signed_twice():
    texts = set()
    for _ in range(2):
        good, agent = let_in()
        check(good, "sudo did not take the agent's signature")
        texts.update(line for line in agent.said if line.startswith("text "))
    check(len(texts) == 2, "the same was signed twice")


def an_agent_with_a_thousand_keys_works():
    check(let_in("a thousand keys")[0], "sudo did not take the agent's signature")


def ctrl_c_hangs_up_on_the_agent_and_the_password_opens():
    with Liar("does not sign") as agent, sudo(agent) as terminal:
        terminal.wait_for("Touch ")
        agent.wait_for("sign")
        os.write(terminal.master, b"\x03")
        agent.wait_for("closed")
        use_password(terminal)


def a_key_that_is_revoked_during_the_wait_opens_nothing():
    seed = os.urandom(32)
    write(f"{FOLDER}/short.seed", seed)
    enrolled.enroll(("alice", SkKey(seed).blob, "Short-lived"))
    with Liar("waits for a touch", seed="short") as agent, sudo(agent) as terminal:
        terminal.wait_for("Touch ")
        agent.wait_for("sign")
        must("passkeyctl", "revoke", "alice", "Short-lived", "--yes")
        agent.touch()
        use_password(terminal)
    check(enrolled.last_records()[0][1:] == ("denied", "credential-inactive"), f"on record: {enrolled.last_records()}")


def a_password_after_it_needs_no_agent():
    with Terminal("alice", ["sudo", "whoami"]) as terminal:
        use_password(terminal)


# --- agents that are slow or break off -------------------------------------------------------------------------------
def quietly_passed_over(*manners):
    for manner in manners:
        costs_a_password(manner, cue=False)


def an_agent_that_never_answers_costs_its_timeout():
    quietly_passed_over("silent")


def an_agent_that_answers_a_byte_a_second_costs_its_timeout():
    quietly_passed_over("a byte a second")


def an_agent_whose_queue_is_full_is_not_waited_for():
    quietly_passed_over("full")


def an_agent_whose_list_makes_no_sense_is_not_asked():
    quietly_passed_over("closes at once", "four gigabytes", "a hundred thousand keys", "announces more than it has",
                        "another answer")


def an_agent_that_lists_and_never_signs_costs_its_timeout():
    costs_a_password("does not sign", cue=True)


def hanging_agents_of_one_person_hold_one_process_and_sshd_is_answered():
    """dave's agent lists alice's key, which is no secret, and lets every su of his hang."""
    with Liar("does not sign", user="dave") as agent, contextlib.ExitStack() as hanging:
        for _ in range(6):
            hanging.enter_context(Terminal("dave", ["env", f"SSH_AUTH_SOCK={agent.socket}", "su", "alice", "--command", "true"]))
        agent.wait_for("sign")
        held = run("pidof", "passkeyd-ceremony")[1].split()
        check(len(held) <= 1, f"{len(held)} processes")
        lines = must("/usr/libexec/passkeyd/passkey-authorized-keys", "alice").splitlines()
        check(len(lines) >= 2, f"sshd was told {lines}")
        check(let_in(user="bob", seed="bob")[0], "somebody else's agent was not asked")


def an_agent_that_refuses_is_stepped_down_from_with_words():
    with Liar("refuses") as agent, sudo(agent) as terminal:
        terminal.wait_for("Your SSH agent did not sign")
        use_password(terminal)
    check(enrolled.last_records()[0][1:] == ("failed", "agent-refused"), f"on record: {enrolled.last_records()}")


def an_agent_whose_answer_makes_no_sense_is_stepped_down_from():
    for manner in ("closes", "a long signature", "garbage in the signature", "garbage in the answer",
                   "another kind of signature", "garbage after the list"):
        costs_a_password(manner, cue=True, reason=("failed", "agent-broken"))


def what_comes_after_the_signature_is_not_read():
    check(let_in("garbage after the answer")[0], "sudo did not take the agent's signature")


# --- agents that lie -------------------------------------------------------------------------------------------------
def a_signature_that_is_none_of_this_key_over_this_text_opens_nothing():
    for manner in ("signs with another key", "another application", "another text"):
        costs_a_password(manner, cue=True, reason=("denied", "signature-wrong"))


def a_signature_without_a_touch_opens_nothing():
    costs_a_password("without a touch", cue=True, reason=("denied", "no-user-presence"))


def an_old_signature_opens_nothing():
    check(let_in("replays")[0], "the first one is good")
    costs_a_password("replays", cue=True, reason=("denied", "signature-wrong"))


def a_key_that_was_enrolled_with_verification_must_verify_again():
    with Liar("honest", seed="verified") as agent, sudo(agent) as terminal:
        use_password(terminal)
    check(enrolled.last_records()[0][1] == "denied", f"on record: {enrolled.last_records()}")
    check(let_in("with a PIN", seed="verified")[0], "sudo did not take the verified signature")


def a_key_that_the_ledger_does_not_hold_is_never_asked():
    write(f"{FOLDER}/stranger.seed", os.urandom(32))
    with Liar("honest", seed="stranger") as agent, sudo(agent) as terminal:
        use_password(terminal)
        check(agent.heard() == ["list"] and "Touch" not in terminal.screen, f"asked: {agent.said}")


def somebody_elses_key_opens_nothing():
    with Liar("honest", seed="bob") as agent, sudo(agent) as terminal:
        use_password(terminal)
        check(agent.heard() == ["list"], f"asked: {agent.said}")


def a_key_of_the_target_opens_su_through_the_agent_of_who_asks():
    with Liar("honest", seed="bob") as agent:
        with Terminal("alice", ["env", f"SSH_AUTH_SOCK={agent.socket}", "su", "bob", "-c", "whoami"]) as terminal:
            check(terminal.end() == 0 and "assword" not in terminal.screen, "su did not take bob's key")
    with Liar("honest") as agent:
        with Terminal("alice", ["env", f"SSH_AUTH_SOCK={agent.socket}", "su", "bob", "-c", "whoami"]) as terminal:
            terminal.wait_for("assword")
            check(agent.heard() == ["list"], "alice's own key was asked for bob")


def a_policy_without_ssh_asks_no_agent():
    configure("touch_timeout = 5\n[service sudo]\nways = usb tpm\n")
    restart_daemon()
    try:
        with Liar("honest") as agent, sudo(agent) as terminal:
            use_password(terminal)
            check(agent.heard() == [], f"asked: {agent.said}")
    finally:
        configure("touch_timeout = 5\n")
        restart_daemon()


def a_counter_that_really_went_back_suspends_the_key():
    write(f"{FOLDER}/alice.count", b"1000")
    check(let_in()[0], "sudo did not take the agent's signature")
    with Liar("goes back") as agent, sudo(agent) as terminal:
        use_password(terminal)
    check(enrolled.state_of("Soft key") == "suspended", "a possible clone goes on working")
    check(enrolled.last_records()[0][1:] == ("denied", "counter-went-back"), f"on record: {enrolled.last_records()}")
    with Liar("honest") as agent, sudo(agent) as terminal:
        use_password(terminal)
        check("sign" not in agent.heard(), "a suspended key was asked for")
    must("passkeyctl", "resume", "alice", "Soft key", "--yes")
    write(f"{FOLDER}/alice.count", b"2000")
    check(let_in()[0], "the resumed key does not work")


PROMISES = [
    an_agents_signature_opens_sudo_and_costs_two_round_trips,
    nothing_is_signed_twice,
    an_agent_with_a_thousand_keys_works,
    ctrl_c_hangs_up_on_the_agent_and_the_password_opens,
    a_key_that_is_revoked_during_the_wait_opens_nothing,
    a_password_after_it_needs_no_agent,
    an_agent_that_never_answers_costs_its_timeout,
    an_agent_that_answers_a_byte_a_second_costs_its_timeout,
    an_agent_whose_queue_is_full_is_not_waited_for,
    an_agent_whose_list_makes_no_sense_is_not_asked,
    an_agent_that_lists_and_never_signs_costs_its_timeout,
    hanging_agents_of_one_person_hold_one_process_and_sshd_is_answered,
    an_agent_that_refuses_is_stepped_down_from_with_words,
    an_agent_whose_answer_makes_no_sense_is_stepped_down_from,
    what_comes_after_the_signature_is_not_read,
    a_signature_that_is_none_of_this_key_over_this_text_opens_nothing,
    a_signature_without_a_touch_opens_nothing,
    an_old_signature_opens_nothing,
    a_key_that_was_enrolled_with_verification_must_verify_again,
    a_key_that_the_ledger_does_not_hold_is_never_asked,
    somebody_elses_key_opens_nothing,
    a_key_of_the_target_opens_su_through_the_agent_of_who_asks,
    a_policy_without_ssh_asks_no_agent,
    a_counter_that_really_went_back_suspends_the_key,
]
