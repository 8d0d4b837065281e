"""Somebody who has become root changes the record in the ledger's file, past all of its triggers; the daemon may be
running. Prints what was done, as a sentence.

usage: intruder.py LEDGER edit|careless|remove|close-up|swap|forge NUMBER
       intruder.py LEDGER copy|put-back COPY
  edit      the record has another account's name     close-up  it is gone, and those after it move up
  remove    it is gone                                swap      it and the one after it trade places
  careless  as edit, and the triggers stay dropped
  forge     another account's name, and every hash computed anew"""

import os
import sqlite3
import sys

sys.path.insert(0, os.environ["WORLD_TREE"] + "/tests/journal")
import chain  # noqa: E402


def drop_triggers(ledger):
    """Gives back what makes them anew."""
    triggers = ledger.execute("SELECT name, sql FROM sqlite_schema WHERE type = 'trigger' AND tbl_name = 'audit'").fetchall()
    for name, _ in triggers:
        ledger.execute(f"DROP TRIGGER {name}")
    return [sql for _, sql in triggers]


def edit(ledger, number):
    ledger.execute("UPDATE audit SET user_name = 'bob' WHERE seq = ?", (number,))
    return f"record {number} now says bob"


def remove(ledger, number):
    ledger.execute("DELETE FROM audit WHERE seq = ?", (number,))
    return f"record {number} is gone"


def close_up(ledger, number):
    """As if it had never been: those after it move up."""
    remove(ledger, number)
    ledger.execute("UPDATE audit SET seq = -seq WHERE seq > ?", (number,))
    ledger.execute("UPDATE audit SET seq = -seq - 1 WHERE seq < 0")
    return f"record {number} is gone, and those after it have moved up"


def swap(ledger, number):
    for before, after in ((number, 0), (number + 1, number), (0, number + 1)):
        ledger.execute("UPDATE audit SET seq = ? WHERE seq = ?", (after, before))
    return f"records {number} and {number + 1} have traded places"


CHANGES = {"edit": edit, "careless": edit, "remove": remove, "close-up": close_up, "swap": swap}


def main():
    path, what, argument = sys.argv[1:]
    ledger = sqlite3.connect(path, timeout=30)
    if what == "copy":
        ledger.backup(sqlite3.connect(argument))
    elif what == "put-back":
        sqlite3.connect(argument).backup(ledger)
        print("the ledger is as it was")
    elif what == "forge":
        ledger.close()
        chain.forge(path, f"UPDATE audit SET user_name = 'bob' WHERE seq = {int(argument)}")
        print(f"record {argument} now says bob, and every hash from there on is computed anew")
    else:
        with ledger:
            triggers = drop_triggers(ledger)
            print(CHANGES[what](ledger, int(argument)))
            for sql in [] if what == "careless" else triggers:
                ledger.execute(sql)
    ledger.close()


main()
