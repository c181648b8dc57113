"""What QGIS reads with a key: run by the Python that QGIS brings, prints JSON.

`qgis_with_key.py ADDRESS CERTIFICATE SECRET…`: of the OGC API, of whoever signed the certificate
of its service, and of keys, each of which is tried with a configuration of its own.
"""

import json
import sys
from pathlib import Path

from qgis.core import QgsApplication, QgsAuthCertUtils, QgsAuthMethodConfig, QgsVectorLayer
from qgis.PyQt.QtNetwork import QSslCertificate

LAYERS = ("wards", "incidents")


def trust(certificate: str) -> None:
    """Trust a service's certificate, as a person does under Settings › Authentication."""
    manager = QgsApplication.authManager()
    (authority,) = QSslCertificate.fromData(Path(certificate).read_bytes())
    manager.storeCertAuthority(authority)
    manager.storeCertTrustPolicy(authority, QgsAuthCertUtils.Trusted)
    manager.rebuildCaCertsCache()
    manager.rebuildTrustedCaCertsCache()


def stored(name: str, secret: str) -> str:
    """Store a configuration of HTTP Basic; returns its id."""
    config = QgsAuthMethodConfig("Basic")
    config.setName(name)
    config.setConfig("username", "any")
    config.setConfig("password", secret)
    assert QgsApplication.authManager().storeAuthenticationConfig(config)
    return config.id()


def counted(address: str, name: str, config: str) -> int:
    """How many features a layer has; -1 where QGIS does not open it."""
    by = f" authcfg='{config}'" if config else ""
    layer = QgsVectorLayer(f"url='{address}' typename='{name}'{by}", name, "OAPIF")
    return sum(1 for _ in layer.getFeatures()) if layer.isValid() else -1


def main(address: str, certificate: str, secrets: list[str]) -> None:
    QgsApplication.authManager().setMasterPassword("of this test", True)
    trust(certificate)
    configs = [stored(f"key {number}", secret) for number, secret in enumerate(secrets)]
    counts = [
        {name: counted(address, name, config) for name in LAYERS} for config in (*configs, "")
    ]
    sys.stdout.write(json.dumps(counts))


if __name__ == "__main__":
    application = QgsApplication([], False)
    application.initQgis()
    main(sys.argv[1], sys.argv[2], sys.argv[3:])
    application.exitQgis()
