#!/bin/sh
# What the tests need beyond Python: a browser, and Pango for PDF. Installed with apt as root where
# they are missing.
set -eu
if command -v chromium >/dev/null 2>&1 && ldconfig -p | grep -q libpangoft2-1.0; then exit 0; fi
if [ "$(id -u)" != 0 ] || ! command -v apt-get >/dev/null 2>&1; then
    echo "The tests need Chromium and Pango: install them, or run as root where apt-get works." >&2
    exit 1
fi
apt-get update -qq
DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends chromium fonts-liberation libpango-1.0-0 libpangoft2-1.0-0 >/dev/null
