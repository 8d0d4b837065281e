"""Installs the packages on the fresh machine and trusts its TPM's maker, as an administrator would, and keeps the outcome as
build/vm/installed."""

import time

from machine import BUILD, Machine

begin = time.monotonic()
with Machine(BUILD / "fresh") as machine:
    machine.boot()
    print(f"The machine boots in {time.monotonic() - begin:.0f} s")
    begin = time.monotonic()
    machine.sh("DEBIAN_FRONTEND=noninteractive apt-get install --yes /vm/packages/*.deb")
    # It trusts who made its TPM.
    with open(BUILD / "fresh/maker/root.pem") as root:
        machine.sh("install -D -m 0644 /dev/stdin /etc/passkeyd/tpm-roots/maker.pem", input=root.read())
    print(f"The packages are installed in {time.monotonic() - begin:.0f} s")
    machine.shut_down()
    machine.keep_as(BUILD / "installed")
