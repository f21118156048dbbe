#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Makes worlds.json: small histories of a camp and what must come of each.

    python3 tests/vectors/make_worlds.py > tests/vectors/worlds.json

The same model as tests/lib/model.c, in another language and with other dice:
plain sets, no session, no hash.  tests/trace/test_model.c plays these worlds
with real sessions and compares.  A world:

    class, devices, star, sees_class [bool of each device], knows [device][author]
    blind       what each device's symbols are (enum model_blind)
    records     [author, scope, incarnation, predecessor or -1, body length, bad]
    ops         [kind, a, b, c, d, e, f] as struct model_op
    final       of each device the records that it holds in the end
    bodies      records whose bodies are somewhere, and so everywhere
    logs        [first record, tips, roots] of each log as device 0 has it
    over        records of logs that may be over budget: nothing is said of them

Only worlds with one outcome are kept: whether a record that a device forgot had
reached another in time is not for this model to say."""
import json
import random

CATALOG, CAMP, CLASS, CONTROL = range(4)
(ANY, FORKS, GAPS, RUBBISH, ROLLBACK, STRANGERS, BLIND, TIPS, INCARNATIONS,
 LIVE) = range(10)
(PUT, FORGET, CONTACT, LIVE_PUT, LIVE_LEARN, CHECK, LEARN, RESTART) = range(8)
ALL_EQUAL = 1


class World:
    def __init__(self, seed, kind):
        self.dice = random.Random(seed)
        self.kind = kind
        self.devices = self.dice.randint(5, 7)
        self.star = self.dice.random() < .5
        self.sees = [d < 2 or self.dice.random() < .8
                     for d in range(self.devices)]
        self.records, self.ops = [], []
        self.knows = [set(range(self.devices)) for _ in range(self.devices)]
        if kind == STRANGERS:
            for _ in range(2):
                d = self.dice.randrange(1, self.devices)
                self.knows[d] -= {self.dice.randrange(1, self.devices)} - {d}
        self.knew = [set(k) for k in self.knows]
        self.held = [set() for _ in range(self.devices)]  # for sure
        self.may = [set() for _ in range(self.devices)]
        self.bodies = [set() for _ in range(self.devices)]
        self.ever_body = set()
        self.ends = {}

    # ---- rights
    def sees_scope(self, d, scope):
        return scope != CLASS or self.sees[d]

    def writes(self, d, scope):
        return d < 2 or (scope in (CAMP, CLASS) and self.sees_scope(d, scope))

    def takes(self, d, r):
        author, scope = self.records[r][:2]
        return self.sees_scope(d, scope) and author in self.knows[d]

    # ---- what happens
    def write(self, author, scope, inc, prev):
        bad = self.kind == RUBBISH and self.dice.random() < .2
        self.records.append([author, scope, inc, prev,
                             self.dice.randrange(80), int(bad)])
        return len(self.records) - 1

    def put(self, d, r, body, live=False):
        after = self.dice.randrange(30) if live else 0
        self.ops.append([LIVE_PUT if live else PUT, d, r, int(body), after,
                         self.dice.randrange(2) if live else 0, 0])
        self.may[d].add(r)
        if not self.records[r][5]:
            self.held[d].add(r)
            if body:
                self.bodies[d].add(r)
                self.ever_body.add(r)

    def append(self, live=False):
        d = self.dice.randrange(self.devices)
        scope = self.dice.choice([CAMP, CLASS, CAMP, CLASS, CONTROL, CATALOG])
        if not self.writes(d, scope):
            return
        log = (d, scope, self.dice.choice([1, 1, 1, 2]))
        for _ in range(self.dice.randint(1, 4)):
            self.ends[log] = self.write(*log, self.ends.get(log, -1))
            self.put(d, self.ends[log], self.dice.random() < .9, live)

    def fork(self):
        if not self.records:
            return
        at = self.dice.randrange(len(self.records))
        d = self.dice.randrange(self.devices)
        if not self.takes(d, at):
            return
        for _ in range(self.dice.randint(1, 3)):
            at = self.write(*self.records[at][:3], at)
            self.put(d, at, self.dice.random() < .9)

    def bundle(self):
        d = self.dice.randrange(self.devices)
        some = [r for r in range(len(self.records))
                if self.takes(d, r) and self.dice.random() < .4]
        self.dice.shuffle(some)
        for r in some:
            self.put(d, r, self.dice.random() < .6)

    def contact(self, may_break=True):
        a, b = self.dice.sample(range(self.devices), 2)
        cut, loses, lost_at = -1, 0, 0
        if may_break and self.dice.random() < .6:
            cut = self.dice.randrange(35)
            loses = self.dice.choice([0, 0, 1, 2])
            lost_at = self.dice.randrange(25) if loses else 0
        self.ops.append([CONTACT, a, b, cut, loses, lost_at,
                         self.dice.randrange(10**6)])
        both = self.may[a] | self.may[b]
        for d in (a, b):
            self.may[d] |= {r for r in both if self.takes(d, r)}

    def roll_back(self):
        logs = [log for log in self.ends if self.ends[log] != -1]
        if not logs:
            return
        log = self.dice.choice(sorted(logs))
        d = log[0]
        for _ in range(self.dice.randint(1, 3)):
            r = self.ends[log]
            if r == -1:
                return
            self.ops.append([FORGET, d, r, 0, 0, 0, 0])
            for known in (self.may, self.held, self.bodies):
                known[d].discard(r)
            self.ends[log] = self.records[r][3]

    def learn(self, live=False):
        lacks = [(d, a) for d in range(self.devices)
                 for a in range(self.devices) if a not in self.knows[d]]
        if not lacks:
            return
        d, a = self.dice.choice(lacks)
        self.ops.append([LIVE_LEARN if live else LEARN, d, a, 0,
                         self.dice.randrange(30) if live else 0, 0, 0])
        self.knows[d].add(a)
        if live:
            self.contact(False)

    def star_of(self, arms):
        first = self.write(0, CAMP, 9, -1)
        self.put(0, first, True)
        for i in range(arms):
            self.put(i % 3, self.write(0, CAMP, 9, first), True)

    def incarnations_of(self, logs):
        for i in range(logs):
            self.put(i % 2, self.write(2, CAMP, 100 + i, -1), True)

    def run(self):
        if self.kind == TIPS:
            self.star_of(self.dice.choice([64, 64, 66]))
        if self.kind == INCARNATIONS:
            self.incarnations_of(self.dice.choice([62, 66]))
        quiet = self.kind in (TIPS, INCARNATIONS)
        for _ in range(self.dice.randint(10, 18)):
            x = self.dice.random()
            if x < .35 and not quiet:
                self.append(self.kind == LIVE)
            elif x < .5 and not quiet and self.kind != STRANGERS:
                self.fork()
            elif x < .56 and not quiet:
                self.bundle()
            elif x < .66 and self.kind == ROLLBACK:
                self.roll_back()
            elif x < .66 and self.kind == STRANGERS:
                self.learn(self.dice.random() < .5)
            elif x < .7 and self.kind == RUBBISH:
                self.ops.append([CHECK, self.dice.randrange(self.devices)]
                                + [0] * 5)
            else:
                self.contact()
        return self

    # ---- what comes of it
    def has_one_outcome(self):
        sure = set().union(*self.held)
        may = {r for r in set().union(*self.may) if not self.records[r][5]}
        bodies = set().union(*self.bodies)
        return sure == may and not (self.ever_body & sure) - bodies

    def over(self):
        ends, logs = {}, {}
        followed = {r[3] for r in self.records}
        for i, r in enumerate(self.records):
            log = tuple(r[:3])
            ends[log] = ends.get(log, 0) + (i not in followed)
            logs.setdefault(tuple(r[:2]), set()).add(log)
        return [i for i, r in enumerate(self.records)
                if ends[tuple(r[:3])] > 64 or len(logs[tuple(r[:2])]) > 64]

    def logs_of(self, held):
        out = []
        for log in sorted({tuple(self.records[r][:3]) for r in held}):
            mine = {r for r in held if tuple(self.records[r][:3]) == log}
            followed = {self.records[r][3] for r in mine}
            out.append([min(mine), sorted(mine - followed),
                        sorted(r for r in mine
                               if self.records[r][3] not in mine)])
        return out

    def told(self):
        alive = set().union(*self.held)
        final = [sorted(r for r in alive if self.takes(d, r))
                 for d in range(self.devices)]
        return {"class": self.kind, "devices": self.devices, "star": self.star,
                "sees_class": self.sees,
                "knows": [[a in k for a in range(self.devices)]
                          for k in self.knew],
                "blind": [ALL_EQUAL if self.kind == BLIND else 0]
                * self.devices,
                "records": self.records, "ops": self.ops, "final": final,
                "bodies": sorted(set().union(*self.bodies)),
                "logs": self.logs_of(final[0]), "over": self.over()}


def main():
    worlds, seed = [], 0
    for kind in range(LIVE + 1):
        kept = 0
        while kept < (1 if kind in (TIPS, INCARNATIONS) else 4):
            seed += 1
            world = World(seed, kind).run()
            if len(world.records) < 300 and world.has_one_outcome():
                worlds.append(world.told())
                kept += 1
    print("[\n" + ",\n".join(json.dumps(x, separators=(",", ":"))
                             for x in worlds) + "\n]")


if __name__ == "__main__":
    main()
