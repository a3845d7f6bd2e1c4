// Who has which address, in each family: the subnet of the VIP, and the subnet of the members behind the amphorae.

const subnets = { 4: ['10.91.0', '10.92.0'], 6: ['fd91::', 'fd92::'] };
const bits = { 4: [24, 32], 6: [64, 128] };

export const servicePort = 80;
export const memberPort = 8000;

/** Plans the addresses of a pair of one family. */
export function createPlan(family) {
  const [front, back] = subnets[family];
  const [prefix, host] = bits[family];
  const of = (net, number) => (family === 4 ? `${net}.${number}` : `${net}${number}`);
  const subnet = (net) => `${of(net, 0)}/${prefix}`;
  const vip = of(front, 10);
  const inUrl = family === 4 ? vip : `[${vip}]`;
  return {
    family,
    prefix,
    vip,
    url: `http://${inUrl}:${servicePort}/`,
    front: subnet(front),
    back: subnet(back),
    /** The client is the gateway of the VIP's subnet, too. */
    client: of(front, 1),
    member: of(back, 1),
    /** A network that only a host route leads to. */
    beyond: family === 4 ? '192.0.2.0/24' : '2001:db8:2::/64',
    /** The amphora's own addresses, on the VIP's port and on the members'. */
    own: (node) => ({ front: of(front, 11 + node), back: of(back, 11 + node) }),
    single: (address) => `${address}/${host}`,
    mac: (node, port) => `02:91:0${family}:00:0${port}:0${node + 1}`,
  };
}
