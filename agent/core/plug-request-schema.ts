// The shapes of the bodies that plug ports and replace interface rules, the same in every dialect of the amphora API.
// `null` stands for a member that is not there: controllers send it. Source: contract/octavia-1.0.md "Plugging".

const text = { type: 'string', maxLength: 128 } as const;
const textOrNull = { type: 'string', maxLength: 128, nullable: true } as const;
// The kernel's least for IPv4 (ETH_MIN_MTU), and what a 16-bit length can say.
const mtu = { type: 'integer', minimum: 68, maximum: 65_535, nullable: true } as const;
const isSriov = {
  type: 'boolean',
  nullable: true,
  description: 'A port by SR-IOV is closed until there are rules.',
} as const;
const subnet = { ...text, description: 'No bits behind the prefix.' } as const;
const gateway = { ...textOrNull, description: 'One outside the subnet is reached on the link.' } as const;
const vrrpIp = {
  ...textOrNull,
  description: "The port's own address, not the gateway. It, not the VIP, speaks VRRP.",
} as const;

const hostRoutes = {
  type: 'array',
  maxItems: 512,
  nullable: true,
  items: {
    type: 'object',
    required: ['destination', 'nexthop'],
    properties: { destination: text, nexthop: text },
  },
} as const;

const addresses = {
  type: 'array',
  maxItems: 256,
  nullable: true,
  items: {
    type: 'object',
    required: ['ip_address', 'subnet_cidr'],
    properties: { ip_address: text, subnet_cidr: text, gateway: textOrNull, host_routes: hostRoutes },
  },
} as const;

export const plugVipSchema = {
  $id: 'plugVip',
  type: 'object',
  required: ['subnet_cidr', 'gateway', 'mac_address'],
  properties: {
    subnet_cidr: subnet,
    gateway,
    mac_address: text,
    mtu,
    vrrp_ip: vrrpIp,
    host_routes: hostRoutes,
    additional_vips: addresses,
    is_sriov: isSriov,
  },
} as const;

export const plugNetworkSchema = {
  $id: 'plugNetwork',
  type: 'object',
  required: ['mac_address'],
  properties: {
    mac_address: text,
    fixed_ips: addresses,
    mtu,
    is_sriov: isSriov,
    vip_net_info: {
      description: 'The port with the VIPs, where the request changes it; without it its VIPs stay.',
      type: 'object',
      nullable: true,
      required: ['vip', 'subnet_cidr', 'gateway'],
      properties: {
        vip: text,
        subnet_cidr: subnet,
        gateway,
        vrrp_ip: vrrpIp,
        host_routes: hostRoutes,
        additional_vips: addresses,
      },
    },
  },
} as const;

export const interfaceRulesSchema = {
  $id: 'interfaceRules',
  type: 'array',
  maxItems: 16_384,
  items: {
    type: 'object',
    required: ['protocol', 'cidr', 'port'],
    additionalProperties: false,
    properties: {
      protocol: { enum: ['TCP', 'UDP', 'SCTP', 'vrrp'] },
      cidr: textOrNull,
      port: { type: 'integer', minimum: 1, maximum: 65_535 },
    },
  },
} as const;
