"""What a controller asks of the agent itself: who it is, its certificate, its settings."""

import os
import socket
import ssl

from octavia.amphorae.driver_exceptions import exceptions as driver_exceptions
from octavia.amphorae.drivers.haproxy import rest_api_driver

from case import case, expect, expect_raises
from client import eventually
import deployment


@case('the driver discovers the dialect and reads versions')
def discovery(controller):
    amphora = controller.amphora()
    expect(controller.driver._populate_amphora_api_version(amphora), [1, 0])
    expect(controller.driver._get_haproxy_versions(amphora), ['2', '6'])
    info = controller.driver.get_info(amphora)
    expect(sorted(info), ['api_version', 'haproxy_version', 'hostname', 'ipvsadm_version', 'keepalived_version'])
    expect((info['api_version'], info['hostname']), ('1.0', controller.target.get('hostname', socket.gethostname())))


@case('details have what the controller computes with')
def details(controller):
    told = controller.api.get_details(controller.known_amphora())
    expect((told['active'], told['topology'], told['topology_status'], told['listeners'], told['packages']),
           (True, 'SINGLE', 'OK', [], {}))
    # Younger agents tell it, younger controllers compute the threads of haproxy from it.
    expect(told.get('cpu_count', os.cpu_count()), os.cpu_count())
    memory = told['memory']
    expect(memory['total'] > memory['free'] > 0, True, 'memory')
    expect([type(value) for value in (told['cpu']['total'], told['cpu']['user'], told['load'][0])], [int, str, str])


@case('interfaces are found by address, and the absence of one is told at once')
def interface(controller):
    expect(controller.driver.get_interface_from_ip(controller.amphora(), '127.0.0.1'), 'lo')
    expect(controller.driver.get_interface_from_ip(controller.amphora(), '192.0.2.77'), None)


@case('only the amphora that was asked for answers, and only to a controller')
def identity(controller):
    amphora = controller.known_amphora()
    # New clients: a pooled connection is not verified again.
    misled = controller.amphora(id=controller.uuid())
    misled.api_version = '1.0'
    expect_raises(driver_exceptions.TimeOutException, rest_api_driver.AmphoraAPIClient1_0().get_info, misled)
    stranger = rest_api_driver.AmphoraAPIClient1_0()
    stranger.session.cert = None
    expect_raises(Exception, stranger.get_info, amphora)


def server_serial(controller):
    """The serial number of the certificate that the agent shows."""
    target = controller.target
    context = ssl.create_default_context(cafile=target['certs'] + '/ca.pem')
    context.load_cert_chain(target['certs'] + '/client.pem')
    with socket.create_connection((target['host'], target['port']), 5) as plain, \
            context.wrap_socket(plain, server_hostname=target['amphora_id']) as secured:
        return secured.getpeercert()['serialNumber']


@case('the agent\'s certificate is rotated as the driver does it')
def rotation(controller):
    certs = controller.target['certs']
    before = server_serial(controller)
    for name in ('server2', 'server'):
        with open('{}/{}.pem'.format(certs, name), 'rb') as file:
            controller.driver.upload_cert_amp(controller.amphora(), file.read())
        if name == 'server2':
            eventually(lambda: expect(server_serial(controller) != before, True, 'a new certificate'))
    eventually(lambda: expect(server_serial(controller), before))
    eventually(lambda: controller.driver.get_info(controller.amphora()))


@case('the agent.conf that the controller renders is accepted')
def agent_conf(controller):
    text = deployment.render_agent_conf(controller.target)
    expect('use_syslog = True' in text, True)
    controller.driver.update_amphora_agent_config(controller.amphora(), text)
    eventually(lambda: controller.driver.get_info(controller.amphora()))
