// The health script that Octavia's UDP-CONNECT monitors name: success when a probe is not refused. sh, because it runs
// for every member every few seconds. Source: contract/octavia-1.0.md "UDP and SCTP listeners".

/** Text of `udp_check.sh ADDRESS PORT`. nmap's nc waits for an answer with -i, all others with -w. */
export const udpCheckScriptText = `#!/bin/sh
# Asks whether a UDP port is open: nothing that refuses the probe within a second is success.
# usage: udp_check.sh ADDRESS PORT
case $(nc --version 2>&1) in
    *[Nn]map*) exec nc -uz -i1 "$1" "$2" >/dev/null ;;
    *) exec nc -uz -w1 "$1" "$2" >/dev/null ;;
esac
`;
