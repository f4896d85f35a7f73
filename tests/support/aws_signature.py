"""AWS Signature Version 4 as a client makes it and as a server checks it. Written from the published
description with nothing but hmac and hashlib, and shared with nobody."""
import hashlib
import hmac
import re
import time
from urllib.parse import quote, unquote_to_bytes

ALGORITHM = "AWS4-HMAC-SHA256"
UNSIGNED = ("UNSIGNED-PAYLOAD", "STREAMING-UNSIGNED-PAYLOAD-TRAILER")


def now(offset=0):
    return time.strftime("%Y%m%dT%H%M%SZ", time.gmtime(time.time() + offset))


def sha256(data):
    return hashlib.sha256(data).hexdigest()


def _path(path, service):
    if service == "s3":
        return quote(unquote_to_bytes(path), safe="/-._~")
    return re.sub("/+", "/", quote(path, safe="/-._~"))


def _query(query):
    pairs = [pair.partition("=") for pair in query.split("&") if pair]
    return "&".join("%s=%s" % pair for pair in sorted(
        (quote(unquote_to_bytes(name), safe="-._~"), quote(unquote_to_bytes(value), safe="-._~"))
        for name, _, value in pairs))


def signature(secret, moment, region, service, method, target, fields, names, payload):
    """`fields` is a list of (name, value); `names` those that are signed."""
    path, _, query = target.partition("?")
    lines = [method, _path(path, service), _query(query)]
    for name in names:
        values = [re.sub(" +", " ", value.strip()) for key, value in fields if key.lower() == name]
        lines.append("%s:%s" % (name, ",".join(values)))
    canonical = "\n".join(lines + ["", ";".join(names), payload])
    scope = "%s/%s/%s/aws4_request" % (moment[:8], region, service)
    text = "\n".join([ALGORITHM, moment, scope, sha256(canonical.encode("latin-1"))])
    key = ("AWS4" + secret).encode()
    for part in (moment[:8], region, service, "aws4_request"):
        key = hmac.new(key, part.encode(), hashlib.sha256).digest()
    return hmac.new(key, text.encode(), hashlib.sha256).hexdigest()


def authorization(identity, secret, moment, region, service, method, target, fields, payload):
    """The value of a client's header, over all of its `fields`."""
    names = sorted({name.lower() for name, _ in fields})
    made = signature(secret, moment, region, service, method, target, fields, names, payload)
    return "%s Credential=%s/%s/%s/%s/aws4_request, SignedHeaders=%s, Signature=%s" % (
        ALGORITHM, identity, moment[:8], region, service, ";".join(names), made)


def fault(keys, region, service, method, target, fields, body):
    """What a server of that region and service finds wrong with a request, or "". `keys` is
    {access key ID: (secret, session token or None)}."""
    held = {name.lower(): value for name, value in fields}
    form = re.fullmatch(ALGORITHM + r" Credential=([^/,]+)/(\d{8})/([^/,]+)/([^/,]+)/aws4_request, "
                        r"SignedHeaders=([^,]+), Signature=([0-9a-f]{64})",
                        held.get("authorization", ""))
    if not form:
        return "no signature"
    identity, day, said_region, said_service, names, given = form.groups()
    names, moment = names.split(";"), held.get("x-amz-date", "")
    if identity not in keys:
        return "the key is unknown"
    secret, token = keys[identity]
    if held.get("x-amz-security-token") != token:
        return "the token is another"
    if (said_region, said_service, day) != (region, service, moment[:8]):
        return "the scope is another"
    needed = {"host"} | {name for name in held if name.startswith("x-amz-")}
    if not needed <= set(names) or names != sorted(names):
        return "not all is signed that has to be"
    payload = held.get("x-amz-content-sha256", sha256(body))
    if payload not in UNSIGNED and payload != sha256(body):
        return "the body is another"
    expected = signature(secret, moment, region, service, method, target, fields, names, payload)
    return "" if given == expected else "the signature is wrong"
