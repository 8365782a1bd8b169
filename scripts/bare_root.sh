# shellcheck shell=sh
# A bare Debian 12 in a directory, for scripts/fresh_root and scripts/package_check; source it, do not run it.
# Needs root and debootstrap.  DEBIAN_MIRROR names the mirror; without it debootstrap takes its own.

# make_root DIRECTORY [PACKAGE…]: Debian's minimum and the packages; the machine's own certificate authorities, its
# resolver and its hosts are taken over, as an administrator of a network with a proxy would.
make_root() {
  new_root=$1
  shift
  [ "$(id -u)" -eq 0 ] || { echo "$(basename "$0"): needs root, for chroot and mounts" >&2; return 1; }
  command -v debootstrap >/dev/null || { echo "$(basename "$0"): debootstrap is not installed" >&2; return 1; }
  [ -z "$(ls -A "$new_root" 2>/dev/null)" ] || { echo "$(basename "$0"): not empty: $new_root" >&2; return 1; }
  debootstrap --include="$(echo "$*" | tr ' ' ,)" bookworm "$new_root" \
    ${DEBIAN_MIRROR:+"$DEBIAN_MIRROR"} >"$new_root/bootstrap.log" 2>&1 || {
    tail -n 5 "$new_root/bootstrap.log" >&2
    return 1
  }
  rm "$new_root/bootstrap.log"
  cp -L /etc/resolv.conf /etc/hosts "$new_root/etc/"
  if ls /usr/local/share/ca-certificates/*.crt >/dev/null 2>&1; then
    mkdir -p "$new_root/usr/local/share/ca-certificates"
    cp -L /usr/local/share/ca-certificates/*.crt "$new_root/usr/local/share/ca-certificates/"
    [ ! -x "$new_root/usr/sbin/update-ca-certificates" ] || in_root "$new_root" update-ca-certificates >/dev/null 2>&1
  fi
}

# in_root DIRECTORY COMMAND…: runs it there with an environment of its own.  Mounts and processes end with it.
in_root() {
  set -- unshare --mount --pid --fork --kill-child sh -euc '
    root=$1
    shift
    mount -t proc proc "$root/proc"
    mount -t devpts -o newinstance,ptmxmode=0666 devpts "$root/dev/pts"
    mount -t tmpfs tmpfs "$root/dev/shm"
    if [ -n "${FARTHING_SHARED:-}" ]; then
      mkdir -p "$root/src/shared"
      mount --bind "$FARTHING_SHARED" "$root/src/shared"
    fi
    for name in http_proxy https_proxy no_proxy HTTP_PROXY HTTPS_PROXY NO_PROXY; do
      eval "value=\${$name:-}"
      [ -z "$value" ] || set -- "$name=$value" "$@"
    done
    # npm, alone of all, trusts authorities of its own only.
    ! ls "$root"/usr/local/share/ca-certificates/*.crt >/dev/null 2>&1 ||
      set -- NODE_EXTRA_CA_CERTS=/etc/ssl/certs/ca-certificates.crt "$@"
    # This shell stays the first process: signals do not end one, and make would go on for ever after Ctrl-C.
    status=0
    env -i HOME=/root PATH=/usr/sbin:/usr/bin:/sbin:/bin LANG=C.UTF-8 TERM=dumb PWD=/ \
      chroot "$root" env "$@" || status=$?
    exit $status' sh "$@"
  "$@"
}
