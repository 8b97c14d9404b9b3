"""The command line of the course: `python3 -m course_utils lab | test | setup | build`."""

# Old Pythons must be able to read this file, so that they can say what they lack.
import sys

OLDEST, NEWEST = (3, 11), (3, 13)


def main():
    """Check the version of Python, then run the command; return the exit code."""
    if not OLDEST <= sys.version_info[:2] <= NEWEST:
        sys.stderr.write(
            "course_utils: this is Python %d.%d; the course needs Python 3.11, 3.12 or 3.13. "
            "Start it with one of these, for example: python3.12 -m course_utils %s\n"
            % (sys.version_info[0], sys.version_info[1], " ".join(sys.argv[1:]) or "lab")
        )
        return 1
    from course_utils.launcher import commands

    return commands.main(sys.argv[1:])


if __name__ == "__main__":
    sys.exit(main())
