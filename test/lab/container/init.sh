#!/usr/bin/env bash
# First process of a target's container, in its own mount, pid, ipc and uts namespaces and the target's network namespace:
#   init.sh STATE UP     STATE holds log/ and the marks ready and failed; UP is the scenario's text
# /etc, /var, /root and /usr are overlays that vanish with the container, /run is empty: a defence finds its files where its
# package puts them, and the machine's own stay as they were. From the environment: TARGET SCANNER SCAN_NET BAN_S NODE.
set -u
ulimit -n 4096
STATE=$1
UP=$2
HERE=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
export LOG="$STATE/log" XTABLES_LOCKFILE=/run/xtables.lock HOME=/root TERM=dumb LC_ALL=C HERE
export PATH="$PATH:/usr/sbin:/sbin"

fail() {
  echo "init: $*"
  touch "$STATE/failed"
  exit 1
}

hostname target.lab.test
mount --make-rprivate / || fail "mounts"
OVERLAY="$STATE/overlay"
mkdir -p "$OVERLAY" "$LOG" && mount -t tmpfs -o mode=755 tmpfs "$OVERLAY" || fail "tmpfs"
for folder in etc var root usr; do
  mkdir -p "$OVERLAY/$folder.upper" "$OVERLAY/$folder.work"
  chmod --reference="/$folder" "$OVERLAY/$folder.upper"
  mount -t overlay overlay -o "lowerdir=/$folder,upperdir=$OVERLAY/$folder.upper,workdir=$OVERLAY/$folder.work" "/$folder" ||
    fail "overlay /$folder"
done
mount -t tmpfs -o mode=755 tmpfs /run || fail "/run"
mkdir -p /run/sshd /run/lock
chmod 1777 /run/lock
chmod 755 "$STATE" "$LOG"
# No name is looked up outside.
printf 'hosts: files\npasswd: files\ngroup: files\nshadow: files\nservices: files\nprotocols: files\n' > /etc/nsswitch.conf
printf '127.0.0.1 localhost\n%s target.lab.test target\n' "$TARGET" > /etc/hosts
: > /etc/resolv.conf 2> /dev/null

# shellcheck source=/dev/null
for part in "$HERE"/services/*.sh; do . "$part"; done
# shellcheck source=/dev/null
. "$UP" || fail "the scenario did not come up"
touch "$STATE/ready"
sleep "${LAB_MAX_S:-3600}"
