"""What a service manager does for the program, as sd_listen_fds(3) and sd_notify(3) have it: it holds the listening socket, hands
it over at each start, and is told how the program is.

    with ServiceManager() as manager:
        process = manager.start([BINARY, "serve", "--listen", manager.address], env=env, cwd=tmp_path, log=file)
        manager.wait_for("READY=1", 15)
"""
import os
import secrets
import socket
import subprocess
import time

HANDED = 3  # SD_LISTEN_FDS_START


class ServiceManager:
    def __init__(self, host="127.0.0.1", port=0):
        self.listening = socket.create_server((host, port), backlog=4096)
        self.port = self.listening.getsockname()[1]
        self.address = f"{host}:{self.port}"
        self.notified = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self.name = f"barracuda-test-{secrets.token_hex(8)}"
        self.notified.bind("\0" + self.name)  # of no file, so that it is there behind a chroot as well
        self.told = []

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.listening.close()
        self.notified.close()

    def _hand_over(self):
        if self.listening.fileno() == HANDED:
            os.set_inheritable(HANDED, True)
        else:
            os.dup2(self.listening.fileno(), HANDED)

    def start(self, argv, env, log, cwd=None, within=(), held=True):
        """Of the child's environment LISTEN_PID has to hold its own number, which only a shell in between can write. `within`:
        chroot and its arguments."""
        self.told = []
        env = {**env, "NOTIFY_SOCKET": "@" + self.name}
        shell = ["/bin/sh", "-c", 'LISTEN_PID=$$ exec "$@"', "sh"] if held else []
        if held:
            env.setdefault("LISTEN_FDS", "1")
        return subprocess.Popen([*within, *shell, *map(str, argv)], env=env, cwd=cwd, stdin=subprocess.DEVNULL, stdout=log,
                                stderr=log, close_fds=not held, preexec_fn=self._hand_over if held else None)

    def wait_for(self, wanted, seconds):
        """The first message that has the line `wanted`."""
        deadline = time.monotonic() + seconds
        while True:
            self.notified.settimeout(max(0.001, deadline - time.monotonic()))
            try:
                self.told.append(self.notified.recv(4096).decode())
            except TimeoutError:
                raise AssertionError(f"not told within {seconds} s: {wanted}; but {self.told}") from None
            if wanted in self.told[-1].split("\n"):
                return self.told[-1]
