# shellcheck shell=bash
# What the start scripts and scripts/install_services share; source it, do not run it.
#
# A start script takes a port (0: any free one), starts its service on 127.0.0.1, prints one line
# "ready <name> <url> …" when it answers and stays until SIGTERM.  It installs nothing: where
# scripts/install_services has not been it exits with 77, which tests show as skipped.

cache=${FARTHING_CACHE:-$HOME/.cache/farthing}
service_pid=""
scratch=""

die() { echo "$(basename "$0"): $*" >&2; exit 1; }

# Sets `directory` to the installed NAME, or exits with 77.
installed() {
  directory=$cache/$1
  [ -e "$directory/complete" ] && return
  echo "$(basename "$0"): $1 is not installed; run scripts/install_services" >&2
  exit 77
}

answers() { (exec 3<>"/dev/tcp/127.0.0.1/$1") 2>/dev/null; }

# Sets `port`.
choose_port() {
  port=${1:-}
  [[ $port =~ ^(0|[1-9][0-9]{0,4})$ ]] || die "usage: $(basename "$0") PORT"
  if [ "$port" = 0 ]; then
    port=$(python3 -c 'import socket; s = socket.socket(); s.bind(("127.0.0.1", 0)); print(s.getsockname()[1])')
  elif answers "$port"; then
    die "port $port is in use"
  fi
}

# Succeeds when GET PATH on our port answers 200.
healthy() {
  exec 3<>"/dev/tcp/127.0.0.1/$port" || return 1
  printf 'GET %s HTTP/1.1\r\nHost: 127.0.0.1:%s\r\nConnection: close\r\n\r\n' "$1" "$port" >&3
  local line
  read -r -t 5 line <&3 || line=""
  exec 3<&-
  [[ $line == *" 200 "* ]]
}

stop_service() {
  trap - TERM INT EXIT
  if [ -n "$service_pid" ] && kill -TERM "$service_pid" 2>/dev/null; then
    for _ in {1..50}; do kill -0 "$service_pid" 2>/dev/null || break; sleep 0.1; done
    kill -KILL "$service_pid" 2>/dev/null
  fi
  [ -z "$service_pid" ] || wait "$service_pid" 2>/dev/null
  [ -z "$scratch" ] || rm -rf "$scratch"
  return 0
}

# Starts COMMAND… with its output on stderr.  It ends with this script even when that is killed.
start() {
  trap 'stop_service; exit 0' TERM INT
  trap stop_service EXIT
  setpriv --pdeathsig TERM "$@" >&2 &
  service_pid=$!
}

# Waits until COMMAND… succeeds; dies when the service does, or after 60 s.
wait_until() {
  for _ in {1..600}; do
    kill -0 "$service_pid" 2>/dev/null || die "the service ended before it was ready"
    if "$@" >/dev/null 2>&1; then return 0; fi
    sleep 0.1
  done
  die "not ready after 60 s"
}

# Stays until the service ends.
serve() {
  local status=0
  wait "$service_pid" || status=$?
  service_pid=""
  die "the service ended by itself, exit status $status"
}
