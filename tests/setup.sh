#!/bin/sh
# What the tests need beyond Python: a browser, Pango for PDF, and the programs of PostgreSQL and
# Redis, of which each test run starts its own. Installed with apt as root where they are missing.
set -eu
has() { command -v "$1" >/dev/null 2>&1; }
install() { DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends "$@" >/dev/null; }
missing=""
# Chromium without its windows takes a fifth less of the processor; the whole one will do.
browser=chromium-headless-shell
! has $browser && has chromium && browser=chromium
has $browser || missing="fonts-liberation"
ldconfig -p | grep -q libpangoft2-1.0 || missing="$missing libpango-1.0-0 libpangoft2-1.0-0"
has redis-server || missing="$missing redis-server"
# Debian keeps the server's programs off the path.
has initdb || ls /usr/lib/postgresql/*/bin/initdb >/dev/null 2>&1 || missing="$missing postgresql"
[ -n "$missing" ] || exit 0
if [ "$(id -u)" != 0 ] || ! has apt-get; then
    has $browser || missing="$browser $missing"
    echo "The tests need: $missing. Install them, or run as root where apt-get works." >&2
    exit 1
fi
# Nothing that is installed here is to be started, or to make a database of its own.
policy=/usr/sbin/policy-rc.d
if [ ! -e "$policy" ]; then
    trap 'rm -f "$policy"' EXIT
    printf '#!/bin/sh\nexit 101\n' >"$policy"
    chmod 755 "$policy"
fi
if [ ! -e /etc/postgresql-common/createcluster.conf ]; then
    mkdir -p /etc/postgresql-common
    echo "create_main_cluster = false" >/etc/postgresql-common/createcluster.conf
fi
apt-get update -qq
has $browser || install $browser || install chromium
# shellcheck disable=SC2086
install $missing
