/* SPDX-License-Identifier: Apache-2.0 */
/* tests/lib/model.h - random histories of a camp, and what must come of them,
 * worked out with plain sets.
 *
 * It knows no session, no store and no byte of the wire, and shares no code with
 * proto/: records are numbers, devices are numbers, a contact only says who
 * might have got what.  tests/vectors/make_worlds.py says the same in another
 * language, and tests/trace/test_model.c plays both with real sessions.
 *
 *      model_make(&w, 17);                    world 17: a list of operations
 *      model_begin(&w, &st);
 *      for each w.ops[i]: play it, then model_apply(&w, &st, &w.ops[i]);
 *                         st.sure[d] is held by d; d holds no more than st.may[d]
 *      heal;  model_final(&w, &st, held_by_any, d, out): what d holds
 *             model_frontier(&w, out, log, tips, roots): how it looks */
#ifndef DAF_TESTS_LIB_MODEL_H
#define DAF_TESTS_LIB_MODEL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define MODEL_DEVICES_MAX 7
#define MODEL_RECORDS_MAX 400
#define MODEL_OPS_MAX     1500
#define MODEL_SCOPES      4 /* catalog, camp, class, control */
#define MODEL_NONE        (-1)

enum model_class { /* seed mod MODEL_CLASSES */
                   MODEL_ANY,
                   MODEL_FORKS,
                   MODEL_GAPS,
                   MODEL_RUBBISH,  /* garbage signatures inside runs */
                   MODEL_ROLLBACK, /* devices that forget, clones */
                   MODEL_STRANGERS,
                   MODEL_BLIND,        /* sketches that say nothing true */
                   MODEL_TIPS,         /* around 64 tips */
                   MODEL_INCARNATIONS, /* up to 64 of one author */
                   MODEL_LIVE,         /* news in the middle of a contact */
                   MODEL_THICKET,      /* a long control log full of forks */
                   MODEL_CLASSES,
};

struct model_record {
    int author, scope, incarnation;
    int prev; /* a record, or MODEL_NONE */
    int seq;
    int len;       /* inside its body */
    bool bad;      /* its signature does not verify */
    bool believed; /* and yet who has it put there thinks that it does */
};

enum model_kind {
    MODEL_PUT,      /* a: device, b: record, c: with its body */
    MODEL_FORGET,   /* a: device, b: record */
    MODEL_CONTACT,  /* a connects to b; c: steps until it is cut, or MODEL_NONE;
                      d: 1, 2 if a's, b's frames are lost after e steps, 0: none;
                      e; f: seed of the order in which things happen */
    MODEL_LIVE_PUT, /* a PUT for the next contact: d: after so many steps, e: 1
                       if the news names the log, 0 if it does not */
    MODEL_LIVE_LEARN, /* a LEARN for the next contact: d: after so many steps */
    MODEL_CHECK,      /* a: device verifies what it took unverified */
    MODEL_LEARN,      /* a: device knows author b from now on */
    MODEL_RESTART,    /* a: device forgets what it deferred and asked for */
};

struct model_op {
    enum model_kind kind;
    int a, b, c, d, e, f;
};

enum model_blind { /* what symbols are made of */
                   MODEL_SEES,
                   MODEL_ALL_EQUAL, /* each log is the same 18 bytes everywhere */
                   MODEL_ZEROS,
                   MODEL_GARBAGE,
                   MODEL_HALF_BLIND, /* every second log is the same */
};

struct model_world {
    uint64_t seed;
    int class;
    int devices;
    bool sees_class[MODEL_DEVICES_MAX];
    bool knows[MODEL_DEVICES_MAX][MODEL_DEVICES_MAX]; /* [device][author] */
    enum model_blind blind[MODEL_DEVICES_MAX];
    bool star; /* heals through device 0, else each with each */
    int records_count, ops_count;
    struct model_record records[MODEL_RECORDS_MAX];
    struct model_op ops[MODEL_OPS_MAX];
};

/* What is known of each store after some operations. */
struct model_state {
    bool knows[MODEL_DEVICES_MAX][MODEL_DEVICES_MAX];
    bool sure[MODEL_DEVICES_MAX][MODEL_RECORDS_MAX];
    bool may[MODEL_DEVICES_MAX][MODEL_RECORDS_MAX];
    bool sure_body[MODEL_DEVICES_MAX][MODEL_RECORDS_MAX];
};

/** model_make: the world of @seed. */
void model_make(struct model_world *w, uint64_t seed);

/** model_begin: nobody holds anything. */
void model_begin(const struct model_world *w, struct model_state *st);
/** model_apply: after @op.  Live operations take effect with their contact. */
void model_apply(const struct model_world *w, struct model_state *st,
                 const struct model_op *op);

/** model_is_coordinator, model_may_see, model_may_write: rights. */
bool model_is_coordinator(int device);
bool model_may_see(const struct model_world *w, int device, int scope);
bool model_may_write(const struct model_world *w, int device, int scope);

/** model_final: which records @device holds when all is healed.
 * @alive: the records that anybody holds before healing. */
void model_final(const struct model_world *w, const struct model_state *st,
                 const bool alive[], int device, bool out[]);

/** model_frontier: tips and roots of the log of record @of, in a set. */
void model_frontier(const struct model_world *w, const bool set[], int of,
                    bool tips[], bool roots[]);
/** model_same_log: whether two records are of one log. */
bool model_same_log(const struct model_world *w, int a, int b);
/** model_is_over: whether the log of record @of may be over budget (64 tips, or 64
 * incarnations of its author) when all that was written meets. */
bool model_is_over(const struct model_world *w, int of);

#endif
