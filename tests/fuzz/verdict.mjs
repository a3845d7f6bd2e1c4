// Which answers are right, whatever was sent. A status of 500 and above is the agent's fault, but for four that right
// requests get too. Source: contract/amphora-v0.1.md "Listeners", "Common rules"; docs/fuzz.md.

const keyMaterial = /-----BEGIN [A-Z ]*PRIVATE KEY-----/;

/** Lists what is wrong with an answer to a verified client. `line` begins with the method and the path, as they were sent. */
export function faultsOfAnswer({ status, text }, line, { secret }) {
  const faults = [];
  if (status >= 500 && !isRightAbove500(status, text, line)) faults.push(`${status} ${text.slice(0, 300)}`);
  if (text.includes(secret)) faults.push(`an answer holds what a file outside holds: ${text.slice(0, 300)}`);
  if (keyMaterial.test(text)) faults.push('an answer holds a private key');
  return faults;
}

/** Lists what is wrong with answers to anyone else: nothing but 401. */
export function faultsOfRefusal(answers) {
  return answers
    .filter(({ status }) => status !== 401)
    .map(({ status, text }) => `served without a right: ${status} ${text.slice(0, 300)}`);
}

function isRightAbove500(status, text, line) {
  // Uploads wait for each other; one whose body does not come makes room for the next.
  if (status === 503) return /"Upload too slow"/.test(text);
  // The subject has no namespace, so that no fuzzed request can plug a port of this machine: it says so.
  if (status === 500 && /"details":"no network namespace is configured/.test(text)) return true;
  // Nothing that the fuzzer uploads is a configuration of keepalived, so that there is none to act upon.
  const isVrrpAction = /^PUT \/*(v0\.1|1\.0)\/vrrp\/(start|stop|reload)\/*(\?\S*)?(\s|$)/i.test(line);
  if (status === 500 && isVrrpAction && /"details":"keepalived has no configuration"/.test(text)) return true;
  // haproxy took the configuration when it was uploaded, and cannot run it: an address that is not here, a taken port.
  const isAction =
    /^PUT \/*(v0\.1\/listeners|1\.0\/loadbalancer)\/[^/]+\/(start|stop|reload)\/*(\?\S*)?(\s|$)/i.test(line);
  return status === 500 && isAction && /"Error (starting|stopping|reloading) haproxy"/.test(text);
}
