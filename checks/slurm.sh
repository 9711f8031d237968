#!/usr/bin/env bash
# An array of 8 shards under Debian's Slurm on this one machine: one shard is killed and requeued, the shards are merged,
# and every byte is that of a run in one process. Daemons, keys and state live in a folder of their own and end with it.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

fail() { printf 'slurm: %s\n' "$*" >&2; exit 1; }

if ! command -v slurmctld >/dev/null || ! command -v munged >/dev/null; then
  as_root=(); [ "$(id -u)" -eq 0 ] || as_root=(sudo)
  "${as_root[@]}" env DEBIAN_FRONTEND=noninteractive apt-get update -qq </dev/null >&2
  "${as_root[@]}" env DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends slurm-wlm munge </dev/null >&2
fi
[ "$(id -u)" -eq 0 ] || fail "slurmd starts jobs as root: run this part as root"

cargo build --quiet --locked --no-default-features --features sweep --bin doozy
export DOOZY=${CARGO_TARGET_DIR:-$PWD/target}/debug/doozy
plan=$PWD/checks/slurm.plan.ron
script=$PWD/contrib/slurm/simulate.sbatch

home=$(mktemp -d /tmp/doozy-slurm.XXXXXX)
daemons=()
finish() {
  for pid in "${daemons[@]}"; do kill "$pid" 2>/dev/null || true; done
  for pid in "${daemons[@]}"; do wait "$pid" 2>/dev/null || true; done
  rm -rf "$home"
}
trap finish EXIT
mkdir -p "$home"/{munge,state,spool,jobs}
chmod 755 "$home"
chmod 700 "$home/munge"

# munged wants its key to be nobody else's, and its socket's folder to be everybody's
dd if=/dev/urandom of="$home/munge/key" bs=1 count=1024 status=none
chmod 400 "$home/munge/key"
munged --foreground --force --key-file "$home/munge/key" --socket "$home/munge.socket" --pid-file "$home/munge/pid" \
  --log-file "$home/munge/log" --seed-file "$home/munge/seed" >"$home/munged.out" 2>&1 &
daemons+=($!)

host=$(hostname -s)
cores=$(nproc)
cat >"$home/slurm.conf" <<CONF
ClusterName=doozy
SlurmctldHost=$host(127.0.0.1)
SlurmUser=root
SlurmdUser=root
AuthType=auth/munge
AuthInfo=socket=$home/munge.socket
CredType=cred/munge
StateSaveLocation=$home/state
SlurmdSpoolDir=$home/spool
SlurmctldPidFile=$home/slurmctld.pid
SlurmdPidFile=$home/slurmd.pid
SlurmctldLogFile=$home/slurmctld.log
SlurmdLogFile=$home/slurmd.log
SlurmctldPort=26817
SlurmdPort=26818
ProctrackType=proctrack/linuxproc
TaskPlugin=task/none
JobAcctGatherType=jobacct_gather/none
AccountingStorageType=accounting_storage/none
SelectType=select/cons_tres
SelectTypeParameters=CR_Core
MpiDefault=none
ReturnToService=2
JobRequeue=1
# the killed task can be requeued at once
KillWait=5
NodeName=$host NodeAddr=127.0.0.1 CPUs=$cores RealMemory=$(awk '/MemTotal/ { print int($2 / 1024) - 512 }' /proc/meminfo) State=UNKNOWN
PartitionName=main Nodes=ALL Default=YES MaxTime=INFINITE State=UP
CONF
printf 'CgroupPlugin=cgroup/v1\nCgroupMountpoint=%s\n' "$home/cgroup" >"$home/cgroup.conf"
export SLURM_CONF=$home/slurm.conf

