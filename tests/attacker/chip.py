"""The TPM's own count of wrong PINs, which all secrets in it share: passkeyd leaves room in it for the others."""

from books import promised_reserve
from cast import IN_THE_TPM, TPM_PIN
from doors import IN, TCTI, WRONG_PIN, forgive_tpm_tries, test, tpm_property, tpm_tries
from tricks import begin_test
from world import check, must


def a_chip_that_locks_at(house, tries):
    house.fresh()
    must("tpm2_dictionarylockout", "-Q", "-T", TCTI, "--setup-parameters", f"--max-tries={tries}", "--recovery-time=86400",
         "--lockout-recovery-time=86400")
    check(tpm_property("TPM2_PT_MAX_AUTH_FAIL") == tries, "the chip was not set")


def is_left_with_room(tries):
    """All who have a PIN guess, all at once; then one by one, until none gets through."""
    usable = promised_reserve()[tries]
    for process in [begin_test(user, WRONG_PIN, WRONG_PIN) for user in IN_THE_TPM for _ in range(2)]:
        process.wait(timeout=60)
    check(0 < tpm_tries() <= usable, f"{tpm_tries()} tries were spent, at once")
    for user in IN_THE_TPM:
        for _ in range(5):
            test(user, WRONG_PIN)
    check(tpm_tries() == usable, f"{tpm_tries()} tries were spent of {tries}, not {usable}")
    check(any(test(user, TPM_PIN) == 3 for user in IN_THE_TPM), "nobody is told that the TPM is at its limit")
    check(tpm_tries() == usable, f"{tpm_tries()} tries were spent of {tries} in the end, not {usable}")


def a_chip_that_takes_thirty_two_is_left_with_room(house):
    a_chip_that_locks_at(house, 32)
    is_left_with_room(32)


def a_chip_that_takes_four_is_left_with_room(house):
    a_chip_that_locks_at(house, 4)
    is_left_with_room(4)


def a_chip_that_takes_eight_is_left_with_room(house):
    a_chip_that_locks_at(house, 8)
    is_left_with_room(8)
    forgive_tpm_tries()
    check(any(test(user, TPM_PIN) == IN for user in IN_THE_TPM), "what the chip has forgiven is still held against it")


PROMISES = [a_chip_that_takes_thirty_two_is_left_with_room, a_chip_that_takes_four_is_left_with_room,
            a_chip_that_takes_eight_is_left_with_room]
