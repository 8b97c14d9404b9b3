"""What can go wrong on a learner's machine, each as one clear sentence."""

import errno
import re

# (what the output of pip or uv contains, the sentence). The first that fits is told.
SENTENCES = (
    (r"No space left|os error 28\b|Errno 28\b|os error 112\b|not enough space", "the disk is full"),
    (
        r"hash mismatch|THESE PACKAGES DO NOT MATCH",
        "a downloaded file is not the one that requirements.lock promises; start again, and if it "
        "happens again, do not go on",
    ),
    (
        r"NewConnectionError|error sending request|Connection refused|Connection reset|dns error|timed? ?out"
        r"|Name or service not known|Temporary failure in name|Network is unreachable|ProxyError|tunnel",
        "no connection to the package index; check the network (or the proxy) and start again",
    ),
    (r"certificate", "the package index shows a certificate that this machine does not trust"),
    (r"Permission denied|os error 13\b|Access is denied", "no permission to write here"),
    (r"os error 206\b|file name or extension is too long", "the path of this folder is too long for Windows"),
    (
        r"No matching distribution|No solution found|has no wheels|no usable wheels",
        "a package of requirements.lock cannot be had for this Python and machine",
    ),
)
OS_ERRORS = {
    errno.ENOSPC: "the disk is full",
    errno.EDQUOT: "the disk quota is used up",
    errno.EACCES: "no permission to write to {name}",
    errno.EPERM: "no permission to write to {name}",
    errno.EROFS: "{name} cannot be written to",
}


class Problem(Exception):
    """Something that the user can put right; the message is the sentence for them."""


def from_output(action, output):
    """Turn the output of a failed pip or uv into a Problem.

    Args:
        action: What was being done, such as "installing the packages".
        output: All that the command printed.

    Returns:
        A Problem with one sentence.
    """
    for pattern, sentence in SENTENCES:
        if re.search(pattern, output, re.IGNORECASE):
            return Problem(f"{action} failed: {sentence}.")
    lines = [line.strip() for line in output.splitlines() if line.strip()]
    return Problem(f"{action} failed: {lines[-1] if lines else 'no reason was given'}")


def from_os_error(error):
    """Turn an OSError into a Problem.

    Args:
        error: The OSError.

    Returns:
        A Problem with one sentence.
    """
    sentence = OS_ERRORS.get(error.errno, f"{error.strerror or error} ({{name}})")
    return Problem(sentence.format(name=error.filename or "this folder") + ".")
