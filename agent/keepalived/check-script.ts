// The health script that Octavia's UDP-CONNECT monitors name: success when a probe is not refused. sh, because it runs
// for every member every few seconds. Source: contract/octavia-1.0.md "UDP and SCTP listeners", nc(1).

/** Text of `udp_check.sh ADDRESS PORT`. nc first: an amphora-health-checker of Octavia's, where one is left, knows no UDP. Without -v the nc of OpenBSD does not look whether the probe was refused; nmap's waits for an answer with -i, others with -w. */
export const udpCheckScriptText = `#!/bin/sh
# Asks whether a UDP port is open: whatever does not refuse the probe within a second is.
# usage: udp_check.sh ADDRESS PORT
if ! command -v nc >/dev/null 2>&1; then
    exec amphora-health-checker udp "$1" "$2"
fi
case $(nc --version 2>&1) in
    *[Nn]map*) exec nc -uzv -i1 "$1" "$2" >/dev/null ;;
    *) exec nc -uzv -w1 "$1" "$2" >/dev/null ;;
esac
`;
