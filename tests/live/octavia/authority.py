"""Certificates, keys and revocation lists for one run, made with the library that Octavia itself brings."""

import datetime
import os
import sys

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import ExtendedKeyUsageOID
from cryptography.x509.oid import NameOID

DAY = datetime.timedelta(days=1)


def _pem(thing):
    return thing.public_bytes(serialization.Encoding.PEM).decode()


class Leaf:
    """A certificate with its key, both in PEM."""

    def __init__(self, certificate, key):
        self.x509 = certificate
        self.certificate = _pem(certificate)
        self.key = key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8,
                                     serialization.NoEncryption()).decode()

    @property
    def bundle(self):
        return self.certificate + self.key

    @property
    def serial(self):
        return self.x509.serial_number


class Authority:
    """A certificate authority that issues leaves and revokes them."""

    def __init__(self, name):
        self._key = ec.generate_private_key(ec.SECP256R1())
        self._name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
        self._certificate = self._sign(self._begin(self._name, self._key).add_extension(
            x509.BasicConstraints(ca=True, path_length=None), critical=True).add_extension(
            x509.KeyUsage(False, False, False, False, False, True, True, False, False), critical=True))
        self.certificate = _pem(self._certificate)

    def _begin(self, subject, key):
        now = datetime.datetime.utcnow()
        return (x509.CertificateBuilder().subject_name(subject).issuer_name(self._name)
                .public_key(key.public_key()).serial_number(x509.random_serial_number())
                .not_valid_before(now - DAY).not_valid_after(now + 30 * DAY))

    def _sign(self, builder):
        return builder.sign(self._key, hashes.SHA256())

    def issue(self, common_name, usage=ExtendedKeyUsageOID.SERVER_AUTH):
        """Issues a certificate for a name: a server's unless said otherwise."""
        key = ec.generate_private_key(ec.SECP256R1())
        subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, common_name)])
        builder = (self._begin(subject, key)
                   .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
                   .add_extension(x509.SubjectAlternativeName([x509.DNSName(common_name)]), critical=False)
                   .add_extension(x509.ExtendedKeyUsage([usage]), critical=False))
        return Leaf(self._sign(builder), key)

    def issue_client(self, common_name):
        """Issues a client's certificate."""
        return self.issue(common_name, ExtendedKeyUsageOID.CLIENT_AUTH)

    def revocation_list(self, *leaves):
        """Prints a revocation list of these leaves."""
        now = datetime.datetime.utcnow()
        builder = (x509.CertificateRevocationListBuilder().issuer_name(self._name)
                   .last_update(now - DAY).next_update(now + 30 * DAY))
        for leaf in leaves:
            builder = builder.add_revoked_certificate(
                x509.RevokedCertificateBuilder().serial_number(leaf.serial).revocation_date(now - DAY).build())
        return _pem(self._sign(builder))


def main(directory, amphora_id, partner_id=None):
    """Writes what an amphora and its controller need: ca, server, server2 (for rotation), client, and its partner's."""
    authority = Authority('live test authority')
    texts = {'ca': authority.certificate, 'server': authority.issue(amphora_id).bundle,
             'server2': authority.issue(amphora_id).bundle,
             'client': authority.issue_client('controller').bundle}
    if partner_id:
        texts['partner'] = authority.issue(partner_id).bundle
    for name, text in texts.items():
        path = os.path.join(directory, name + '.pem')
        with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), 'w') as file:
            file.write(text)


if __name__ == '__main__':
    main(*sys.argv[1:])
