"""Real proxies in front of a server, set up as docs/operating/install.md says, and one that changes Host.

    with Nginx(tmp_path, srv.port) as proxy:            # or Haproxy; tls=True with a certificate made here
        proxy.ask("POST", "/api/ftd", json_body={…}, headers={"Origin": proxy.origin})
    with Rewriting(srv.port) as proxy: …                # Host is the target's, X-Forwarded-Host the browser's

Each listens on a free port of loopback, ends with its block, and is killed with the test run at the latest.
"""
import http.client
import http.server
import re
import ssl
import subprocess
import threading

import harness
from documents import text_of
from ports import free_port

INSTALL = "docs/operating/install.md"


def sample(begin):
    """The indented block of install.md that begins with this line, without its indentation."""
    lines = text_of(INSTALL).split("\n")
    at = lines.index("    " + begin)
    end = next(i for i in range(at, len(lines)) if lines[i] and not lines[i].startswith("    "))
    return "\n".join(line[4:] for line in lines[at:end]) + "\n"


def certificate(directory):
    """-> (certificate, key): self-signed, for localhost."""
    cert, key = directory / "cert.pem", directory / "key.pem"
    if not cert.exists():
        subprocess.run(["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", "-subj", "/CN=localhost",
                        "-keyout", str(key), "-out", str(cert)], check=True, capture_output=True, timeout=30)
    return cert, key


class Asked:
    """What is asked at `port` as a browser would: by `host`, which is an address unless it is said."""
    tls = False

    @property
    def host(self):
        return f"{self.name}:{self.port}"

    @property
    def origin(self):
        return f"{'https' if self.tls else 'http'}://{self.host}"

    name = "127.0.0.1"

    def ask(self, method, path, **parts):
        parts["headers"] = {"Host": self.host, **(parts.get("headers") or {})}
        if self.tls:
            context = ssl.create_default_context()
            context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
            connection = http.client.HTTPSConnection("127.0.0.1", self.port, timeout=20, context=context)
        else:
            connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=20)
        try:
            return harness.ask(connection, method, path, **parts)
        finally:
            connection.close()


class Process(Asked):
    """A proxy that is a program of its own."""

    def __init__(self, directory, target, tls=False, name="127.0.0.1"):
        self.directory, self.target, self.tls, self.name = directory, target, tls, name
        self.port = free_port()
        self.log = directory / f"{type(self).__name__}.log"

    def __enter__(self):
        command = self.command()
        with open(self.log, "ab") as log:
            self.process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=log, stderr=log, cwd=self.directory)
        harness._running[self.process.pid] = self.process
        harness.wait_until(self.answers, 20, f"{command[0]}: {self.log.read_text()[-2000:]}")
        return self

    def answers(self):
        assert self.process.poll() is None, self.log.read_text()[-2000:]
        try:
            return self.ask("GET", "/api/postback").status != 502
        except OSError:
            return False

    def __exit__(self, *_):
        self.process.terminate()
        try:
            self.process.wait(10)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait(10)
        harness._running.pop(self.process.pid, None)


class Nginx(Process):
    def command(self):
        upstream = sample("upstream barracuda {")
        upstream, location = upstream.split("\n\n", 1)
        upstream, changed = re.subn(r"server 127\.0\.0\.1:8080;", f"server 127.0.0.1:{self.target};", upstream)
        assert changed == 1 and location.startswith("location")
        listen = f"listen 127.0.0.1:{self.port}{' ssl' if self.tls else ''};"
        if self.tls:
            listen += " ssl_certificate {}; ssl_certificate_key {};".format(*certificate(self.directory))
        temporary = "".join(f"{what}_temp_path {self.directory}/{what};\n"
                            for what in ("client_body", "proxy", "fastcgi", "uwsgi", "scgi"))
        # No part of a test may leave its process: one worker, in the foreground.
        text = (f"daemon off; master_process off; pid {self.directory}/nginx.pid; error_log stderr;\n"
                f"events {{}}\nhttp {{\naccess_log off;\n{temporary}{upstream}\nserver {{\n{listen}\n{location}}}\n}}\n")
        path = self.directory / "nginx.conf"
        path.write_text(text)
        return ["nginx", "-p", str(self.directory), "-e", "stderr", "-c", str(path)]


class Haproxy(Process):
    def command(self):
        text = sample("frontend ledger")
        bind = f"bind 127.0.0.1:{self.port}"
        if self.tls:
            both = self.directory / "ledger.pem"
            both.write_text("".join(path.read_text() for path in certificate(self.directory)))
            bind += f" ssl crt {both}"
        text, changed = re.subn(r"bind :443 .*", bind, text)
        assert changed == 1
        text, changed = re.subn(r"server one 127\.0\.0\.1:8080", f"server one 127.0.0.1:{self.target}", text)
        assert changed == 1
        path = self.directory / "haproxy.cfg"
        path.write_text("defaults\n    timeout connect 5s\n    timeout client 30s\n    timeout server 30s\n\n" + text)
        return ["haproxy", "-db", "-f", str(path)]


class Caddy(Process):
    def command(self):
        text = sample("ledger.example {")
        lines = [f"{'https' if self.tls else 'http'}://:{self.port} {{", "    bind 127.0.0.1"]
        if self.tls:
            lines.append("    tls {} {}".format(*certificate(self.directory)))
        text, changed = re.subn(r"ledger\.example \{", "\n".join(lines), text)
        assert changed == 1
        text, changed = re.subn(r"reverse_proxy 127\.0\.0\.1:8080", f"reverse_proxy 127.0.0.1:{self.target}", text)
        assert changed == 1
        path = self.directory / "Caddyfile"
        path.write_text("{\n    admin off\n    auto_https off\n}\n" + text)
        homes = [f"{name}={self.directory}" for name in ("HOME", "XDG_DATA_HOME", "XDG_CONFIG_HOME")]
        return ["env", *homes, "caddy", "run", "--config", str(path), "--adapter", "caddyfile"]


class Rewriting(Asked):
    """As Next's rewrites do: Host is the target's, X-Forwarded-Host the browser's, whatever it sent itself; no X-Forwarded-For;
    all else passes. `says_host = False`: a proxy that does not even say which Host it changed."""

    def __init__(self, target, says_host=True):
        proxy = self

        class Handler(http.server.BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def pass_on(self):
                body = self.rfile.read(int(self.headers.get("Content-Length", 0))) or None
                headers = {n: v for n, v in self.headers.items()
                           if n.lower() not in ("host", "connection", "content-length", "x-forwarded-host")}
                if proxy.says_host:
                    headers["X-Forwarded-Host"] = self.headers.get("Host", "")
                connection = http.client.HTTPConnection("127.0.0.1", target, timeout=20)
                connection.request(self.command, self.path, body=body, headers=headers)
                reply = connection.getresponse()
                content = reply.read()
                self.send_response_only(reply.status)
                for name, value in reply.getheaders():
                    if name.lower() not in ("connection", "transfer-encoding", "content-length"):
                        self.send_header(name, value)
                self.send_header("Content-Length", str(len(content)))
                self.end_headers()
                self.wfile.write(content)
                connection.close()

            do_GET = do_POST = do_PUT = do_DELETE = do_OPTIONS = pass_on

            def log_message(self, *_):
                pass

        self.says_host = says_host
        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.server.daemon_threads = True
        self.port = self.server.server_address[1]
        self.thread = threading.Thread(target=self.server.serve_forever, daemon=True)

    def __enter__(self):
        self.thread.start()
        return self

    def __exit__(self, *_):
        self.server.shutdown()
        self.server.server_close()
        self.thread.join(10)
