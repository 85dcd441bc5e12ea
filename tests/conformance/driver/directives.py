# SPDX-License-Identifier: BSD-2-Clause
"""DejaGnu's directives: read { dg-... } lines of a test's source and say how it is to be built, run and judged.

The grammar is DejaGnu's dg.exp and GCC's target-supports-dg.exp: a directive is a Tcl list, a selector an expression of target
triples and effective targets.
"""

import fnmatch
import re

TRIPLE = "x86_64-pc-twizzler"

DIRECTIVE = re.compile(r"\{\s+(dg-[a-z-]+)(?=[\s}])")
STANDARDS = [98, 11, 14, 17, 20, 23, 26]
DRAFTS = {"0x": 11, "1y": 14, "1z": 17, "2a": 20, "2b": 23, "2c": 26, "03": 98}


class Unsupported(Exception):
    """The test asks for what the target does not have; the text says what."""


def words(text):
    """A Tcl list's elements: braces keep their content as it is, quotes and bare words obey backslashes."""
    found, at = [], 0
    escapes = {"n": "\n", "t": "\t", "r": "\r"}

    def escaped(position):
        return escapes.get(text[position + 1:position + 2], text[position + 1:position + 2])

    while True:
        while at < len(text) and text[at].isspace():
            at += 1
        if at >= len(text):
            return found
        if text[at] == "{":
            depth, start = 0, at + 1
            while at < len(text):
                if text[at] == "\\":
                    at += 1
                elif text[at] == "{":
                    depth += 1
                elif text[at] == "}":
                    depth -= 1
                    if depth == 0:
                        break
                at += 1
            found.append(text[start:at])
            at += 1
        else:
            quoted = text[at] == '"'
            at += quoted
            word = ""
            while at < len(text) and not (text[at] == '"' if quoted else text[at].isspace()):
                if text[at] == "\\":
                    word += escaped(at)
                    at += 2
                else:
                    word += text[at]
                    at += 1
            at += quoted
            found.append(word)


def directives(source):
    """Every directive of a source text as [name, argument, ...], in order."""
    found = []
    for line in source.splitlines():
        for match in DIRECTIVE.finditer(line):
            rest, depth = line[match.start():], 0
            for at, character in enumerate(rest):
                if character == "\\" or (at > 0 and rest[at - 1] == "\\"):
                    continue
                depth += {"{": 1, "}": -1}.get(character, 0)
                if depth == 0:
                    found.append(words(rest[1:at]))
                    break
    return found


class Target:
    """What a test is asked about: the triple, the language standard, and what the target has."""

    def __init__(self, standard, has, flags):
        self.standard, self.has, self.flags = standard, has, flags

    def effective(self, name):
        """Whether the target has NAME; a name that nobody has decided on is an error, never a guess."""
        found = re.fullmatch(r"c\+\+(\w\w)(_only|_down)?", name)
        if found:
            number = DRAFTS.get(found[1]) or int(found[1])
            if found[2] == "_only":
                return self.standard == number
            return self.standard <= number if found[2] else self.standard >= number
        if name not in self.has:
            raise KeyError(name)
        return self.has[name]

    def one(self, word):
        word = word.strip()
        return fnmatch.fnmatchcase(TRIPLE, word) if "-" in word and "*" in word else self.effective(word)

    def holds(self, selector):
        """Evaluate a selector: names (any of them), or an expression with !, && and ||."""
        parts = words(selector)
        if parts[:1] == ["target"]:
            parts = parts[1:]
        if not any(part in ("!", "&&", "||") or " " in part.strip() for part in parts):
            return any([self.one(part.lstrip("!")) != part.startswith("!") for part in parts])
        return self.expression(parts)

    def expression(self, parts):
        for operator, join in (("||", any), ("&&", all)):
            if operator in parts:
                groups, group = [], []
                for part in [*parts, operator]:
                    if part == operator:
                        groups.append(group)
                        group = []
                    else:
                        group.append(part)
                return join([self.expression(group) for group in groups])
        if parts[0] == "!":
            return not self.expression(parts[1:])
        return any([self.holds(part) for part in parts]) if len(parts) == 1 and " " in parts[0].strip() else \
            any([self.one(part) for part in parts])

    def selects(self, arguments, index):
        """The optional selector at arguments[index]; { xfail ... } selects always."""
        if len(arguments) <= index or not arguments[index].strip():
            return True
        selector = arguments[index].strip()
        return selector.startswith("xfail") or self.holds(selector.split(" xfail ")[0])

    def listed(self, arguments):
        """dg-skip-if and its kin: "comment" { targets } [{ options } [{ not these options }]]."""
        if not self.holds(arguments[1]):
            return False
        include, exclude = (words(arguments[i]) if len(arguments) > i else None for i in (2, 3))

        def given(pattern):
            return all(any(fnmatch.fnmatchcase(flag, part) for flag in self.flags) for part in pattern.split())

        if include is not None and "*" not in include and not any(given(option) for option in include):
            return False
        return not exclude or not any(option and given(option) for option in exclude)