# until WHAT SECONDS COMMAND…: waits for a command to succeed.
until_() {
  local what=$1 left=$(($2 * 10))
  shift 2
  until "$@" >/dev/null 2>&1; do
    left=$((left - 1))
    [ "$left" -gt 0 ] || { tail -n 20 "$home"/*.log >&2 || true; fail "waited in vain for $what"; }
    sleep 0.1
  done
}

until_ "munge" 30 test -S "$home/munge.socket"
slurmctld -D -f "$home/slurm.conf" >"$home/slurmctld.out" 2>&1 &
daemons+=($!)
slurmd -D -f "$home/slurm.conf" >"$home/slurmd.out" 2>&1 &
daemons+=($!)
is_idle() { sinfo --noheader --format=%T | grep -q idle; }
until_ "a node" 60 is_idle
printf 'slurm %s, munge %s, one node of %s cores\n' "$(sbatch --version | cut -d' ' -f2)" \
  "$(munge --version | head -n 1 | sed 's/^munge-\([0-9.]*\).*/\1/')" "$cores"

started=$SECONDS
job=$(cd "$home/jobs" && sbatch --parsable --array=0-7 "$script" "$plan" "$home/shards")
victim=2
state() { scontrol --oneliner show job "${job}_$1" | grep -o 'JobState=[A-Z_]*' | head -n 1 | cut -d= -f2; }
# a task is killed when it has kept something and has more to do: a share is 32 of 256 parts
kept_by_victim() {
  [ "$(state $victim)" = RUNNING ] || return 1
  "$DOOZY" simulate "$plan" --out "$home/shards" --shard $((victim + 1))/8 --list --json | grep -qE '"missing":([1-9]|1[0-9]|2[0-9]|3[01]),'
}
until_ "shard $victim in the middle" 300 kept_by_victim
# the process of the task that is our program
process() {
  local id pid
  id=$(scontrol --oneliner show job "${job}_$victim" | grep -o '^JobId=[0-9]*' | cut -d= -f2)
  for pid in $(scontrol listpids "$id" | awk 'NR > 1 && $1 > 0 { print $1 }'); do
    [ "$(readlink "/proc/$pid/exe")" = "$(readlink -f "$DOOZY")" ] && pid_of_victim=$pid && return 0
  done
  return 1
}
until_ "the process of task $victim" 60 process
pid=$pid_of_victim
kill -KILL "$pid"
has_failed() { case $(state $victim) in FAILED | COMPLETED | NODE_FAIL) true ;; *) false ;; esac; }
until_ "the end of the killed task" 60 has_failed
printf 'task %s of array %s killed (SIGKILL) with %s; its state: %s\n' "$victim" 0-7 \
  "$("$DOOZY" simulate "$plan" --out "$home/shards" --shard $((victim + 1))/8 --list | sed 's/, [0-9]* runs.*//')" "$(state $victim)"
scontrol requeue "${job}_$victim"
is_over() { [ -z "$(squeue --noheader --job "$job" 2>/dev/null)" ]; }
until_ "the array's end" 1800 is_over
for task in 0 1 2 3 4 5 6 7; do
  [ "$(state $task)" = COMPLETED ] || fail "task $task ended as $(state $task): $(tail -n 3 "$home"/jobs/*_"$task".out)"
done
printf '8 tasks completed in %d s, task %d in %s runs\n' $((SECONDS - started)) "$victim" \
  "$(($(scontrol --oneliner show job "${job}_$victim" | grep -o 'Restarts=[0-9]*' | cut -d= -f2) + 1))"
grep -h '^shard' "$home"/jobs/*.out | sort

"$DOOZY" simulate merge "$home/shards" --quiet >/dev/null
env -u SLURM_CONF "$DOOZY" simulate "$plan" --out "$home/one" --quiet >/dev/null
diff -r "$home/shards" "$home/one" >&2 || fail "the shards differ from the run in one process"
printf 'merged: %s files, %s bytes, byte for byte those of one process (sha256 of all: %s)\n' \
  "$(find "$home/one" -type f | wc -l)" "$(find "$home/one" -type f -printf '%s\n' | awk '{ s += $1 } END { print s }')" \
  "$(cd "$home/one" && find . -type f | LC_ALL=C sort | xargs sha256sum | sha256sum | cut -c1-16)"
