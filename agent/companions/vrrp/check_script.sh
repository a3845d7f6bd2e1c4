#!/bin/sh
# Tells keepalived whether this amphora can serve: runs every file in check_scripts/ and exits with the sum of their
# codes, 255 at most (a sum of 256 would be a success). `force-fail` beside it moves the address to the peer, `disabled`
# keeps it here whatever fails.
here=${0%/*}
[ -e "$here/force-fail" ] && exit 1
[ -e "$here/disabled" ] && exit 0
status=0
for check in "$here"/check_scripts/*; do
    [ -f "$check" ] || continue
    if [ -x "$check" ]; then "$check"; else sh "$check"; fi
    status=$((status + $?))
done
[ "$status" -le 255 ] || status=255
exit "$status"
