# Waiting for what was started, 20 s at most; what does not come up ends the container (fail is in init.sh).

wait_ports() { # PORT…: until something listens on each
  local port try
  for port in "$@"; do
    for try in $(seq 200); do
      ss -Hltn "sport = :$port" | grep -q . && continue 2
      sleep 0.1
    done
    tail -n 3 "$LOG"/*.out 2> /dev/null
    fail "nothing listens on $port"
  done
}

wait_line() { # FILE PATTERN
  local try
  for try in $(seq 200); do
    grep -qE "$2" "$1" 2> /dev/null && return 0
    sleep 0.1
  done
  fail "no '$2' in $1"
}

wait_for() { # COMMAND…
  local try
  for try in $(seq 100); do
    "$@" > /dev/null 2>&1 && return 0
    sleep 0.2
  done
  fail "not in time: $*"
}
