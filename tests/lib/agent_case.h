/* SPDX-License-Identifier: Apache-2.0 */
/* tests/lib/agent_case.h - what the test_agent*.c programs share: a camp of five
 * devices, agents of them through their ports, and short words for what happens.
 *
 *      struct host *h = host_new(1);      an agent that has spoken to nobody
 *      peer(h, "10.0.0.2:1000");          an input, at h->now
 *      await(h);                          time goes on to its deadline
 *      says(h, conn, DAF_FRAME_KNOCK)     what it said, in its order
 *      commit_all(h);                     the disk answers
 *
 * The test is the host: it keeps what the agent says, opens, closes and hands to
 * the disk, and answers when it likes.  Structs are open.  Words are short: nobody
 * else includes this. */
#ifndef DAF_TESTS_LIB_AGENT_CASE_H
#define DAF_TESTS_LIB_AGENT_CASE_H

#include "node/core/agent.h"
#include "tests/lib/fake_index.h"

/* 0 coordinates; 1, 2 are in control; 3 has a certificate that control lacks; 4 has
 * nothing.  From 5 on the crowd, which is in control after make_crowd().  0, 2 and 3
 * are archives. */
#define DEVICES  22
#define CROWD    5
#define LATE     3
#define STRANGER 4
#define IN       DAF_CONN_INCOMING
#define LIST_MAX 8192
#define START_MS 1000000

struct said {
    struct said *next;
    uint32_t conn;
    size_t len;
    uint8_t bytes[];
};

enum deed {
    DEED_KEEP,
    DEED_UNCHECKED,
    DEED_CHECKED,
    DEED_DROP,
    DEED_STATEMENT,
};

/* What a job is to do; all but KEEP have only a stretch, or a log and a spot, or,
 * as its body, a statement. */
struct kept {
    enum deed deed;
    enum daf_body_state state;
    struct daf_stretch what;
    struct daf_spot spot;
    struct daf_record r;
    uint8_t header[DAF_HEADER_BYTES_MAX];
    size_t header_len;
    uint8_t *body;
    size_t body_len;
};

struct job {
    struct job *next;
    uint64_t id;
    size_t count;
    struct kept *items;
};

struct connect {
    uint32_t conn;
    enum daf_endpoint endpoint;
    struct daf_addr addr;
    struct daf_box_pk server;
};

/* What it asked of the shelf; a piece's bytes are not kept. */
enum content_what {
    CONTENT_PUT,
    CONTENT_FORGET,
    CONTENT_READ,
};
struct content_call {
    enum content_what what;
    uint32_t conn;
    struct daf_port_piece piece;
};
#define CALLS_MAX 1024

/* A statement on the disk. */
struct on_disk {
    struct daf_statement st; /* into bytes */
    uint8_t *bytes;
    size_t len;
};

struct host {
    size_t number;
    struct daf_fake_index *index;
    struct daf_agent *agent;
    struct daf_port port;
    struct daf_announce announced;
    size_t announces, withdraws;
    struct daf_mono now;
    struct said *said, **said_end;
    struct job *jobs, **jobs_end;
    size_t connects_count, closes_count, admits_count, wrote_count, acked_count;
    size_t kept_count; /* records that went to the disk, known ones too */
    /* Bytes of control that went to the disk, in all and before the first
     * record of another scope. */
    size_t control_bytes, control_before;
    size_t said_count[DAF_FRAME_REVOKED + 1]; /* by kind */
    uint64_t effects;         /* FNV-1a of all that it said and stored */
    enum daf_frame_kind lost; /* frames of this kind to it are lost */
    struct connect connects[256];
    uint32_t closes[2048];
    size_t denies_count;
    struct daf_box_pk admits[64], denies[64];
    size_t statements_count; /* in no order */
    struct on_disk *statements;
    size_t calls_taken, calls_count;
    struct content_call calls[CALLS_MAX];
    struct daf_wrote wrote[LIST_MAX];
};

extern struct daf_device_keys keys[DEVICES];
extern struct daf_secrets secrets[DEVICES];
extern uint8_t manifest_bytes[DAF_MANIFEST_BYTES_MAX];
extern size_t manifest_len;
extern struct daf_manifest manifest;
extern struct daf_box_pk door;
extern struct daf_fake_index *control; /* what 0 signed */

/* ---- a host */

enum daf_err start(struct host *h, struct daf_view camp, struct daf_view cert,
                   uint8_t seed);
struct host *host_bare(size_t number);
void give_row(struct host *h, const struct daf_fake_index *from, size_t at);
extern const struct daf_view no_cert;
struct daf_view the_manifest(void);
struct daf_view the_cert(size_t number);
/* A device with all of control, its agent listening. */
struct host *host_seeded(size_t number, uint8_t seed);
struct host *host_new(size_t number);
/* The agent's process ends, its last words and batches with it, and begins anew on
 * the same disk. */
void restart(struct host *h);
/* The oldest frame not taken; its bytes are good until the next. */
bool take(struct host *h, uint32_t *out_conn, struct daf_view *out);
void host_free(struct host *h);

/* ---- what happens to it */

