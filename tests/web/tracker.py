"""A network for the desk's tests: /in is accepted, /refused is refused for good; `down` makes /in answer 503."""
import http.server
import threading


class Tracker:
    def __init__(self):
        tracker = self

        class Handler(http.server.BaseHTTPRequestHandler):
            def log_message(self, *_):
                pass

            def do_GET(self):
                if self.path.startswith("/refused"):
                    return self.say(400, "campaign 88 is paused")
                if tracker.down:
                    return self.say(503, "upstream maintenance")
                self.say(200, "ok")

            def say(self, status, text):
                self.send_response(status)
                self.send_header("Content-Length", str(len(text)))
                self.end_headers()
                self.wfile.write(text.encode())

        self.down = False
        self.http = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.base_url = f"http://127.0.0.1:{self.http.server_address[1]}"
        threading.Thread(target=self.http.serve_forever, daemon=True).start()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.http.shutdown()
        self.http.server_close()
