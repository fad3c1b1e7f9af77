#!/usr/bin/env bash
# The steps of deploy/Dockerfile and of the worker in deploy/compose.yaml without containers: a fresh virtual environment
# from the pinned requirements, the package installed from the files that the image copies, an empty home, kernels
# compiled, a server and a worker started, and one run of a flow. Takes some minutes; PYTHON names the interpreter.
set -euo pipefail
cd "$(dirname "$0")/.."
python=$(command -v "${PYTHON:-.venv/bin/python}")
folder=$(mktemp -d)
started=()
trap 'kill "${started[@]}" 2>/dev/null; wait; rm -rf "$folder"' EXIT

mkdir "$folder/app" "$folder/home" "$folder/srv"
cp -r pyproject.toml README.md LICENSE ldas flows catalog "$folder/app"
cp -r requirements "$folder/requirements"
cp -r deploy "$folder/srv/deploy"
find "$folder" -name __pycache__ -prune -exec rm -r {} +
export HOME=$folder/home PREFECT_HOME=$folder/home/.prefect NUMBA_CACHE_DIR=$folder/numba
export LDAS_STORE=file://$folder/store PREFECT_SERVER_ANALYTICS_ENABLED=false
unset PYTHONPATH VIRTUAL_ENV

echo "1. virtual environment from requirements/service.txt"
"$python" -m venv "$folder/venv"
if command -v uv >/dev/null; then
  uv pip install --quiet --compile-bytecode --python "$folder/venv/bin/python" --require-hashes -r "$folder/requirements/service.txt"
  uv pip install --quiet --compile-bytecode --python "$folder/venv/bin/python" --no-deps --no-build-isolation "$folder/app"
else
  "$folder/venv/bin/pip" install --quiet --require-hashes -r "$folder/requirements/service.txt"
  "$folder/venv/bin/pip" install --quiet --no-deps --no-build-isolation "$folder/app"
fi
rm -r "$folder/app"
export PATH=$folder/venv/bin:$PATH
cd "$folder/srv"

echo "2. kernels"
ldas compile
echo "3. server, deployments, automations, worker"
port=$(python -c "from ldas.demo.servers import free_port; print(free_port())")
export PREFECT_API_URL=http://127.0.0.1:$port/api
prefect server start --host 127.0.0.1 --port "$port" >"$folder/server.log" 2>&1 &
started+=($!)
python -c "from ldas.demo.servers import wait_until_up; wait_until_up('$PREFECT_API_URL/health', seconds=180)"
cd deploy
prefect work-pool create ldas --type process --overwrite >/dev/null
prefect --no-prompt deploy --all >/dev/null
python -m flows.automations
prefect worker start --pool ldas --type process >"$folder/worker.log" 2>&1 &
started+=($!)

echo "4. one run"
# There is no publication yet, so a healthy worker runs `validate` to its end and the flow fails with this sentence.
prefect deployment run validate/site --watch --watch-timeout 300 >"$folder/run.log" 2>&1 || true
run=$(grep -m1 -oE '[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}' "$folder/run.log")
prefect flow-run logs "$run" >"$folder/flow.log"
if ! grep -q "ValidationError" "$folder/flow.log"; then
  echo "the flow did not run as it should:" >&2
  cat "$folder/run.log" "$folder/flow.log" "$folder/worker.log" >&2
  exit 1
fi
grep -m1 "ValidationError" "$folder/flow.log"
echo "the image's steps work: $(du -sh "$folder/venv" | cut -f1) of packages, $(du -sh "$folder/numba" | cut -f1) of kernels"
