#!/bin/sh
# SPDX-License-Identifier: BSD-3-Clause
# `make fresh`: what a new user does, on a minimal Debian with git and make and nothing else.
#
# Holds:    build/fresh/base, a debootstrap root (made once); build/fresh/root and build/fresh/user,
#           copies of it with a clone of this checkout's HEAD, made anew each time.
# Promises: runs `make run` and `make test` (a) as root, (b) as a user without sudo, (c) both again
#           with the network off; one line each, logs beside the roots; status 1 when one fails.
#           The mirror, pip's configuration and the certificates are this machine's, read now.
# Refuses:  needs root (debootstrap is installed where it is missing). STAGES="root user" and COMMANDS="run test" select.
set -eu
cd "$(dirname "$0")/.."
STAGES=${STAGES:-root user}
COMMANDS=${COMMANDS:-run test}
fresh=$PWD/build/fresh

say() { echo "fresh: $*"; }
[ "$(id -u)" = 0 ] || { say "needs root"; exit 1; }
command -v debootstrap >/dev/null || {
    say "installing debootstrap"
    mkdir -p "$fresh"
    { apt-get -qq update || true
      DEBIAN_FRONTEND=noninteractive apt-get -qq install --yes --no-install-recommends debootstrap
    } </dev/null >"$fresh/apt.log" 2>&1 || { cat "$fresh/apt.log"; exit 1; }
}
# A mount namespace of our own: what is mounted below disappears with this script.
[ "${FRESH_INSIDE:-}" ] || exec env FRESH_INSIDE=1 unshare --mount --fork sh "$0" "$@"

suite=$(. /etc/os-release && echo "$VERSION_CODENAME")
sources() { # this machine's Debian archives as sources.list lines
    apt-get indextargets --format 'deb $(REPO_URI) $(RELEASE) $(COMPONENT)' \
        'Created-By: Packages' 'Origin: Debian' | sort -u
}

make_base() {
    [ -f "$fresh/base/.made" ] && return
    say "debootstrap $suite"
    rm -rf "$fresh/base"
    mkdir -p "$fresh/base"
    mirror=$(sources | awk -v suite="$suite" '$3 == suite { print $2; exit }')
    debootstrap --variant=minbase --include=git,make "$suite" "$fresh/base" "$mirror" \
        >"$fresh/debootstrap.log" 2>&1 || { tail "$fresh/debootstrap.log"; exit 1; }
    sources >"$fresh/base/etc/apt/sources.list"
    touch "$fresh/base/.made"
}

carry_in() { # $1: root. How this machine reaches the network.
    cp /etc/resolv.conf /etc/hosts "$1/etc/"
    for conf in /etc/apt/apt.conf.d/*; do
        if grep -qi 'proxy\|Acquire::http' "$conf" 2>/dev/null; then
            cp "$conf" "$1/etc/apt/apt.conf.d/"
        fi
    done
    for conf in /etc/pip.conf "$HOME/.config/pip/pip.conf" "$HOME/.pip/pip.conf"; do
        [ -f "$conf" ] && cp "$conf" "$1/etc/pip.conf"
    done
    mkdir -p "$1/etc/ssl/certs" "$1/usr/local/share/ca-certificates"
    cp /etc/ssl/certs/ca-certificates.crt "$1/etc/ssl/certs/" 2>/dev/null || true
    cp -r /usr/local/share/ca-certificates/. "$1/usr/local/share/ca-certificates/" 2>/dev/null || true
    env | grep -i '^\(pip_[a-z_]*\|[a-z]*_proxy\|ssl_cert_file\|requests_ca_bundle\)=' \
        >"$1/etc/fresh-environment" || true
}

# A real root for the command (pivot_root: a chroot may not make user namespaces), with or without
# network. $1: root, $2: user, $3: on|off, $4: command, run in the clone.
enter() {
    net=$([ "$3" = off ] && echo --net || true)
    # shellcheck disable=SC2016,SC2086
    unshare --mount $net --fork sh -ec '
        [ -z "$4" ] || ip link set lo up
        cd "$1"
        mkdir -p .outside
        pivot_root . .outside
        cd /
        umount -l /.outside
        exec su - "$2" -c "set -a; . /etc/fresh-environment; set +a; cd ~/elfin && $3"
    ' sh "$1" "$2" "$4" "$net" </dev/null
}

prepare() { # $1: stage, $2: user
    root=$fresh/$1
    rm -rf --one-file-system "$root"
    cp -a "$fresh/base" "$root"
    carry_in "$root"
    mount --bind "$root" "$root" # a root directory that is a mount, as on any machine
    mount -t proc proc "$root/proc"
    mount -t tmpfs tmpfs "$root/dev"
    mkdir "$root/dev/shm" "$root/dev/pts"
    mount -t tmpfs tmpfs "$root/dev/shm"
    mount -t devpts -o newinstance,ptmxmode=0666 devpts "$root/dev/pts"
    ln -s pts/ptmx "$root/dev/ptmx"
    ln -s /proc/self/fd "$root/dev/fd"
    for device in null zero full random urandom tty; do
        touch "$root/dev/$device"
        mount --bind "/dev/$device" "$root/dev/$device"
    done
    [ "$2" = root ] || chroot "$root" useradd -m "$2"
    home=$(chroot "$root" sh -c "echo ~$2")
    git clone -q --no-hardlinks "$PWD" "$root$home/elfin"
    git -C "$root$home/elfin" remote remove origin
    chroot "$root" chown -R "$2:" "$home/elfin"
}

failed=0
attempt() { # $1: label, $2: root, $3: user, $4: network on|off, $5: make's verb
    log=$fresh/$1.log
    begin=$(date +%s)
    status=0
    enter "$2" "$3" "$4" "make $5" >"$log" 2>&1 || status=$?
    say "$1: status $status, $(($(date +%s) - begin)) s; $(tail -n 1 "$log")"
    [ "$status" = 0 ] || failed=1
}

mkdir -p "$fresh"
make_base
for stage in $STAGES; do
    user=$([ "$stage" = root ] && echo root || echo newcomer)
    prepare "$stage" "$user"
    for verb in $COMMANDS; do attempt "$stage-$verb" "$fresh/$stage" "$user" on "$verb"; done
    for verb in $COMMANDS; do attempt "$stage-$verb-offline" "$fresh/$stage" "$user" off "$verb"; done
done
exit $failed
