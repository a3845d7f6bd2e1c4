#!/bin/sh
# Two machines and a client on one machine: network namespaces $PAIR-a, $PAIR-b and $PAIR-client, joined by a bridge in
# the client's. The client has the addresses of the database and swarm servers, too. Run as root.
# usage: network.sh up|down
set -eu
PAIR=${PAIR:-pair}

up() {
    ip netns add "$PAIR-client"
    ip -n "$PAIR-client" link set lo up
    ip -n "$PAIR-client" link add br0 type bridge
    ip -n "$PAIR-client" link set br0 up
    for last in 1 21 22; do ip -n "$PAIR-client" address add "192.168.50.$last/24" dev br0; done
    for node in a:11 b:12; do
        name=$PAIR-${node%:*}
        ip netns add "$name"
        ip -n "$name" link set lo up
        ip -n "$PAIR-client" link add "to-${node%:*}" type veth peer name eth0 netns "$name"
        ip -n "$PAIR-client" link set "to-${node%:*}" master br0 up
        ip -n "$name" address add "192.168.50.${node#*:}/24" dev eth0
        ip -n "$name" link set eth0 up
    done
}

down() {
    for name in a b client; do
        ip netns delete "$PAIR-$name" || true
    done
}

case "${1:-}" in
up) up ;;
down) down ;;
*)
    echo 'usage: network.sh up|down' >&2
    exit 64
    ;;
esac
