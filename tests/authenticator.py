"""What an authenticator does: the code of a secret (RFC 6238), by the standard library alone."""
import base64
import hmac
import time


def totp(secret, at=None):
    """`at`: seconds since 1970; now where it is None."""
    step = int(time.time() if at is None else at) // 30
    mac = hmac.digest(base64.b32decode(secret), step.to_bytes(8, "big"), "sha1")
    start = mac[-1] & 15
    return f"{(int.from_bytes(mac[start:start + 4], 'big') & 0x7fffffff) % 1_000_000:06}"


def fresh(secret, used):
    """A code that has not counted yet: the one of now, or of half a minute ahead."""
    code = totp(secret)
    return code if code not in used else totp(secret, time.time() + 30)
