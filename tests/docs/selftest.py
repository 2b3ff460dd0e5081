#!/usr/bin/env python3
"""Do the checkers notice? Each is run over a sound tree and over one with a seeded fault.

selftest.py ROOT: options and manual pages are those of the project, the rest is made up.
"""

import os
import shutil
import sys
import tempfile
import unittest

import arrows
import options
import readme
import words

ROOT = os.path.abspath(sys.argv.pop(1))

SMALL = {
    "include/waymark/why.h": "",
    "include/waymark/conf.h": "#include <waymark/why.h>\n",
    "include/waymark/zone.h": "#include <waymark/conf.h>\n",
    "include/waymark/geo.h": "",
    "include/waymark/health.h": "",
    "include/waymark/net.h": "",
    "src/util/why.c": "#include <waymark/why.h>\n",
    "src/conf/conf.c": '#include <libconfig.h>\n#include "conf_read.h"\n',
    "src/conf/conf_read.h": "#include <waymark/conf.h>\n",
    "src/zone/zone.c": '#include <ldns/ldns.h>\n#include "zone/zone_set.h"\n',
    "src/zone/zone_set.h": "#include <waymark/zone.h>\n",
    "src/main.c": "#include <waymark/conf.h>\nconst struct command commands[] = {\n"
                  '    { "serve", "-c FILE", "answer" },\n'
                  '    { "check", "-c FILE", "look" },\n};\n',
    "tools/demo": "",
    "README.md": "# Waymark\n\n`tools/demo` starts it, [the licence](LICENSE) is in `LICENSE`.\n\n"
                 "```\nbuild/waymark serve -c x.conf\n```\n\n"
                 "```\nsrc/\n  main.c    subcommands\n  conf/     file to structs\n"
                 "tools/      demo\n```\n",
    "LICENSE": "",
}

FROM_PROJECT = [options.TABLE, options.TYPES, options.MANUAL, options.SAMPLE, readme.MANUAL,
                readme.MAIN]


class Tree:
    """A folder of files, gone at the end."""

    def __init__(self, files):
        self.root = tempfile.mkdtemp(prefix="waymark-docs-")
        for path, text in files.items():
            self.write(path, text)

    def write(self, path, text):
        full = os.path.join(self.root, path)
        os.makedirs(os.path.dirname(full), exist_ok=True)
        with open(full, "w", encoding="utf-8") as f:
            f.write(text)

    def read(self, path):
        with open(os.path.join(self.root, path), encoding="utf-8") as f:
            return f.read()

    def replace(self, path, old, new):
        text = self.read(path)
        assert old in text, f"{path} does not hold {old!r}"
        self.write(path, text.replace(old, new, 1))

    def remove(self):
        shutil.rmtree(self.root)


class Case(unittest.TestCase):
    def tree(self, files):
        tree = Tree(files)
        self.addCleanup(tree.remove)
        return tree

    def project_tree(self):
        tree = self.tree({})
        for path in FROM_PROJECT:
            with open(os.path.join(ROOT, path), encoding="utf-8") as f:
                tree.write(path, f.read())
        return tree

    def assert_found(self, found, words_in_it):
        self.assertEqual(len(found), 1, found)
        for word in words_in_it:
            self.assertIn(word, found[0])


class Arrows(Case):
    def seed(self, path, line):
        tree = self.tree(SMALL)
        tree.write(path, SMALL.get(path, "") + line + "\n")
        return arrows.check(tree.root)

    def test_a_sound_tree_has_no_findings(self):
        self.assertEqual(arrows.check(self.tree(SMALL).root), [])

    def test_an_arrow_that_points_up(self):
        self.assert_found(self.seed("src/conf/conf.c", "#include <waymark/zone.h>"),
                          ["src/conf/conf.c", "zone", "down to conf"])

    def test_rooms_of_one_level(self):
        self.assert_found(self.seed("src/zone/zone.c", "# include <waymark/geo.h>"),
                          ["one level"])
        self.assert_found(self.seed("src/health/probe.c", "#include <waymark/net.h>"),
                          ["one level"])

    def test_a_door_that_opens_upwards(self):
        self.assert_found(self.seed("include/waymark/why.h", "#include <waymark/conf.h>"),
                          ["include/waymark/why.h", "down to util"])

    def test_the_private_header_of_another_room(self):
        self.assert_found(self.seed("src/zone/zone.c", '#include "conf/conf_read.h"'),
                          ["not in src/zone/"])
        self.assert_found(self.seed("src/zone/zone.c", '#include "../conf/conf_read.h"'),
                          ["stays in its room"])

    def test_a_library_outside_its_room(self):
        for header in ["libconfig.h", "maxminddb.h", "sqlite3.h", "urcu.h", "curl/curl.h",
                       "event2/event.h"]:
            self.assert_found(self.seed("src/zone/zone.c", f"#include <{header}>"), [header])
        self.assert_found(self.seed("include/waymark/conf.h", "#include <ldns/ldns.h>"), ["ldns"])
        self.assert_found(self.seed("src/util/why.c", "#include <urcu.h>"), ["rcu.c"])

    def test_a_room_and_a_door_that_nobody_drew(self):
        self.assert_found(self.seed("src/attic/box.c", ""), ["no room"])
        self.assert_found(self.seed("include/waymark/attic.h", ""), ["no room"])

    def test_a_door_that_does_not_exist(self):
        self.assert_found(self.seed("src/main.c", "#include <waymark/dns.h>"), ["does not exist"])


