"""Whoever's language is German or Japanese reads German or Japanese."""

import os
import re

from people import WRONG_PIN, answer
from world import PASSWORD, Terminal, check, must

LOCALES = "/usr/lib/locale"
OWN = "/run/world/locale"


def speak(language):
    """The machine has this language from now on. (sudo is setuid and looks for languages nowhere else.)"""
    if not os.path.exists(OWN):
        os.mkdir(OWN)
        must("mount", "--bind", OWN, LOCALES)
    must("localedef", "--no-archive", "-f", "UTF-8", "-i", language, f"{OWN}/{language}.UTF-8")


def reads(language, prompt, wrong, code):
    """bob mistypes his PIN, steps down twice and gives his password."""
    speak(language)
    with Terminal("bob", ["env", f"LANG={language}.UTF-8", "sudo", "whoami"]) as terminal:
        answer(terminal, prompt, WRONG_PIN)
        terminal.wait_for(re.escape(wrong))
        answer(terminal, prompt, "")
        answer(terminal, code, "")
        terminal.wait_for(r"\[sudo\] [^\n]*bob[^\n]*[:：]")  # in sudo's own words, if it has any
        terminal.type_unseen(PASSWORD)
        check(terminal.end() == 0, "the password did not work")
        for english in ("PIN of this", "Backup code", "Wrong"):
            check(english not in terminal.screen, f"'{english}' stands in: {terminal.screen}")


def german_is_spoken():
    reads("de_DE", "PIN für den Passkey dieses Computers oder Eingabetaste zum Überspringen: ",
          "Falsche PIN. Bitte noch einmal versuchen oder weiter mit der Eingabetaste.",
          "Ersatzcode oder Eingabetaste zum Überspringen: ")


def japanese_is_spoken():
    reads("ja_JP", "このコンピューターのパスキーのPIN（スキップするにはEnter）: ",
          "PINが違います。もう一度お試しいただくか、Enterで次に進んでください。",
          "バックアップコード（スキップするにはEnter）: ")


PROMISES = [german_is_spoken, japanese_is_spoken]
