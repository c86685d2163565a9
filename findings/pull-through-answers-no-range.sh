#!/usr/bin/env bash
# CNCF Distribution v3.1.2 as a pull-through cache (proxy.remoteurl): a request with Range for a blob that the cache does not hold yet is
# answered by the whole blob with status 200, although the registry behind it answers ranges and the cache does too once it holds the
# blob. A reader that wants 10 bytes of a layer of gigabytes is sent all of it, and must close the connection to read less.
# Status and body's length of the same request, `Range: bytes=0-9`, of a blob of 1,048,576 bytes.
# Output seen on 2026-11-27:
#   registry 206 10
#   cache, blob not held 200 1048576
#   cache, blob held 206 10
set -euo pipefail
folder="$(mktemp -d)"
pids=()
# Ends what this script started, and nothing else.
cleanup() {
  for pid in "${pids[@]}"; do kill "$pid" 2>/dev/null || true; done
  rm -rf "$folder"
}
trap cleanup EXIT
cd "$folder"
GOBIN="$folder" CGO_ENABLED=0 go install github.com/distribution/distribution/v3/cmd/registry@v3.1.2 2>/dev/null

# start NAME [REMOTE]: starts a registry on a free port and sets address.
start() {
  local port
  port="$(python3 -c 'import socket; s = socket.socket(); s.bind(("127.0.0.1", 0)); print(s.getsockname()[1])')"
  {
    printf 'version: 0.1\nlog: {accesslog: {disabled: true}, level: error}\n'
    printf 'storage: {filesystem: {rootdirectory: %s}}\nhttp: {addr: "127.0.0.1:%s"}\n' "$folder/$1-data" "$port"
    if [ $# -gt 1 ]; then printf 'proxy: {remoteurl: "%s"}\n' "$2"; fi
  } >"$1.yml"
  ./registry serve "$1.yml" >"$1.log" 2>&1 &
  pids+=($!)
  address="http://127.0.0.1:$port"
  until curl -fsS -o /dev/null "$address/v2/" 2>/dev/null; do
    kill -0 "${pids[-1]}" || { cat "$1.log"; exit 1; }
    sleep 0.1
  done
}

start registry
registry="$address"
head -c 1048576 /dev/zero >blob
digest="sha256:$(sha256sum blob | cut -d' ' -f1)"
upload="$(curl -fsS -D - -o /dev/null -X POST "$registry/v2/a/blobs/uploads/" | tr -d '\r' | sed -n 's/^[Ll]ocation: //p')"
curl -fsS -o /dev/null -X PUT -H 'Content-Type: application/octet-stream' --data-binary @blob "$upload&digest=$digest"
start cache "$registry"

read_range() { curl -sS -H 'Range: bytes=0-9' -o body -w '%{http_code}' "$1/v2/a/blobs/$digest"; }
{
  echo "registry $(read_range "$registry") $(wc -c <body)"
  echo "cache, blob not held $(read_range "$address") $(wc -c <body)"
  # The cache keeps a blob that was sent whole, at its own pace.
  for _ in $(seq 100); do
    [ "$(read_range "$address")" = 206 ] && break
    sleep 0.1
  done
  echo "cache, blob held $(read_range "$address") $(wc -c <body)"
} | tee seen
cat >expected <<'W'
registry 206 10
cache, blob not held 200 1048576
cache, blob held 206 10
W
diff expected seen
