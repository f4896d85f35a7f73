"""The catalogue of attacks on the network: what a command might try against the proxy, the capture and the
sockets of the host, with the safe outcome. Tests say with @rows("A-02", ...) which rows they are
about; they stand in this directory and in tests/integration. `python3 network_rows.py` prints both.
"""
import os
import sys

HERE = os.path.dirname(os.path.abspath(__file__))
INTEGRATION = os.path.join(os.path.dirname(HERE), "integration")
sys.path.insert(0, os.path.join(os.path.dirname(HERE), "support"))
import catalogue  # noqa: E402

ROWS = {
    # Leaving without the proxy.
    "A-02": "the host's loopback is another one",
    "A-03": "an address of the local network is not reached",
    "A-04": "an IPv6 address is not reached",
    "A-06": "the resolver library gets no answer about names that are not allowed",
    "A-08": "multicast goes nowhere",
    "A-09": "no raw ICMP socket",
    "A-10": "no ping socket",
    "A-12": "no netlink socket",
    "A-13": "no vsock socket",
    "A-15": "no MPTCP, UDP-Lite, SCTP, DCCP",
    "A-16": "a program that ignores the variables reaches no more",
    # Unix sockets and descriptors.
    "A-17": "an abstract socket of the host",
    "A-18": "a socket file that is not allowed",
    "A-19": "a link to a socket that is not allowed, also one that changes",
    "A-20": "datagrams to the system's services",
    "A-21": "datagrams, and descriptors, through a pair",
    "A-22": "a pair connected elsewhere",
    "A-23": "a socket made by a 32-bit call",
    "A-25": "io_uring",
    "A-26": "a connected socket that the caller left open",
    "A-28": "a denied socket where all are allowed",
    "A-29": "the x-unix-socket field leads nowhere and is not passed on",
    "A-30": "device nodes",
    # Processes and namespaces.
    "A-32": "the first process has nothing to steal",
    "A-33": "its memory cannot be written",
    "A-35": "its descriptors cannot be taken",
    "A-37": "nor its network namespace entered",
    "A-38": "no new network namespace",
    "A-39": "nor the sockets that one would give",
    "A-41": "the usual ports of proxies are free",
    "A-43": "a server of the command's own works, IPv4 and IPv6",
    "A-44": "kernel settings are read-only",
    "A-45": "no key is kept",
    "A-46": "the secrets of hooks are not in the environment",
    # Life of the proxy, and neighbours.
    "A-47": "the proxy is killed: nothing gets out any more",
    "A-49": "the proxy is stopped: clients time out",
    "A-52": "its port, used again by the host, is not reached",
    "A-53": "the proxy does not talk to itself",
    "A-54": "there is no way to administer it",
    "A-55": "nothing in the environment is of use elsewhere",
    "A-56": "no socket is left behind",
    # Names and addresses.
    "A-58": "the address of an allowed name",
    "A-59": "localhost and its addresses",
    "A-60": "other spellings of 127.0.0.1",
    "A-61": "IPv4 inside IPv6",
    "A-62": "the unspecified addresses",
    "A-63": "the metadata service, by address and by name",
    "A-64": "zones",
    "A-65": "NAT64",
    "A-66": "6to4",
    "A-67": "Teredo, documentation and site-local addresses",
    "A-68": "an allowed name that leads to a private address",
    "A-69": "an allowed name that leads to the loopback",
    "A-70": "answers of both kinds",
    "A-71": "an answer that changes, by HTTP",
    "A-72": "an answer that changes, by CONNECT and SOCKS",
    "A-73": "case and final dots of a denied name",
    "A-74": "a denied name in Unicode, asked for in ASCII",
    "A-75": "dots and letters of Unicode",
    "A-76": "null bytes and line ends in names",
    "A-78": "user information",
    "A-80": "names that only look allowed",
    "A-82": "a port that is not the allowed one",
    "A-83": "127.0.0.1 denied, localhost asked for",
    "A-84": "a denied name by its address: a rule about names says nothing of addresses",
    # The bytes of HTTP and SOCKS.
    "A-85": "an allowed URI with another Host",
    "A-86": "another URI with an allowed Host",
    "A-87": "two Host fields",
    "A-88": "the origin form with another Host",
    "A-89": "fields that name another host",
    "A-90": "a length and chunks",
    "A-91": "Transfer-Encoding in disguise",
    "A-92": "lengths that disagree or are none",
    "A-93": "broken chunks",
    "A-95": "bare line feeds and empty lines",
    "A-96": "a target without a scheme",
    "A-97": "ports that are none",
    "A-98": "ports of ssh and mail are a matter of the rules",
    "A-99": "bytes after an Upgrade are a request until there is a 101",
    "A-100": "WebSockets work",
    "A-101": "no HTTP/2 in the clear",
    "A-102": "TRACE tells nothing of the proxy",
    "A-103": "folded lines, null bytes, bare returns",
    "A-104": "Proxy-Authorization stays here",
    "A-105": "Connection removes what it names, but not Host",
    "A-106": "a redirect is decided anew",
    "A-109": "IPv6 addresses as SOCKS names",
    # TLS, interception, credentials.
    "A-110": "another server name than that of the tunnel",
    "A-111": "another Host inside than that of the tunnel",
    "A-112": "a second Host inside",
    "A-114": "CONNECT inside",
    "A-115": "a hooked host by its address or another name",
    "A-116": "paths that only look like those of a hook",
    "A-117": "a hook with an action that does not exist",
    "A-119": "limited mode passes plain reads only",
    "A-121": "a dummy elsewhere than in its field",
    "A-122": "the key of the authority",
    "A-123": "sound certificates",
    # Names and resources.
    "A-124": "no query about a name that is refused",
    "A-126": "a resolver that is slow or broken opens nothing",
    "A-127": "a slow head is cut off",
    "A-128": "so is who says nothing",
    "A-130": "a black hole is given up",
    "A-131": "too many and too long fields",
    "A-132": "a body that stands still is the origin's to end",
    "A-133": "a mistyped key is refused",
    "A-134": "rules without the switch open nothing",
    # What has to work beside that. (How fast it is, bench/ measures.)
    "N-1": "the corpus of decisions, over every protocol",
    "N-2": "the guard, by literal, by answer, by a second answer, by mixed answers",
    "N-3": "the forms of requests, pipelining, WebSockets",
    "N-4": "one port of the host's loopback, for programs that know no proxy",
    "N-5": "the end of the supervisor ends everything",
    "N-6": "a sandbox cannot use the proxy of another",
    "N-7": "a socket of the host, and not its neighbour",
    "N-8": "everyday programs work, or fail with a printed reason",
}

def tested():
    return catalogue.tested(HERE, INTEGRATION)


if __name__ == "__main__":
    catalogue.show(ROWS, tested())
