"""What the network service tells a controller: subnets, ports and the addresses of load balancers, as Octavia's own records."""

from octavia.common import data_models as models
from octavia.network import data_models as networks


def subnet(cidr, gateway=None, routes=None):
    """A subnet; `routes` are destinations with their next hops."""
    return networks.Subnet(cidr=cidr, gateway_ip=gateway, host_routes=[
        networks.HostRoute(destination=destination, nexthop=nexthop)
        for destination, nexthop in (routes or {}).items()])


def port(controller, mac, mtu, *fixed):
    """A port; `fixed` are pairs of an address and its subnet."""
    return networks.Port(id=controller.uuid(), mac_address=mac, network=networks.Network(mtu=mtu), fixed_ips=[
        networks.FixedIP(ip_address=address, subnet=on) for address, on in fixed])


class VipNetwork:
    """The network of a load balancer's addresses; `more` are the additional ones, pairs of an address and its subnet."""

    def __init__(self, address, on, *more):
        self.address, self.subnet, self.more = address, on, more

    def records(self):
        """What a load balancer has of it."""
        return dict(vip=models.Vip(ip_address=self.address),
                    additional_vips=[models.AdditionalVip(ip_address=address) for address, _ in self.more])

    def configuration(self, amphora, vrrp_port):
        """What the controller collects before it plugs the VIP of an amphora."""
        return networks.AmphoraNetworkConfig(
            amphora=amphora, vip_subnet=self.subnet, vrrp_subnet=self.subnet, vrrp_port=vrrp_port,
            additional_vip_data=[networks.AdditionalVipData(ip_address=address, subnet=on)
                                 for address, on in self.more])
