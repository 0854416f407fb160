#!/usr/bin/env bash
# Build the real image, run it as its own user, migrate with it and walk the contract over HTTP.
# Without a container daemon: buildah, on a base made from Debian where BASE_IMAGE is not given.
set -euo pipefail
cd "$(dirname "$0")/.."
export STORAGE_DRIVER=vfs BUILDAH_ISOLATION=chroot
work=$(mktemp -d)
port=${PORT:-8765}
# In the image gunicorn lives in /venv, which no other one on this machine does.
terminate() { pkill -TERM -o -f '^/venv/bin/python3 /venv/bin/gunicorn'; }
cleanup() {
  terminate || true
  [ -z "${container:-}" ] || buildah rm "$container" >/dev/null || true
  rm -rf "$work"
}
trap cleanup EXIT

base=${BASE_IMAGE:-localhost/taskapp-debian}
if [ -z "${BASE_IMAGE:-}" ] && ! buildah images -q "$base" >/dev/null 2>&1; then
  # libstdc++ is what python:3.13-slim has too, since its apt needs it; here greenlet does.
  mmdebstrap --quiet --variant=essential --include=python3,python3-venv,ca-certificates,libstdc++6 \
    bookworm "$work/base.tar"
  scratch=$(buildah from scratch)
  buildah add -q "$scratch" "$work/base.tar" / >/dev/null
  buildah commit -q "$scratch" "$base" >/dev/null
  buildah rm "$scratch" >/dev/null
fi

# The host's pip settings and certificates, mounted for the build and left out of the image.
mounts=()
for path in /etc/pip.conf /etc/ssl/certs /usr/local/share/ca-certificates; do
  [ ! -e "$path" ] || mounts+=(--volume "$path:$path:ro")
done
buildah bud --quiet --format docker --network host "${mounts[@]}" --build-arg BASE_IMAGE="$base" -t localhost/taskapp . >/dev/null

user=$(buildah inspect --type image --format '{{.Docker.Config.User}}' localhost/taskapp)
[ "$user" = 10001 ] || { echo "the image runs as '$user'"; exit 1; }

container=$(buildah from localhost/taskapp)
mkdir "$work/data" && chmod 777 "$work/data"
in_container() {
  buildah run --network host --volume "$work/data:/data" \
    --env DATABASE_URL=sqlite:////data/tasks.db --env INSTANCE_PATH=/data \
    --env HOST=127.0.0.1 --env PORT="$port" "$container" -- "$@"
}
[ "$(in_container id -u)" = 10001 ] || { echo "runs as root"; exit 1; }
in_container flask db upgrade
in_container gunicorn & server=$!
for _ in $(seq 100); do curl -sf "http://127.0.0.1:$port/health/ready" >/dev/null && break; sleep 0.1; done
token=$(in_container flask token alice | tr -d '\r')
tasks=http://127.0.0.1:$port/api/alice/tasks
auth="Authorization: Bearer $token"
curl -sf "$tasks" -H "$auth" -H 'Content-Type: application/json' -d '{"title": "From the image"}' | grep -q '"title":"From the image"'
curl -sf -X PATCH "$tasks/1/complete" -H "$auth" | grep -q '"completed":true'
curl -sf "http://127.0.0.1:$port/docs" | grep -q swagger-ui
[ "$(curl -s -o /dev/null -w '%{http_code}' "http://127.0.0.1:$port/api/bob/tasks" -H "$auth")" = 403 ]
# buildah ignores HEALTHCHECK: read it from the image and run what it says.
mapfile -t check < <(buildah inspect --type image localhost/taskapp | python3 -c '
import json, sys
print(*json.load(sys.stdin)["Docker"]["config"]["Healthcheck"]["Test"][1:], sep="\n")')
in_container "${check[@]}"
terminate
wait "$server" || { echo "SIGTERM ended it with status $?"; exit 1; }
echo "image: built, migrated and serving as user $user"
