#!/bin/sh
# As the guide has it, mistakes included: a hung haproxy still listens, and ":8404" is in ":84040", too.
pidof haproxy >/dev/null || exit 1
for port in 5432 2377 8404; do
    ss -tln | grep -q ":$port" || exit 1
done
