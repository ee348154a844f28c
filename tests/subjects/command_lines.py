"""Trap: programs that leave at once unless their arguments fit options declared in their own code."""

import argparse
import getopt
import sys


def build():
    parser = argparse.ArgumentParser()
    parser.add_argument("path")
    parser.add_argument("-n", "--count", type=int, default=1)
    parser.add_argument("--style", choices=["plain", "loud"], default="plain")
    parser.add_argument("--quiet", action="store_true")
    return parser


def main(argv=None):
    options = build().parse_args(argv)
    if options.quiet:
        return 0  # behind: flag
    text = options.path * options.count
    if options.style == "loud":
        text = text.upper() + "!"  # behind: choice
    print(text)
    return 1  # behind: positional


def program():
    options = build().parse_args()
    if options.style == "loud":
        print("LOUD")
        return 2  # behind: choice_in_sys_argv
    if options.count > 2:
        sys.exit("too many")  # behind: number
    return 3


def old_style(arguments):
    options, rest = getopt.getopt(arguments, "vo:", ["output="])
    for flag, value in options:
        if flag in ("-o", "--output"):
            return value  # behind: getopt
    return rest