class Options(Case):
    def seed(self, path, old, new):
        tree = self.project_tree()
        tree.replace(path, old, new)
        return options.check(tree.root)

    def test_the_project_has_no_findings(self):
        self.assertEqual(options.check(self.project_tree().root), [])

    def test_an_option_that_the_page_forgot(self):
        self.assert_found(self.seed(options.MANUAL, ".It Ic nsid\n", ""), ["nsid", "missing"])

    def test_a_default_that_went_stale_in_the_page(self):
        self.assert_found(self.seed(options.MANUAL, "4096; default 1232", "4096; default 512"),
                          ["udp_size", "stale", "1232"])

    def test_a_sentence_that_went_stale_in_the_page(self):
        self.assert_found(self.seed(options.MANUAL, "Its master file.", "A file."),
                          ["file", "stale"])

    def test_an_option_that_is_no_more(self):
        self.assert_found(self.seed(options.MANUAL, ".It Ic nsid\n",
                                    ".It Ic colour\n(word; no default)\nNone.\n.It Ic nsid\n"),
                          ["differs"])

    def test_markers_that_are_gone(self):
        self.assert_found(self.seed(options.MANUAL, options.END, ""), ["marker"])

    def test_an_option_that_the_sample_forgot(self):
        self.assert_found(self.seed(options.SAMPLE, "  nsid = ", "  nsidd = "), ["nsid", "missing"])

    def test_a_default_that_went_stale_in_the_sample(self):
        self.assert_found(self.seed(options.SAMPLE, "(default 1232)", "(default 512)"),
                          ["udp_size", "stale"])

    def test_a_new_option_is_missed_in_both(self):
        tree = self.project_tree()
        tree.replace(options.TABLE, "OPTION(server, nsid,",
                     'OPTION(server, colour, TEXT, "", "blue", 1, 9, "Colour of the case.")\n'
                     "OPTION(server, nsid,")
        found = options.check(tree.root)
        self.assertEqual(len(found), 2, found)
        self.assertIn("colour", found[0])
        self.assertIn("colour", found[1])

    def test_a_line_of_the_table_that_cannot_be_read(self):
        with self.assertRaises(ValueError):
            self.seed(options.TABLE, "OPTION(server, nsid, TEXT,", "OPTION(server, nsid, TEXT")

    def test_writing_mends_the_page(self):
        tree = self.project_tree()
        tree.replace(options.MANUAL, ".It Ic nsid\n", "")
        options.write_manual(tree.root)
        self.assertEqual(tree.read(options.MANUAL), self.project_tree().read(options.MANUAL))


class Manual(Case):
    def test_the_project_has_no_findings(self):
        self.assertEqual(readme.check_manual(self.project_tree().root), [])

    def test_a_command_that_the_page_forgot(self):
        tree = self.project_tree()
        tree.replace(readme.MANUAL, ".It Ic check\n", "")
        self.assert_found(readme.check_manual(tree.root), ["check", "missing"])

    def test_a_command_that_is_no_more(self):
        tree = self.project_tree()
        tree.replace(readme.MANUAL, ".It Ic check\n", ".It Ic check\n.It Ic dance\n")
        self.assert_found(readme.check_manual(tree.root), ["dance"])

    def test_an_option_that_the_page_forgot(self):
        tree = self.project_tree()
        tree.write(readme.MANUAL, tree.read(readme.MANUAL).replace("Fl -offline", "Fl -online"))
        self.assert_found(readme.check_manual(tree.root), ["--offline", "missing"])


class Readme(Case):
    def seed(self, text):
        tree = self.tree(SMALL)
        tree.write("README.md", SMALL["README.md"] + text)
        return readme.check(tree.root)

    def test_a_sound_tree_has_no_findings(self):
        self.assertEqual(readme.check(self.tree(SMALL).root), [])

    def test_a_file_that_is_not_there(self):
        self.assert_found(self.seed("\nRun `tools/dance --all`.\n"), ["tools/dance"])
        self.assert_found(self.seed("\n```\ntools/dance\n```\n"), ["tools/dance"])
        self.assert_found(self.seed("\nSee `CHANGELOG.md`.\n"), ["CHANGELOG.md"])

    def test_a_link_that_leads_nowhere(self):
        self.assert_found(self.seed("\n[why](docs/why.md#because)\n"), ["docs/why.md"])
        self.assertEqual(self.seed("\n[web](https://www.example/docs/x) [here](#here)\n"), [])

    def test_a_map_with_a_room_that_is_not_there(self):
        self.assert_found(self.seed("\n```\nsrc/\n  attic/    old things\n```\n"), ["src/attic/"])

    def test_a_command_that_is_not_there(self):
        self.assert_found(self.seed("\n`waymark dance` is fun.\n"), ["dance"])
        self.assert_found(self.seed("\n```\n$ ./build/waymark dance -c x\n```\n"), ["dance"])
        self.assertEqual(self.seed("\n`waymark check` looks; waymark answers.\n"), [])

    def test_no_readme_at_all(self):
        tree = self.tree(SMALL)
        os.remove(os.path.join(tree.root, "README.md"))
        self.assert_found(readme.check(tree.root), ["not there"])


class Words(Case):
    def test_a_sound_tree_has_no_findings(self):
        self.assertEqual(words.check(self.tree(SMALL).root), [])

    def test_each_forbidden_word(self):
        for word in words.FORBIDDEN:
            tree = self.tree(SMALL)
            tree.write("docs/deep/page.md", f"one\nsee {word}x\n")
            self.assert_found(words.check(tree.root), ["docs/deep/page.md:2", word])


if __name__ == "__main__":
    unittest.main()
