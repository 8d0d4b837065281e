"""What is written about the bus interface is what is on the bus: the XML, the documentation, the example."""

import re
import xml.etree.ElementTree as ElementTree

from faces import PYTHON, TREE, Terminal, call, check, must, open_to_all, passkeys, run
from world import touch

ERROR_H, DBUS_MD = TREE + "/common/error.h", TREE + "/docs/dbus.md"


def read(path):
    with open(path, encoding="utf-8") as file:
        return file.read()


def methods_of(xml, interface):
    """{method: [(direction, type, name), ...]}"""
    (found,) = [each for each in ElementTree.fromstring(xml).iter("interface") if each.get("name") == interface]
    return {method.get("name"): [(arg.get("direction"), arg.get("type"), arg.get("name")) for arg in method.iter("arg")]
            for method in found.iter("method")}


def introspect(path):
    said = must("dbus-send", "--system", "--print-reply=literal", "--dest=org.passkeyd1", path,
                "org.freedesktop.DBus.Introspectable.Introspect")
    return said[said.index("<!DOCTYPE"):]


def installed(name):
    return read(f"/usr/share/dbus-1/interfaces/org.passkeyd1.{name}.xml")


def the_manager_on_the_bus_is_the_one_in_the_xml():
    on_the_bus = methods_of(introspect("/org/passkeyd1"), "org.passkeyd1.Manager")
    written = methods_of(installed("Manager"), "org.passkeyd1.Manager")
    check(on_the_bus == written, f"{set(on_the_bus) ^ set(written) or [key for key in written if on_the_bus[key] != written[key]]}")


def the_attempt_on_the_bus_is_the_one_in_the_xml():
    script = open_to_all("tests/authority/introspect_attempt.py")
    said = must(PYTHON, script, cwd="/")
    check(methods_of(said, "org.passkeyd1.Attempt") == methods_of(installed("Attempt"), "org.passkeyd1.Attempt"), said)


def every_method_is_documented_with_its_signature():
    text = re.sub(r"\s+", " ", read(DBUS_MD))
    for method, parts in methods_of(installed("Manager"), "org.passkeyd1.Manager").items():
        taken = ", ".join(f"{kind} {name}" for direction, kind, name in parts if direction == "in")
        given = [f"{kind} {name}" for direction, kind, name in parts if direction == "out"]
        wanted = f"{method}({taken})" + (f" -> {given[0]}" if len(given) == 1 else "")
        if len(given) > 1:
            wanted += f" -> ({', '.join(given)})"
        check(f"`{wanted}`" in text, f"`{wanted}` is not in docs/dbus.md")


def every_error_is_documented():
    kinds = re.findall(r"^  (\w+),", read(ERROR_H).split("enum class ErrorKind {")[1].split("};")[0], re.MULTILINE)
    text = read(DBUS_MD).split("## Errors")[1]
    missing = [kind for kind in kinds if f"`{kind}`" not in text]
    check(len(kinds) > 30 and not missing, f"not in docs/dbus.md: {missing}")


def every_key_of_a_credential_is_documented():
    row = passkeys("alice")["Blue key"]
    table = read(DBUS_MD).split("### A credential")[1].split("\n#")[0]
    keys = set(re.findall(r"`([a-z-]+)`", "\n".join(line.split("|")[1] for line in table.splitlines() if line.startswith("| `"))))
    check(set(row) | {"last-used", "ssh-key"} == keys, set(row) ^ keys)  # not every one has these


def every_action_of_the_table_is_known_to_polkit():
    named = set(re.findall(r"`(org\.passkeyd1\.[a-z-]+)`", read(DBUS_MD).split("## Who may call")[1].split("\n## ")[0]))
    known = {line for line in run("pkaction")[1].split() if line.startswith("org.passkeyd1.")}
    check(named == known, named ^ known)
    in_the_code = set(re.findall(r'"(org\.passkeyd1\.[a-z-]+)"', read(TREE + "/daemon/authority.cpp")))
    check(in_the_code == known, in_the_code ^ known)


def the_example_client_works_for_its_reader():
    example = open_to_all("docs/example-client.py")
    with Terminal("alice", [PYTHON, example]) as terminal:
        terminal.wait_for("active Blue key")
        terminal.wait_for("tell: touch")
        touch()
        check(terminal.end() == 0 and "granted: welcome" in terminal.screen, terminal.screen)


def status_says_how_many_attempts_there_are():
    status = call("root", "GetStatus", "")[1]
    check("attempts" not in call("bob", "GetStatus", "")[1], "strangers hear when somebody signs in")
    check(status["attempts"] == 0 and status["config"] == "loaded" and status["version"], status)


PROMISES = [
    the_manager_on_the_bus_is_the_one_in_the_xml,
    the_attempt_on_the_bus_is_the_one_in_the_xml,
    every_method_is_documented_with_its_signature,
    every_error_is_documented,
    every_key_of_a_credential_is_documented,
    every_action_of_the_table_is_known_to_polkit,
    the_example_client_works_for_its_reader,
    status_says_how_many_attempts_there_are,
]
