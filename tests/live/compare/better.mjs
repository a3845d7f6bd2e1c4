// The differences that the contract wants: its [better] rows, and what it says of this dialect beside the real agent.
// An entry fits a step by its name and tells which differing keys it explains.

const refusedInsteadOfBroken = ({ left, right }) =>
  right.status === 400 && [500, 400, 200, 202].includes(left.status);
const whole = () => true;
const firstWords = (answer) => answer['body.message']?.split(':')[0];

export const better = [
  {
    name: 'listeners of a group that does not run are left out',
    step: /^listeners (before the start|of what is stopped)/,
    fits: ({ right }) => right.body === 'array of 0',
    explains: whole,
  },
  {
    name: '405 comes with Allow',
    step: /./,
    fits: ({ left, right }) => left.status === 405 && right.status === 405 && left.allow === undefined,
    explains: (key) => key === 'allow',
  },
  {
    name: 'certificate names are [A-Za-z0-9_-][A-Za-z0-9_.-]*.pem, nothing more',
    step: /^certificate name (a b\.pem|ümlaut\.pem|web\.pem\.bak)/,
    fits: ({ left, right }) => [200, 404].includes(left.status) && right.status === 400,
    explains: whole,
  },
  {
    name: 'a doubled slash inside the path is 404, not a redirect',
    step: /^doubled slash/,
    fits: ({ left, right }) => left.status === 308 && right.status === 404,
    explains: whole,
  },
  {
    name: '[better] ids in writes: [A-Za-z0-9_.-]{1,64} without a leading dot, else 400',
    step: /^write under a bad id/,
    fits: refusedInsteadOfBroken,
    explains: whole,
  },
  {
    name: '[better] a configuration that is not UTF-8 is 400',
    step: /^upload that is not UTF-8/,
    fits: refusedInsteadOfBroken,
    explains: whole,
  },
  {
    name: '[better] a configuration outside the policy is 400',
    step: /^upload outside the policy/,
    fits: refusedInsteadOfBroken,
    explains: whole,
  },
  {
    name: '[better] a bad agent.conf is 400, and the old file kept',
    step: /^bad agent\.conf/,
    fits: refusedInsteadOfBroken,
    explains: whole,
  },
  {
    name: '[better] a bad server certificate is 400, and the old one kept',
    step: /^bad server certificate/,
    fits: refusedInsteadOfBroken,
    explains: whole,
  },
  {
    name: '[better] a bad UDP configuration is 400',
    step: /^bad UDP configuration/,
    fits: refusedInsteadOfBroken,
    explains: whole,
  },
  {
    name: '[better] malformed optional members of a plug are 400',
    step: /^plug (VIP|network), malformed/,
    // Where the real one does not come as far as to break, there is no such port.
    fits: (pair) => refusedInsteadOfBroken(pair) || (pair.left.status === 404 && pair.right.status === 400),
    explains: whole,
  },
  {
    name: 'what is wrong with an address is said in other words',
    step: /^plug VIP, no (address|subnet|own address)$/,
    fits: ({ left, right }) =>
      left.status === 400 && right.status === 400 && firstWords(left) === firstWords(right),
    explains: (key) => key === 'body.message',
  },
  {
    name: 'an IPv6 address is found however it is written',
    step: /^interface of 2001:db8:1:0::5$/,
    fits: ({ left, right }) => left.status === 404 && right.status === 200,
    explains: whole,
  },
  {
    name: 'interface rules, which only younger agents have',
    step: /^interface rules/,
    fits: ({ left }) => left.status === 404 && left['body.error'] !== undefined,
    explains: whole,
  },
  {
    name: '[better] a VRRP configuration that keepalived or the policy refuses is 400',
    step: /^bad VRRP upload/,
    fits: refusedInsteadOfBroken,
    explains: whole,
  },
  {
    name: 'why keepalived could not be started, stopped or reloaded, without the words of systemctl',
    step: /^VRRP (start|stop|reload)/,
    fits: ({ left, right }) => left.status === 500 && right.status === 500,
    explains: (key) => key === 'body.details',
  },
  {
    name: 'details tell cpu_count, as younger agents do',
    step: /details/,
    fits: ({ left, right }) => left.status === right.status,
    explains: (key) => key === 'body.cpu_count' || key === 'body.active_tuned_profiles',
  },
];

/** Splits the differing keys of a step into those that a row explains and the rest. */
export function explain(step, pair, keys) {
  const rows = better.filter((row) => row.step.test(step.name) && row.fits(pair));
  const explained = keys.filter((key) => rows.some((row) => row.explains(key)));
  return {
    rest: keys.filter((key) => !explained.includes(key)),
    rows: rows.filter((row) => keys.some((key) => row.explains(key))).map((row) => row.name),
  };
}
