"""A certificate authority of the test's own, made with openssl(1), and what servers show."""
import os
import shutil
import ssl
import subprocess


class Authority:
    """Keys and certificates in `folder`; `path` is the authority's own certificate."""

    def __init__(self, folder, name="ambit test authority"):
        self.folder = folder
        self.path = os.path.join(folder, "authority.pem")
        self.key = os.path.join(folder, "authority.key")
        os.makedirs(folder, exist_ok=True)
        self._openssl("req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256",
                      "-nodes", "-days", "2", "-subj", "/CN=" + name, "-keyout", self.key,
                      "-out", self.path)
        os.chmod(folder, 0o755)
        os.chmod(self.path, 0o644)

    @staticmethod
    def missing():
        """Why there can be none here, or None."""
        return None if shutil.which("openssl") else "openssl is not installed"

    @staticmethod
    def _openssl(*arguments):
        subprocess.run(["openssl", *arguments], check=True, stdout=subprocess.DEVNULL,
                       stderr=subprocess.PIPE, stdin=subprocess.DEVNULL)

    def issue(self, *hosts):
        """(certificate with its key) file for names and addresses."""
        base = os.path.join(self.folder, hosts[0].replace("*", "_"))
        if os.path.exists(base + ".pem"):
            return base + ".pem"
        names = ",".join(("IP:" if h[-1].isdigit() or ":" in h else "DNS:") + h for h in hosts)
        self._openssl("req", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes",
                      "-subj", "/CN=" + hosts[0], "-keyout", base + ".key", "-out", base + ".csr")
        with open(base + ".ext", "w", encoding="ascii") as f:
            f.write("subjectAltName=%s\nextendedKeyUsage=serverAuth\n" % names)
        self._openssl("x509", "-req", "-in", base + ".csr", "-CA", self.path, "-CAkey", self.key,
                      "-CAcreateserial", "-days", "2", "-extfile", base + ".ext", "-out",
                      base + ".crt")
        with open(base + ".pem", "w", encoding="ascii") as out:
            for part in (".crt", ".key"):
                with open(base + part, encoding="ascii") as f:
                    out.write(f.read())
        return base + ".pem"

    def server_context(self, *hosts, protocols=("http/1.1",)):
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(self.issue(*hosts))
        context.set_alpn_protocols(list(protocols))
        return context
