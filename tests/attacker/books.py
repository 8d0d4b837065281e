"""What the daemon has written down, read from a copy of its ledger, and what docs/threat-model.md promises."""

import contextlib
import glob
import os
import re
import shutil
import sqlite3
import tempfile

from world import LEDGER, TREE, check

MODEL = TREE + "/docs/threat-model.md"


@contextlib.contextmanager
def ledger():
    """A copy as it is now: the daemon has the file to itself."""
    with tempfile.TemporaryDirectory(dir="/run/world") as folder:
        for part in glob.glob(LEDGER + "*"):
            if not part.endswith("-shm"):
                shutil.copy(part, folder)
        database = sqlite3.connect(os.path.join(folder, os.path.basename(LEDGER)))
        try:
            yield database
        finally:
            database.close()


def rows(query, *values):
    with ledger() as database:
        return database.execute(query, values).fetchall()


def refused_codes():
    """Backup codes that were judged and refused, by the audit."""
    return rows("SELECT count(*) FROM audit WHERE event = 'login' AND way = 'code' AND outcome = 'denied'")[0][0]


def recorded_guesses():
    """By account and reason: what was wrong, by the audit."""
    found = rows("SELECT user_name, reason, count(*) FROM audit WHERE outcome = 'denied' GROUP BY user_name, reason")
    return {(user, reason): number for user, reason, number in found}


def counted_tries(user, way):
    return rows("SELECT count(*) FROM limits WHERE user_name = ? AND way = ?", user, way)[0][0]


def forget_tries():
    """While the daemon is not running: for a test that is to begin with none, whatever others before it did."""
    with contextlib.closing(sqlite3.connect(LEDGER)) as database, database:
        database.execute("DELETE FROM limits")


def everything_but_time():
    """All there is in the ledger, except where its clock stands."""
    with ledger() as database:
        return [line for line in database.iterdump() if not line.startswith('INSERT INTO "clock"')]


# --- the threat model -------------------------------------------------------------------------------------------------
def table(first_heading):
    """The rows of the document's table whose first column is headed so: lists of cells."""
    found = []
    with open(MODEL, encoding="utf-8") as file:
        inside = False
        for line in file:
            cells = [cell.strip() for cell in line.strip().strip("|").split("|")]
            if not line.startswith("|"):
                inside = False
            elif cells[0] == first_heading:
                inside = True
            elif inside and not re.fullmatch(r":?-+:?", cells[0]):
                found.append(cells)
    check(found, f"{MODEL} has no table that begins with '{first_heading}'")
    return found


def promised_tries():
    """By door: the most tries in any 24 hours, and in two days."""
    return {cells[0].strip("`"): (int(cells[2]), int(cells[3])) for cells in table("Door")}


def promised_reserve():
    """By the number of wrong PINs that a chip takes: how many passkeyd spends of them."""
    return {int(cells[0]): int(cells[1]) for cells in table("The chip locks at")}