class Plan:
    """How one test is built, run and judged."""

    def __init__(self):
        self.flags, self.sources, self.files, self.outputs, self.environment = [], [], [], [], []
        self.shouldfail = self.xfail = False
        self.action = None
        self.reason = ""


def standard_of(flags):
    """The number of the last -std=; None without one."""
    for flag in reversed(flags):
        found = re.fullmatch(r"-?-(?:std=(?:gnu|c)\+\+|ansi)(\w*)", flag)
        if found:
            return 98 if not found[1] else DRAFTS.get(found[1]) or int(found[1])
    return None


def plan(source, default_flags, base_flags, standard, has, options_for, default_action):
    """The Plan of a test's source text for one standard; Unsupported says why there is none.

    base_flags always stand in front, default_flags until a dg-options replaces them; options_for maps the names of dg-add-options
    and the dg-require-NAMEs to flags and truth values.
    """
    made = Plan()
    made.action = default_action
    refused, done = None, False
    made.flags = [*base_flags, *default_flags]
    every = directives(source)
    target = Target(standard, has, made.flags)
    for name, *arguments in every:
        try:
            target.flags = made.flags
            if name == "dg-do":
                # The first that selects this target counts; there must be one when there are any.
                try:
                    done = done or not action(made, target, arguments)
                except Unsupported as why:
                    refused = why
                continue
            directive(made, target, name, arguments, base_flags, options_for)
        except KeyError as unknown:
            raise Unsupported(f"{name}: nobody has decided on {unknown}") from None
    if refused and not done:
        raise refused
    return made


def action(made, target, arguments):
    """Apply a dg-do."""
    selector = arguments[1].strip() if len(arguments) > 1 else ""
    found = re.fullmatch(r"(?:target\s+(.*?))?\s*(?:xfail\s+(.*))?", selector, re.S)
    if found[1] and not target.holds(strip_braces(found[1])):
        raise Unsupported(f"target {found[1]}")
    made.action = arguments[0]
    made.xfail |= bool(found[2]) and target.holds(strip_braces(found[2].strip().strip('"')))


def directive(made, target, name, arguments, base_flags, options_for):
    """Apply one directive to the plan."""
    if name == "dg-options":
        if target.selects(arguments, 1):
            made.flags = [*base_flags, *words(arguments[0])]
    elif name == "dg-additional-options":
        if target.selects(arguments, 1):
            made.flags = [*made.flags, *words(arguments[0])]
    elif name == "dg-add-options":
        made.flags = [*made.flags, *options_for[arguments[0]]]
    elif name == "dg-require-effective-target":
        if target.selects(arguments, 1) and not target.effective(arguments[0]):
            raise Unsupported(f"effective target {arguments[0]}")
    elif name == "dg-skip-if":
        if target.listed(arguments):
            raise Unsupported(f"dg-skip-if: {arguments[0] or arguments[1]}")
    elif name == "dg-xfail-run-if":
        made.xfail |= target.listed(arguments)
    elif name == "dg-shouldfail":
        made.shouldfail |= target.selects(arguments, 1)
    elif name == "dg-output":
        if target.selects(arguments, 1):
            made.outputs.append(arguments[0])
    elif name == "dg-additional-sources":
        made.sources += words(arguments[0])
    elif name == "dg-additional-files":
        made.files += words(arguments[0])
    elif name == "dg-set-target-env-var":
        made.environment.append(f"{arguments[0]}={arguments[1]}")
    elif name.startswith("dg-require-"):
        if not options_for[name]:
            raise Unsupported(name)


def strip_braces(selector):
    """{ a && b } as the only word is a && b."""
    parts = words(selector)
    return parts[0] if len(parts) == 1 else selector
