#!/usr/bin/env bash
# The recipe of `make run`: the service on SQLite in the foreground, with the example story posted to it.
set -euo pipefail

port=${PORT:-8000}
url=http://127.0.0.1:$port
bin=.venv/bin

fail() {
  echo "make run: $1" >&2
  exit 1
}

require_port() {
  "$bin/python" - "$port" <<'PY'
import socket, sys
listener = socket.socket()
listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
try:
    listener.bind(("127.0.0.1", int(sys.argv[1])))
except (OSError, OverflowError, ValueError) as error:
    sys.exit(f"make run: port {sys.argv[1]}: {error}; try another: make run PORT=8080")
PY
}

# http.client, because urllib would ask a proxy for 127.0.0.1 where one is configured.
is_ready() {
  "$bin/python" - "$port" <<'PY' 2>/dev/null
import http.client, sys
connection = http.client.HTTPConnection("127.0.0.1", int(sys.argv[1]), timeout=5)
connection.request("GET", "/readyz")
sys.exit(connection.getresponse().status != 200)
PY
}

wait_until_ready() {
  local deadline=$((SECONDS + 60))
  until is_ready; do
    kill -0 "$service" 2>/dev/null || fail "the service stopped before it was ready"
    ((SECONDS < deadline)) || fail "the service was not ready within 60 s"
    sleep 0.2
  done
}

# The service answers what it has queued before it ends; a second Ctrl-C must not leave it behind.
stop() {
  trap '' INT TERM HUP
  kill -TERM "$service" 2>/dev/null || true
  wait "$service" || true
}

# Asked first, for another service on the port would answer in the place of ours.
require_port

"$bin/onrecord" serve --port "$port" </dev/null &
service=$!
trap stop EXIT
trap 'exit 0' INT TERM HUP

wait_until_ready
key=$("$bin/onrecord" keys create --name demo-desk --role editor)
"$bin/onrecord" demo --url "$url" --key "$key"

cat <<TEXT

  The dashboard   $url/
  A key to post   $key
  To stop         Ctrl-C

TEXT

status=0
wait "$service" || status=$?
fail "the service stopped by itself, with status $status"
