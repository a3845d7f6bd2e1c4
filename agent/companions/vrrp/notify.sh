#!/bin/sh
# notify.sh INSTANCE NAME STATE PRIORITY
# keepalived tells each change of state so (keepalived.conf(5) "notify"): one line of JSON is appended to notify.jsonl
# beside it, with the process that told it. Nothing is asked of the agent, which need not run; what cannot be written is
# lost, and the exit is 0 whatever happens.
umask 077
log=${0%/*}/notify.jsonl
case $1$2$3$4 in *[!A-Za-z0-9_.-]*) exit 0 ;; esac
case $1$4 in INSTANCE[0-9]*) ;; *) exit 0 ;; esac
# The written order is that of the changes: nothing that takes time comes before the line.
read -r uptime _ </proc/uptime
printf '{"uptime":%s,"pid":%s,"instance":"%s","state":"%s","priority":%s}\n' \
    "$uptime" "$PPID" "$2" "$3" "$4" 2>/dev/null >>"$log" || exit 0
# A flapping pair must not fill the disk.
if [ "$(wc -c <"$log")" -gt 65536 ]; then
    tail -n 100 "$log" >"$log.new" 2>/dev/null && mv -f "$log.new" "$log"
fi
exit 0
