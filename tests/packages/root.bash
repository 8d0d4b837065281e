# A Debian to install the packages in, and how apt is asked there. Sourced by ../packages.sh.
#
#   $root       its root file system; gone when the tests end
#   $root/debs  the packages, as built, and as version 99 of the same (make_newer)

make_root() {
  root=$(mktemp -d /var/tmp/passkeyd-packages.XXXXXX)
  trap 'rm -rf --one-file-system "$root"' EXIT
  tools/debian-root "$root" --variant=minbase || bail_out "there is no Debian to install anything in"
  cp -L /etc/resolv.conf "$root/etc/resolv.conf"
  quietly update || bail_out "apt reaches no Debian"
  mkdir "$root/debs"
  cp build/packages/*.deb "$root/debs"
  make_newer
  # A person with a password, another without rights.
  inside useradd --create-home alice && inside useradd --create-home bob
  inside chpasswd <<<'alice:the old way in'
  cp -a "$root/etc/pam.d" "$root/pam.d.before"
}

# The tests after this one would say nothing. (No plan is printed, so this counts as failed.)
bail_out() { echo "Bail out! $*"; exit 1; }
inside() { tools/in-root "$root" "$@"; }
quietly() { DEBIAN_FRONTEND=noninteractive inside apt-get -qq -o Dpkg::Use-Pty=0 "$@" </dev/null; }
this() { echo "$1_$(dpkg-parsechangelog -S Version)_$(dpkg --print-architecture).deb"; }  # the package as built
newer() { echo "$1_99_$(dpkg --print-architecture).deb"; }                              # and its next version
install() { quietly install --yes --no-install-recommends "${@/#//debs/}"; }
installed() { [ "$(inside dpkg-query --show --showformat='${db:Status-Status}' "$1" 2>/dev/null)" = installed ]; }
answer() { inside debconf-set-selections <<<"$1 $1/$2 boolean $3"; }

# The same programs under a higher version: what an upgrade does is up to the scripts around them.
make_newer() {
  local deb unpacked
  for deb in build/packages/*.deb; do
    unpacked=$root/debs/unpacked
    dpkg-deb --raw-extract "$deb" "$unpacked"
    sed -i -E "s/^Version: .*/Version: 99/; s/\(= [^)]*\)/(= 99)/" "$unpacked/DEBIAN/control"
    dpkg-deb --root-owner-group -Znone --build "$unpacked" "$root/debs" >/dev/null
    rm -r "$unpacked"
  done
}

lintian_is_content() {
  local said
  said=$(lintian --allow-root --display-info --pedantic --display-experimental build/packages/*.changes 2>&1)
  echo "$said"
  [ -z "$said" ]
}

# opens_to PASSWORD: whether bob gets to be alice with it, by su.
opens_to() {
  inside setpriv --reuid bob --regid bob --init-groups su alice --command 'id --name --user' <<<"$1" | grep -qx alice
}
pam_is_as_before() { diff -r "$root/pam.d.before" "$root/etc/pam.d"; }
