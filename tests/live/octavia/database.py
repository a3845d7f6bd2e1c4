"""The controller's database: Octavia's own models on sqlite in memory, with the rows that the health manager reads."""

from octavia.common import constants
from octavia.db import api
from octavia.db import base_models
from octavia.db import models
from octavia_lib.common import constants as lib_constants

LOOKUPS = {
    models.ProvisioningStatus: constants.SUPPORTED_PROVISIONING_STATUSES,
    models.OperatingStatus: constants.SUPPORTED_OPERATING_STATUSES,
    models.Protocol: lib_constants.LISTENER_SUPPORTED_PROTOCOLS + lib_constants.POOL_SUPPORTED_PROTOCOLS,
    models.Algorithm: constants.SUPPORTED_LB_ALGORITHMS,
    models.AmphoraRoles: constants.SUPPORTED_AMPHORA_ROLES,
    models.LBTopology: constants.SUPPORTED_LB_TOPOLOGIES,
    models.ClientAuthenticationMode: constants.SUPPORTED_CLIENT_AUTH_MODES,
}


class Texts(dict):
    """The database's texts, each kept once, by their bytes."""

    def __missing__(self, raw):
        text = self[raw] = raw.decode()
        return text


def create():
    """Makes all tables, and the names that statuses and protocols refer to."""
    # The health manager's query pairs every listener with every member: the same few texts a million times over, which
    # would otherwise be a gigabyte.
    api.get_engine().raw_connection().connection.text_factory = Texts().__getitem__
    base_models.BASE.metadata.create_all(api.get_engine())
    session = api.get_session()
    with session.begin():
        for model, names in LOOKUPS.items():
            session.add_all(model(name=name) for name in dict.fromkeys(names))


def _common(record):
    return dict(id=record.id, enabled=record.enabled, provisioning_status=constants.ACTIVE,
                operating_status=constants.OFFLINE)


def add(balancer):
    """Stores a load balancer with all below it as a controller has just made it: everything still OFFLINE."""
    session = api.get_session()
    with session.begin():
        session.add(models.LoadBalancer(topology=balancer.topology, **_common(balancer)))
        session.flush()
        for amphora in balancer.amphorae:
            session.add(models.Amphora(id=amphora.id, load_balancer_id=balancer.id, status=amphora.status,
                                       lb_network_ip=amphora.lb_network_ip, compute_id=amphora.compute_id))
        for pool in {pool.id: pool for listener in balancer.listeners for pool in listener.pools}.values():
            session.add(models.Pool(load_balancer_id=balancer.id, protocol=pool.protocol,
                                    lb_algorithm=pool.lb_algorithm, **_common(pool)))
            session.flush()
            session.add_all(models.Member(pool_id=pool.id, ip_address=member.ip_address, weight=member.weight,
                                          protocol_port=member.protocol_port, backup=member.backup,
                                          **_common(member)) for member in pool.members)
        session.add_all(models.Listener(load_balancer_id=balancer.id, protocol=listener.protocol,
                                        protocol_port=listener.protocol_port, default_pool_id=(
                                            listener.default_pool.id if listener.default_pool else None),
                                        **_common(listener)) for listener in balancer.listeners)


def status_of(kind, identifier):
    """The operating status of a Listener, Pool, Member or LoadBalancer."""
    row = api.get_session().query(getattr(models, kind)).filter_by(id=identifier).one()
    return row.operating_status


def health_of(amphora_id):
    """When the amphora was last heard of; None before its first accepted heartbeat."""
    row = api.get_session().query(models.AmphoraHealth).filter_by(amphora_id=amphora_id).one_or_none()
    return row and row.last_update


def statistics_of(listener_id):
    """What the database has summed up of a listener, under the names of heartbeats."""
    row = api.get_session().query(models.ListenerStatistics).filter_by(listener_id=listener_id).one_or_none()
    return row and dict(rx=row.bytes_in, tx=row.bytes_out, conns=row.active_connections,
                        totconns=row.total_connections, ereq=row.request_errors)


def clear():
    """Forgets every load balancer."""
    session = api.get_session()
    with session.begin():
        for model in (models.ListenerStatistics, models.AmphoraHealth, models.Listener, models.Member,
                      models.Pool, models.Amphora, models.LoadBalancer):
            session.query(model).delete()
