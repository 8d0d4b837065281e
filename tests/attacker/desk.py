"""What somebody's guesses take from the person whose account it is: nothing at another place, nothing by another way."""

from cast import TPM_PIN
from doors import IN, LIMITED, WRONG_PIN, sign_in, test, tpm_tries
from world import PASSWORD, check, run


def shut(door, what):
    """Guesses until the door is shut; that it takes some is what makes the rest of the test worth something."""
    check(door.push() > 0, f"{what} was shut before anybody guessed")


def the_network_shuts_nobody_out_at_the_desk(house):
    house.fresh()
    shut(house.doors["code-network"], "the door to the network")
    code, said = sign_in("sshd-interactive", "alice", "", house.codes.good[0], "", "")
    check(code != 0, f"the network got in: {said}")
    check(test("alice", TPM_PIN) == IN, "the PIN does not open at the desk")
    check(test("alice", "", house.codes.good[0]) == IN, "the first right code does not open at the desk")


def the_desk_shuts_nobody_out_on_the_network(house):
    house.fresh()
    shut(house.doors["code-here"], "the door at the desk")
    check(test("alice", "", house.codes.good[1]) == LIMITED, "the desk got in")
    code, said = sign_in("sshd-interactive", "alice", "", house.codes.good[1], "", "")
    check(code == 0, f"the first right code does not open from the network: {said}")


def a_pin_that_is_shut_leaves_code_and_password(house):
    house.fresh()
    for _ in range(6):
        test("alice", WRONG_PIN)
    check(tpm_tries() == 5, f"{tpm_tries()} PINs arrived, not five")
    check(test("alice", house.codes.good[2]) == IN, "the code, asked for at once, does not open")
    code, said = sign_in("sudo", "alice", "", PASSWORD)
    check(code == 0 and "PIN" not in said, f"the password does not open: {said}")


def a_code_that_is_shut_leaves_the_pin(house):
    house.fresh()
    shut(house.doors["code-here"], "the door at the desk")
    check(test("alice", TPM_PIN) == IN, "the PIN does not open")


def every_program_counts_the_same_tries(house):
    """sudo, passkeyctl, a screen locker that passes PINs on, and a change of PIN: one account, one PIN, five tries."""
    house.fresh()
    before = tpm_tries()
    for guess in (lambda: sign_in("sudo", "frank", WRONG_PIN, "", ""),
                  lambda: test("frank", WRONG_PIN),
                  lambda: run("passkeyctl", "pin", "--user", "frank", "--pin-stdin",
                              input=f"{WRONG_PIN}\n{TPM_PIN}0\n{TPM_PIN}0\n"),
                  lambda: sign_in("swaylock", "frank", typed=WRONG_PIN),
                  lambda: test("frank", WRONG_PIN)):
        guess()
    check(tpm_tries() - before == 5, f"{tpm_tries() - before} of five guesses arrived")
    check(test("frank", TPM_PIN) == LIMITED, "a sixth try was let through")
    sign_in("sudo", "frank", TPM_PIN, "", "")
    sign_in("swaylock", "frank", typed=WRONG_PIN)
    run("passkeyctl", "pin", "--user", "frank", "--pin-stdin", input=f"{WRONG_PIN}\n{TPM_PIN}0\n{TPM_PIN}0\n")
    check(tpm_tries() - before == 5, "another program let a sixth try through")


def the_owners_sign_ins_give_the_attacker_no_more(house):
    """Four wrong ones, then the owner comes in, all day long."""
    house.fresh()
    before = tpm_tries()
    for _ in range(4):
        for _ in range(4):
            test("bob", WRONG_PIN)
        test("bob", TPM_PIN)
        house.clock.skip(60)
    wanted = house.promised["tpm-pin"][0]
    check(tpm_tries() - before == wanted, f"{tpm_tries() - before} guesses arrived, not {wanted}")


PROMISES = [the_network_shuts_nobody_out_at_the_desk, the_desk_shuts_nobody_out_on_the_network,
            a_pin_that_is_shut_leaves_code_and_password, a_code_that_is_shut_leaves_the_pin,
            every_program_counts_the_same_tries, the_owners_sign_ins_give_the_attacker_no_more]
