# Runs the command of one job and outlives whoever started it. Arguments: the job's control folder, its log folder, the
# number of processes, the command. Says who it is before it starts the command, and how it ended after it; each is one
# short write that counts only with its end of line, so nothing half written is believed and no process is spent on a rename.
control=$1 logs=$2 processes=$3 command=$4

if [ -r "/proc/$$/stat" ]; then
    read -r stat < "/proc/$$/stat"
    set -- ${stat##*) }
    began=${20}
else
    began=$(ps -o lstart= -p $$)
fi
printf '%s %s\n' "$$" "$began" > "$control/process"

finish() {
    printf '%s\n' "$1" > "$control/exit"
    exit 0
}

if [ "$processes" -le 1 ]; then
    ${TWINLOOP_SHELL:-bash} -c "$command" >> "$logs/std_log.txt" 2>&1 < /dev/null
    finish $?
fi

rank=0 running=
while [ "$rank" -lt "$processes" ]; do
    (
        export RANK=$rank LOCAL_RANK=$((rank % TWINLOOP_PROCESSES_PER_NODE)) NODE_RANK=$((rank / TWINLOOP_PROCESSES_PER_NODE))
        export OMPI_COMM_WORLD_RANK=$rank OMPI_COMM_WORLD_LOCAL_RANK=$LOCAL_RANK OMPI_COMM_WORLD_SIZE=$processes
        exec ${TWINLOOP_SHELL:-bash} -c "$command" >> "$logs/std_log_process_$rank.txt" 2>&1 < /dev/null
    ) &
    running="$running $!"
    rank=$((rank + 1))
done
code=0
for pid in $running; do
    wait "$pid" || { failed=$?; [ "$code" -ne 0 ] || { code=$failed; kill $running 2> /dev/null; }; }
done
finish "$code"
