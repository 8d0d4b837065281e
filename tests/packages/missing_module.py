"""Whether libpam-passkey's prerm knows what libpam does with a line whose module is missing: for each way to write one, the
line is put before pam_permit.so in a stack of a real libpam, which either passes over it or refuses everybody."""

import ctypes
import pathlib
import re
import subprocess
import sys
import tempfile

CONTROLS = ["required", "requisite", "sufficient", "optional", "[success=done default=ignore]", "[success=1 default=ignore]",
            "[success=ok default=bad]", "[perm_denied=die default=ignore]", "[session_err=die default=ignore]",
            "[success=done module_unknown=ignore default=die]", "[success=done module_unknown=die default=ignore]",
            "[success=done authinfo_unavail=ignore default=die]", "[default=1]", "[success=done]"]
KINDS = ["auth", "-auth", "account", "session"]
PRERM = pathlib.Path("debian/libpam-passkey.prerm").read_text()

pam = ctypes.CDLL("libpam.so.0")
Converse = ctypes.CFUNCTYPE(ctypes.c_int, ctypes.c_int, ctypes.c_void_p, ctypes.c_void_p, ctypes.c_void_p)


class Conversation(ctypes.Structure):
    _fields_ = [("converse", Converse), ("data", ctypes.c_void_p)]


NOBODY = Conversation(Converse(lambda *_: 19), None)


def passes_over(kind, control, folder):
    """Whether the stack still succeeds."""
    (folder / "stack").write_text(f"{kind} {control} pam_passkey_that_is_not_there.so\n{kind.lstrip('-')} required pam_permit.so\n")
    handle = ctypes.c_void_p()
    if pam.pam_start_confdir(b"stack", b"root", ctypes.byref(NOBODY), str(folder).encode(), ctypes.byref(handle)) != 0:
        sys.exit("libpam does not start")
    call = {"auth": pam.pam_authenticate, "account": pam.pam_acct_mgmt, "session": pam.pam_open_session}[kind.lstrip("-")]
    outcome = call(handle, 0)
    pam.pam_end(handle, outcome)
    return outcome == 0


def is_called_harmless(kind, control, folder):
    """What prerm's own function says of the line, in a folder that it takes for /etc/pam.d."""
    (folder / "stack").write_text(f"{kind} \\\n {control} pam_passkey.so debug  # pam_deny.so [default=bad]\n")
    function = re.search(r"^lines_with_the_module\(\).*?^}", PRERM, re.MULTILINE | re.DOTALL)[0].replace("/etc/pam.d", str(folder))
    said = {name: subprocess.run(["sh", "-euc", f"{function}\nlines_with_the_module {name}"], check=True, capture_output=True,
                                 text=True).stdout for name in ("harmless", "harmful")}
    if bool(said["harmless"]) == bool(said["harmful"]):
        sys.exit(f"{kind} {control}: prerm says {said}")
    return bool(said["harmless"])


with tempfile.TemporaryDirectory() as place:
    folder = pathlib.Path(place)
    wrong = [f"{kind} {control}" for kind in KINDS for control in CONTROLS
             if passes_over(kind, control, folder) != is_called_harmless(kind, control, folder)]
print(*wrong, sep="\n")
sys.exit(1 if wrong else 0)
