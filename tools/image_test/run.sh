#!/usr/bin/env bash
# Builds the image of the Dockerfile and runs it for real, without a Docker engine: buildah builds on a stand-in for
# python:3.11-slim (a minimal Debian, made once by debootstrap), drive.py runs what came out in namespaces of its own.
set -euo pipefail
cd "$(dirname "$0")/../.."

PYTHON=${PYTHON:-${VENV:-.venv}/bin/python}
CACHE=${XDG_CACHE_HOME:-$HOME/.cache}/stenogram-image
BASE=docker.io/library/python:3.11-slim # what the Dockerfile asks for; made here, never pulled
IMAGE=localhost/stenogram-image-test
MIRROR=${DEBIAN_MIRROR:-http://deb.debian.org/debian}
export BUILDAH_ISOLATION=chroot
BUILDAH=(buildah --root "$CACHE/storage" --runroot "$CACHE/run" --storage-driver vfs)

say() { printf '%s\n' "$*"; }
die() { printf '❌ %s\n' "$*" >&2; exit 1; }

need_tools() {
  [ "$(uname -s)" = Linux ] && [ "$(id -u)" = 0 ] || die "image-test needs Linux and root (mounts, chroot, namespaces)"
  [ -x "$PYTHON" ] || die "no $PYTHON: run it as 'make image-test', which sets that up"
  local missing=()
  command -v buildah >/dev/null || missing+=(buildah)
  command -v debootstrap >/dev/null || missing+=(debootstrap)
  command -v ip >/dev/null || missing+=(iproute2)
  command -v nsenter >/dev/null || missing+=(util-linux)
  [ ${#missing[@]} -gt 0 ] || return 0
  command -v apt-get >/dev/null || die "missing: ${missing[*]} (Debian and Ubuntu have them as packages)"
  say "installing ${missing[*]}"
  { apt-get update -qq && apt-get install -y -qq --no-install-recommends "${missing[@]}"; } >/dev/null \
    || die "missing, and could not be installed with apt: ${missing[*]}"
}

# What python:3.11-slim has and the build relies on: python on the PATH, a pip that may install, certificates.
make_base() {
  "${BUILDAH[@]}" inspect --type image "$BASE" >/dev/null 2>&1 && return 0
  say "making the stand-in for python:3.11-slim (once, about a minute; kept in $CACHE)"
  local root=$WORK/base container
  debootstrap --variant=minbase --include=python3,python3-pip,ca-certificates bookworm "$root" "$MIRROR" \
    >"$WORK/debootstrap.log" 2>&1 || { tail -n 20 "$WORK/debootstrap.log" >&2; die "debootstrap failed"; }
  ln -sf python3.11 "$root/usr/bin/python"
  rm -rf "$root"/usr/lib/python3.*/EXTERNALLY-MANAGED "$root"/var/cache/apt/* "$root"/var/lib/apt/lists/*
  container=$("${BUILDAH[@]}" from scratch)
  "${BUILDAH[@]}" add --quiet "$container" "$root" / >/dev/null
  "${BUILDAH[@]}" config --cmd python3 --env LANG=C.UTF-8 \
    --env PATH=/usr/local/bin:/usr/local/sbin:/usr/sbin:/usr/bin:/sbin:/bin "$container"
  "${BUILDAH[@]}" commit --quiet --rm --format docker "$container" "$BASE" >/dev/null
  rm -rf "$root"
}

build() {
  say "building the image (about a minute)"
  mkdir -m 0700 "$WORK/pip"
  local volumes
  volumes=$("$PYTHON" -m tools.image_test.host_pip "$WORK/pip")
  mapfile -t volumes < <(printf '%s' "$volumes")
  "${BUILDAH[@]}" bud --pull-never --format docker --tag "$IMAGE" "${volumes[@]}" . >"$WORK/build.log" 2>&1 \
    || { grep -v '^WARNING' "$WORK/build.log" | tail -n 30 >&2; die "the image does not build"; }
  "${BUILDAH[@]}" inspect --type image "$IMAGE" >"$WORK/image.json"
}

clean_up() {
  local process
  for process in /proc/[0-9]*; do # drive.py ends what it started; this is for when it was killed itself
    [ -z "${root:-}" ] || [ "$(readlink "$process/root")" != "$root" ] || kill -KILL "${process#/proc/}" || true
  done
  "${BUILDAH[@]}" rm --all >/dev/null 2>&1 || true
  "${BUILDAH[@]}" rmi "$IMAGE" >/dev/null 2>&1 || true
  "${BUILDAH[@]}" rmi --prune >/dev/null 2>&1 || true
  rm -rf "$WORK"
}

need_tools
mkdir -p "$CACHE"
exec 9>"$CACHE/lock"
flock --nonblock 9 || die "another image-test is running"
WORK=$(mktemp -d "${TMPDIR:-/tmp}/stenogram-image.XXXXXX")
trap clean_up EXIT
trap 'exit 130' INT TERM
make_base
build
root=$("${BUILDAH[@]}" mount "$("${BUILDAH[@]}" from --pull-never "$IMAGE")")
mkdir -m 0755 "$WORK/drive"
# A network of its own in which every address leads back here: see outside.py.
unshare --net -- sh -c 'ip link set lo up && ip route add local default dev lo && exec "$@"' sh \
  "$PYTHON" -m tools.image_test.drive "$root" "$WORK/image.json" "$WORK/drive" 9>&-