void listening(struct host *h);
void simple(struct host *h, enum daf_input_kind kind);
/* Time goes on to the deadline, and the timer fires. */
void await(struct host *h);
void peer(struct host *h, const char *addr);
void own_address_list(struct host *h, const char *const texts[], size_t count);
void own_addresses(struct host *h, const char *text);
/* protocol.md §2, by libsodium and the system's own reader of addresses. */
void token_of(const uint8_t *salt, const char *addr, uint8_t out[8]);
/* mDNS sees an announcement of @from's agent at @addr, which is one of its own. */
void found(struct host *h, struct host *from, const char *addr);
void gone(struct host *h, const struct host *from);
size_t peers_of(const struct host *h, struct daf_peer_info *out, size_t max);
void opened(struct host *h, uint32_t conn, enum daf_endpoint endpoint,
            const struct daf_box_pk *key);
void frame(struct host *h, uint32_t conn, struct daf_view bytes);
void closed(struct host *h, uint32_t conn);
/* The oldest job ends with @err.  Of its records the first @deferred are not
 * kept. */
bool stored(struct host *h, enum daf_err err, size_t deferred);
void commit_all(struct host *h);
size_t jobs_of(const struct host *h);
struct daf_agent_stats stats_of(const struct host *h);
/* The next frame said must be of this kind. */
struct daf_frame says(struct host *h, uint32_t conn, enum daf_frame_kind kind);
bool is_closed(const struct host *h, uint32_t conn);

/* ---- two hosts with a wire */

struct wire {
    struct host *a, *b;
    uint32_t a_conn, b_conn;
};

/* @a connected to @b, at mesh. */
struct wire wire_up(struct host *a, uint32_t a_conn, struct host *b,
                    uint32_t b_conn);
bool pass_one(struct host *from, const struct wire *wires, size_t count);
/* Until all are silent; the disks answer at once if @commits. */
void talk(const struct wire *wires, size_t count, bool commits);

/* ---- writes */

struct daf_write session_write(uint64_t ticket, const char *learner,
                               const struct daf_did *did);
extern const struct daf_did counted;
void write_it(struct host *h, const struct daf_write *write);
void learn(struct host *h, uint64_t ticket, const char *learner);
void write_control(struct host *h, uint64_t ticket, struct daf_pack *k);
void write_cert(struct host *h, size_t number);
/* Another certificate of the same device, by which it is no archive any more. */
void write_demotion(struct host *h, size_t number);
/* The key of a class, for everybody whose turn is before @devices. */
void write_wrap(struct host *h, const char *scope, size_t devices);

/* ---- the camp */

/* Signs a manifest whose register lacks the last @less types. */
size_t make_manifest(struct daf_manifest *m, uint8_t root, size_t less,
                     uint8_t *out);
/* cmocka's group setup and teardown. */
int make_camp(void **state);
int make_crowd(void **state);
int free_camp(void **state);

/* ---- records made by hand */

/* A record of device @author in the class after @prev (NULL: the first), with a
 * signature that fails if @is_bad.  The caller frees its body. */
struct kept make_record(size_t author, uint64_t incarnation,
                        const struct kept *prev, bool is_bad);
void hold(struct host *h, const struct kept *k, bool with_body);
/* A chain of device @author, in @out; record @bad (from 0) does not verify. */
void make_chain(size_t author, struct kept *out, size_t count, size_t bad);
void free_chain(struct kept *chain, size_t count);
bool holds(const struct host *h, const struct kept *k, bool with_body);

/* ---- the door */

struct proof {
    const uint8_t *manifest;
    size_t manifest_len;
    struct daf_view cert;
    size_t author;                      /* who it says it is */
    size_t signer;                      /* who signs */
    const struct daf_box_pk *transport; /* what is signed */
    enum daf_frame_kind kind;
};

struct proof proof_of(size_t number);
/* The bytes are in @out, DAF_DOOR_BYTES_MAX. */
struct daf_view pack_proof(const struct proof *p,
                           const struct daf_hash *knocker,
                           const struct daf_hash *at_door, uint8_t *out);
void knock(struct host *h, uint32_t conn, uint32_t min, uint32_t max);
/* Somebody whose link proved @key stands at the door and has its nonce. */
struct daf_hash knock_at(struct host *h, uint32_t conn,
                         const struct daf_box_pk *key);
void show(struct host *h, uint32_t conn, const struct proof *p,
          const struct daf_hash *nonce);
/* One refusal: counted, closed, not a word, nobody admitted. */
void is_refused(struct host *h, uint32_t conn);

/* ---- going to a door */

/* The last connection asked for. */
const struct connect *last_connect(const struct host *h);
void answer_knock(struct host *h, uint32_t conn, const struct proof *p);
/* The door that @h called last is device @to's, and lets it in.  Returns the number
 * of the connection that it asked for at mesh. */
uint32_t let_in(struct host *h, size_t to);
/* The same with the next door that it calls. */
uint32_t door_to_mesh(struct host *h, size_t to);
/* Makes @h go by the door at @addr to the mesh of device @to.  Returns the
 * number of the connection that it asked for there. */
uint32_t go_to_mesh(struct host *h, size_t to, const char *addr);

/* ---- two that meet */

/* Lets time pass until there is no timer, the disk answering at once. */
void pass_time(struct host *h);
/* It has nothing to do, once it has verified what came. */
void is_at_rest(struct host *h);
/* @a, who has time, calls @b, until both are silent.  Again: after part(). */
struct wire meet(struct host *a, struct host *b);
void part(const struct wire *w);

#endif
