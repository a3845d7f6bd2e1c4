#!/bin/sh
# The external check of PING monitors: exit 0 when the member answers one echo request within a second.
# haproxy gives proxy address, proxy port, server address, server port (2.6 manual, "external-check command"), an
# account without privileges, and no PATH.
PATH=/usr/sbin:/usr/bin:/sbin:/bin
export PATH
address=${HAPROXY_SERVER_ADDR:-$3}
case $address in
*:*) exec ping -6 -n -q -c 1 -w 1 "$address" >/dev/null 2>&1 ;;
*) exec ping -4 -n -q -c 1 -w 1 "$address" >/dev/null 2>&1 ;;
esac
