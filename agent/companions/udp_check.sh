#!/bin/sh
# udp_check.sh ADDRESS PORT
# The check of UDP-CONNECT monitors: exit 0 when a datagram is not refused within a second. It lies beside
# amphora-health-checker, and keepalived calls it by its whole path.
exec "${0%/*}/amphora-health-checker" udp -t 1 "$1" "$2"
