/* SPDX-License-Identifier: Apache-2.0 */
/* `daftar join TICKET`: find the porch, ask, show the digits, wait for a person
 * (docs/protocol.md §5.4).  What strangers say meets the link process first, as
 * with the daemon; this one holds the keys.
 *
 *      ticket, mDNS --> places --calls--> the first that opens --> joiner
 *
 * All places are called at once and the first that opens is asked; only a porch
 * can answer, since it alone has the key.  After a loss all are called again. */
#include "node/cmd.h"

#include "node/addresses.h"
#include "node/clock.h"
#include "node/core/addr.h"
#include "node/discoverhost.h"
#include "node/linkhost.h"
#include "node/log.h"
#include "node/netwatch.h"
#include "proto/hash.h"
#include "proto/joiner.h"

#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>

#define PLACES_MAX 32
/* Until a porch has answered: mDNS may take two tries of 5 s. */
#define FIND_MS   20000
#define ENOUGH_MS 10000 /* all that were found by then have said no */
#define BROWSE_MS 3000  /* a full ticket's addresses have that long */
#define AGAIN_MS  2000  /* between two calls of one place */
#define ANSWER_MS 10000
/* A porch that hangs up on ASK so often does not know the ticket. */
#define SILENCES_MAX 3

/* Where a porch may be. */
struct place {
    struct daf_addr addr;
    struct daf_box_pk porch;
    uint32_t conn;      /* 0: not called */
    struct daf_mono at; /* call it then */
    unsigned silences;
};

struct joining {
    const struct daf_cmd *cmd;
    struct daf_home home;
    struct daf_ticket ticket;
    uint8_t request[DAF_REQUEST_BYTES_MAX];
    size_t request_len;
    struct daf_rng rng;

    struct daf_loop *loop;
    struct daf_linkhost *linkhost;
    struct daf_discoverhost *discover; /* NULL: not needed yet */
    struct daf_linkhost_ops link_ops;
    struct daf_discoverhost_ops discover_ops;
    struct daf_loop_timer timer;
    bool is_linked; /* link is up */

    size_t places_count;
    struct place places[PLACES_MAX];
    struct place *asked; /* NULL: none is */
    struct daf_joiner joiner;
    uint32_t next_conn;
    struct daf_mono browse_at, enough_at, find_until, answer_until, until;
    uint64_t decline; /* of a porch that is not proven; UINT64_MAX: none */
    char digits[8];   /* "" until they are known */

    enum daf_err err; /* how it ended */
    struct daf_trouble t;
    bool is_over;
};

static struct daf_view view(const void *p, size_t len)
{
    return (struct daf_view){p, len};
}

static void end(struct joining *j, enum daf_err err, const char *words)
{
    if (j->is_over) return;
    j->is_over = true;
    j->err = err;
    if (words != NULL) daf_home_trouble(&j->t, "%s", words);
    daf_loop_stop(j->loop);
}

/* ---- places */

/* One more, or the place of one that was silent: whoever invents porches does not
 * fill the list for good. */
static struct place *free_place(struct joining *j)
{
    struct place *worst = NULL;

    if (j->places_count < PLACES_MAX) return &j->places[j->places_count++];
    for (size_t i = 0; i < PLACES_MAX; i++) {
        struct place *p = &j->places[i];

        if (p != j->asked && p->conn == 0 && p->silences > 0 &&
            (worst == NULL || p->silences > worst->silences))
            worst = p;
    }
    return worst;
}

static void add_place(struct joining *j, const struct daf_addr *addr,
                      const struct daf_box_pk *porch)
{
    struct place *p;

    for (size_t i = 0; i < j->places_count; i++)
        if (strcmp(j->places[i].addr.text, addr->text) == 0 &&
            memcmp(&j->places[i].porch, porch, sizeof(*porch)) == 0)
            return;
    p = free_place(j);
    if (p == NULL) return;
    *p = (struct place){.addr = *addr, .porch = *porch};
    p->at = daf_clock_now();
}

static struct place *place_of(struct joining *j, uint32_t conn)
{
    for (size_t i = 0; i < j->places_count; i++)
        if (j->places[i].conn == conn) return &j->places[i];
    return NULL;
}

static void call_due(struct joining *j, struct daf_mono now)
{
    if (!j->is_linked || j->asked != NULL) return;
    for (size_t i = 0; i < j->places_count; i++) {
        struct place *p = &j->places[i];

        if (p->conn != 0 || p->at.ms > now.ms || p->silences >= SILENCES_MAX)
            continue;
        p->conn = j->next_conn++;
        daf_linkhost_connect(j->linkhost, p->conn, DAF_ENDPOINT_PORCH, &p->addr,
                             &p->porch);
    }
}

/* Another time: its connection is gone. */
static void leave(struct joining *j, struct place *p)
{
    p->conn = 0;
    p->at = daf_clock_after(daf_clock_now(), AGAIN_MS);
    if (j->asked == p) j->asked = NULL;
}

static void hang_up(struct joining *j, struct place *p)
{
    daf_linkhost_close(j->linkhost, p->conn);
    leave(j, p);
}

/* ---- the talk */

static void send_frame(struct joining *j, const struct daf_pack *k)
{
    daf_linkhost_send(j->linkhost, j->asked->conn, daf_pack_view(k));
}

static void ask(struct joining *j, struct place *p)
{
    uint8_t room[DAF_DOOR_BYTES_MAX];
    struct daf_pack k;

    j->asked = p;
    j->answer_until = daf_clock_after(daf_clock_now(), ANSWER_MS);
    daf_pack_init(&k, room, sizeof(room));
    daf_joiner_begin(&j->joiner, &j->ticket, &p->porch, &j->home.keys,
                     view(j->request, j->request_len), &j->rng, &k);
    send_frame(j, &k);
}

static void show_digits(struct joining *j)
{
    const struct daf_author_id author = daf_hash_author_id(&j->home.keys.sign);

    j->answer_until = DAF_MONO_NEVER;
    (void)snprintf(j->digits, sizeof(j->digits), "%06u",
                   (unsigned)daf_porch_digits(&j->joiner.talk) %
                       DAF_PORCH_DIGITS);
    if (j->cmd->json) {
        daf_cmd_print(json_pack("{ss ss so so}", "digits", j->digits, "state",
                                "compare", "author",
                                daf_cmd_hex(author.b, sizeof(author.b)), "home",
                                daf_cmd_text(j->home.dir)));
        return;
    }
    (void)printf("Digits: %.3s %s\nTell them to the coordinator, who compares "
                 "and accepts.  Waiting...\n",
                 j->digits, j->digits + 3);
    (void)fflush(stdout);
}

static void declined(struct joining *j, uint64_t reason)
{
    if (reason == DAF_DECLINE_DECLINED)
        end(j, DAF_EDENIED,
            "the coordinator declined this device, and the ticket is used up. "
            "To do: ask for a new one, and see that you use the right one");
    else if (reason == DAF_DECLINE_USED)
        end(j, DAF_EEXISTS,
            "the ticket was used already, by another device: was it yours? To "
            "do: tell the coordinator, and ask for a new one");
    else if (reason == DAF_DECLINE_VERSION)
        end(j, DAF_EVERSION,
            "the coordinator's program and this one have no version of the "
            "protocol in common. To do: bring both up to date");
    else
        end(j, DAF_ELOST,
            "the ticket is no longer good: the porch was closed, or its ten "
            "minutes are over. To do: ask for a new one");
}

/* Anybody can play a porch for a ticket that names no key: one that has not proven
 * that it knows the ticket is let be, and others are asked. */
static void disbelieve(struct joining *j, uint64_t reason)
{
    j->decline = reason;
    j->asked->silences = SILENCES_MAX;
    hang_up(j, j->asked);
}

/* Where the door of the porch that was reached is. */
static void keep_door(struct joining *j)
{
    struct daf_addresses_file file = {.count = 1};
    struct daf_addresses_door *door = &file.doors[0];
    struct daf_where where;
    struct daf_trouble t;

    if (!daf_addr_parse(&j->asked->addr, &where)) return;
    where.port = j->joiner.accept.port;
    door->author = j->joiner.cert.issuer;
    door->count = 1;
    daf_addr_format(&where, &door->addrs[0]);
    if (daf_addresses_write(&j->home, &file, &t) != DAF_OK)
        daf_log("the coordinator's address is not kept, the daemon will look "
                "for it: %s",
                t.what);
}

/* Empty: so that commands have something to read before the daemon has run. */
static enum daf_err make_notebook(struct joining *j)
{
    struct daf_store *store;
    enum daf_err err =
        daf_offline_store(&j->home, DAF_STORE_WRITER, &store, &j->t);

    if (err == DAF_OK) daf_store_close(store);
    return err;
}

static void accepted(struct joining *j)
{
    const struct daf_accept *a = &j->joiner.accept;
    const struct daf_cmd_joined joined = {.manifest = &j->joiner.manifest,
                                          .cert = &j->joiner.cert,
                                          .digits = j->digits};
    enum daf_err err = make_notebook(j);

    if (err == DAF_OK)
        err = daf_home_set_camp(&j->home, a->manifest, a->cert, &j->t);
    if (err == DAF_OK) {
        keep_door(j);
        daf_cmd_join_print(j->cmd, &j->home, &joined);
    }
    end(j, err, NULL);
}

static void refused(struct joining *j)
{
    if (j->joiner.why != NULL)
        daf_home_trouble(&j->t,
                         "what the porch sent was refused and nothing was "
                         "changed: %s. To do: ask for a new ticket",
                         j->joiner.why);
    else
        daf_home_trouble(&j->t, "what answers there is not the porch that this "
                                "ticket was made for. To do: see that the "
                                "ticket is right, and tell the coordinator");
    end(j, j->joiner.err, NULL);
}

/* ---- what link says */

static void on_ready(void *ctx, uint16_t door_port, uint16_t mesh_port)
{
    struct joining *j = ctx;

    (void)door_port;
    (void)mesh_port;
    j->is_linked = true;
}

static void on_opened(void *ctx, uint32_t conn, enum daf_endpoint endpoint,
                      const struct daf_box_pk *key)
{
    struct joining *j = ctx;
    struct place *p = place_of(j, conn);

    (void)endpoint;
    (void)key; /* the one that was called: link proved it */
    if (p == NULL) return;
    if (j->asked == NULL)
        ask(j, p);
    else
        hang_up(j, p);
}

static void on_frame(void *ctx, uint32_t conn, struct daf_view bytes)
{
    struct joining *j = ctx;
    uint8_t room[DAF_DOOR_BYTES_MAX];
    struct daf_pack k;
    bool is_proven = j->joiner.step > DAF_JOINER_ASKED;

    if (j->asked == NULL || j->asked->conn != conn || j->is_over) return;
    daf_pack_init(&k, room, sizeof(room));
    switch (daf_joiner_frame(&j->joiner, bytes, &k)) {
    case DAF_JOINER_SEND:
        send_frame(j, &k);
        break;
    case DAF_JOINER_COMPARE:
        show_digits(j);
        break;
    case DAF_JOINER_ACCEPTED:
        accepted(j);
        break;
    case DAF_JOINER_DECLINED:
        if (is_proven || j->ticket.is_full)
            declined(j, j->joiner.decline);
        else
            disbelieve(j, j->joiner.decline);
        break;
    case DAF_JOINER_REFUSED:
        if (is_proven || j->ticket.is_full)
            refused(j);
        else
            disbelieve(j, j->decline);
        break;
    }
}

static void on_closed(void *ctx, uint32_t conn)
{
    struct joining *j = ctx;
    struct place *p = place_of(j, conn);

    if (p == NULL) return;
    if (j->asked == p && j->joiner.step == DAF_JOINER_ASKED) p->silences++;
    leave(j, p);
}

static void on_refused(void *ctx, const struct daf_link_refused *what)
{
    (void)ctx;
    (void)what;
}

static void on_lost(void *ctx)
{
    struct joining *j = ctx;

    j->is_linked = false;
    for (size_t i = 0; i < j->places_count; i++)
        if (j->places[i].conn != 0) leave(j, &j->places[i]);
}

static void on_failed(void *ctx, const char *text)
{
    end(ctx, DAF_EIO, text);
}

static void on_gone(void *ctx)
{
    (void)ctx;
}

/* ---- what mDNS says */

static void on_found(void *ctx, const struct daf_announce *what,
                     const struct daf_addr *addr)
{
    struct joining *j = ctx;
    struct daf_box_pk porch;

    if (what->endpoint != DAF_ENDPOINT_PORCH) return;
    memcpy(porch.b, what->data, sizeof(porch.b));
    if (j->ticket.is_full && memcmp(&porch, &j->ticket.porch, 32) != 0) return;
    add_place(j, addr, &porch);
}

static void on_lost_service(void *ctx, enum daf_endpoint endpoint,
                            const uint8_t name[8])
{
    (void)ctx; /* a hint: who is there, a call proves */
    (void)endpoint;
    (void)name;
}

static void on_discover(void *ctx, enum daf_discover_by by)
{
    (void)ctx;
    (void)by;
}

static void browse(struct joining *j)
{
    j->browse_at = DAF_MONO_NEVER;
    if (daf_discoverhost_new(j->loop, &j->discover_ops, &j->discover) == DAF_OK)
        daf_discoverhost_browse(j->discover, DAF_ENDPOINT_PORCH);
}

/* ---- time */

/* Whether nobody is left to ask.  A full ticket names its porch: one no will do. */
static bool is_unknown(const struct joining *j, struct daf_mono now)
{
    size_t noes = 0;

    for (size_t i = 0; i < j->places_count; i++)
        noes += j->places[i].silences >= SILENCES_MAX;
    if (j->ticket.is_full) return noes > 0;
    return noes > 0 && noes == j->places_count && j->enough_at.ms <= now.ms;
}

/* An address that is not this machine's alone. */
static bool has_network(void)
{
    struct daf_addr any, own[DAF_NETWATCH_ADDRS_MAX];

    daf_netwatch_default(&any);
    return daf_netwatch_list(&any, own) > 0;
}

static void not_found(struct joining *j)
{
    bool was_silent = false;

    for (size_t i = 0; i < j->places_count; i++)
        was_silent |= j->places[i].silences > 0;
    if (j->digits[0] != '\0')
        end(j, DAF_ELOST,
            "the porch is gone: it was closed, or the network is. To do: ask "
            "for a new ticket");
    else if (j->decline != UINT64_MAX)
        declined(j, j->decline);
    else if (was_silent)
        end(j, DAF_EKEY,
            "a porch is there, but it does not know this ticket. To do: look "
            "for a slip, or ask for a new one: opening anew makes old ones "
            "worthless");
    else if (!has_network())
        end(j, DAF_ENOTFOUND,
            "no porch was found for this ticket: this machine is on no "
            "network. To do: join the network of the coordinator's device, "
            "and try again");
    else
        end(j, DAF_ENOTFOUND,
            "no porch was found for this ticket. To do: see that both devices "
            "are in one network and that the coordinator's porch is open "
            "(daftar enrol list)");
}

static struct daf_mono earlier(struct daf_mono a, struct daf_mono b)
{
    return a.ms < b.ms ? a : b;
}

static struct daf_mono next_time(const struct joining *j, struct daf_mono now)
{
    struct daf_mono at = j->until;

    if (j->asked != NULL) return earlier(at, j->answer_until);
    at = earlier(earlier(at, j->browse_at), j->find_until);
    if (j->enough_at.ms > now.ms) at = earlier(at, j->enough_at);
    for (size_t i = 0; j->is_linked && i < j->places_count; i++)
        if (j->places[i].conn == 0 && j->places[i].silences < SILENCES_MAX)
            at = earlier(at, j->places[i].at);
    return at;
}

/* Before each wait: whatever is due. */
static void look(void *ctx)
{
    struct joining *j = ctx;
    struct daf_mono now = daf_clock_now();

    if (j->is_over) return;
    if (j->asked != NULL) {
        /* Who was reached and is lost later is looked for anew. */
        j->find_until = daf_clock_after(now, FIND_MS);
        if (j->answer_until.ms <= now.ms) {
            j->asked->silences++;
            hang_up(j, j->asked);
        }
    }
    if (j->until.ms <= now.ms) declined(j, DAF_DECLINE_CLOSED);
    if (j->asked == NULL && (j->find_until.ms <= now.ms || is_unknown(j, now)))
        not_found(j);
    if (j->browse_at.ms <= now.ms && j->asked == NULL) browse(j);
    call_due(j, now);
    daf_linkhost_flush(j->linkhost);
    daf_loop_timer_set(&j->timer, next_time(j, now));
}

static void on_timer(void *ctx)
{
    (void)ctx; /* look() comes next */
}

static void on_signal(void *ctx, int signal)
{
    (void)signal;
    end(ctx, DAF_ELOST,
        "ended before a person accepted; nothing was changed. To do: run it "
        "again, with this ticket or a new one");
}

/* ---- beginning and end */

static void fill_tables(struct joining *j)
{
    j->link_ops = (struct daf_linkhost_ops){.ctx = j,
                                            .ready = on_ready,
                                            .opened = on_opened,
                                            .frame = on_frame,
                                            .closed = on_closed,
                                            .refused = on_refused,
                                            .lost = on_lost,
                                            .failed = on_failed,
                                            .gone = on_gone};
    j->discover_ops = (struct daf_discoverhost_ops){.ctx = j,
                                                    .found = on_found,
                                                    .lost = on_lost_service,
                                                    .state = on_discover};
    j->timer = (struct daf_loop_timer){.fn = on_timer, .ctx = j};
}

static void set_times(struct joining *j)
{
    struct daf_mono now = daf_clock_now();
    uint8_t seed[32];

    randombytes_buf(seed, sizeof(seed));
    daf_rng_init(&j->rng, seed);
    sodium_memzero(seed, sizeof(seed));
    j->next_conn = 1;
    j->until = daf_clock_after(now, DAF_PORCH_MS);
    j->find_until = daf_clock_after(now, FIND_MS);
    j->enough_at = daf_clock_after(now, ENOUGH_MS);
    j->answer_until = DAF_MONO_NEVER;
    j->decline = UINT64_MAX;
    j->browse_at = j->ticket.is_full ? daf_clock_after(now, BROWSE_MS) : now;
    for (size_t i = 0; i < j->ticket.addrs_count; i++) {
        struct daf_addr addr = {""};

        (void)snprintf(addr.text, sizeof(addr.text), "%s", j->ticket.addrs[i]);
        add_place(j, &addr, &j->ticket.porch);
    }
}

static enum daf_err open_all(struct joining *j)
{
    struct daf_link_listen listen = {.transport_pk = j->home.keys.transport,
                                     .transport_sk = j->home.secrets.transport,
                                     .only_calls = 1};
    enum daf_err err = daf_loop_new(&j->loop);

    if (err == DAF_OK) err = daf_loop_signals(j->loop, on_signal, j);
    if (err == DAF_OK) err = daf_loop_timer_open(j->loop, &j->timer);
    if (err == DAF_OK)
        err = daf_linkhost_new(j->loop, &j->link_ops, &listen, &j->linkhost);
    if (err == DAF_OK) err = daf_linkhost_start(j->linkhost);
    sodium_memzero(&listen, sizeof(listen));
    return err;
}

static void close_all(struct joining *j)
{
    daf_discoverhost_free(j->discover);
    daf_linkhost_free(j->linkhost);
    if (j->loop != NULL) daf_loop_timer_close(j->loop, &j->timer);
    daf_loop_free(j->loop);
}

static enum daf_err join(struct joining *j)
{
    enum daf_err err = daf_home_lock(&j->home, &j->t);

    if (err != DAF_OK) return err;
    fill_tables(j);
    set_times(j);
    j->request_len = daf_request_pack(&j->home.keys, &j->home.secrets.sign,
                                      j->request, sizeof(j->request));
    err = open_all(j);
    if (err == DAF_OK) daf_cmd_hint(j->cmd, "Looking for the coordinator ...");
    if (err == DAF_OK) err = daf_loop_run(j->loop, look, j);
    close_all(j);
    return err == DAF_OK ? j->err : err;
}

/* All words of the ticket: it may be typed in groups. */
static enum daf_err read_ticket(const struct daf_cmd *cmd,
                                struct daf_ticket *out, struct daf_trouble *t)
{
    char text[DAF_TICKET_READ_CHARS + 1];
    size_t len = 0;
    enum daf_err err = DAF_ELIMIT;

    for (size_t i = 0; i < cmd->args_count && len < sizeof(text); i++)
        len += (size_t)snprintf(text + len, sizeof(text) - len, "%s",
                                cmd->args[i]);
    if (len < sizeof(text)) err = daf_ticket_parse(view(text, len), out);
    sodium_memzero(text, sizeof(text));
    if (err == DAF_OK) return err;
    daf_home_trouble(t, err == DAF_EVERSION
                            ? "this ticket is of a later version. To do: "
                              "bring this program up to date"
                            : "this is no ticket: it has 52 letters and "
                              "digits, or is the text of the QR code. To do: "
                              "look for a slip");
    return err == DAF_EVERSION ? err : DAF_EUSAGE;
}

enum daf_exit daf_cmd_join_ticket(const struct daf_cmd *cmd)
{
    struct joining *j = calloc(1, sizeof(*j));
    enum daf_exit code;
    enum daf_err err;

    if (j == NULL) return daf_cmd_fail(cmd, DAF_ENOMEM, NULL);
    j->cmd = cmd;
    err = read_ticket(cmd, &j->ticket, &j->t);
    if (err == DAF_OK) {
        err = daf_cmd_join_home(cmd, &j->home, &j->t);
        if (err == DAF_OK) {
            err = join(j);
            daf_home_unload(&j->home);
        }
    }
    code = err == DAF_OK ? DAF_EXIT_DONE : daf_cmd_fail(cmd, err, &j->t);
    sodium_memzero(j, sizeof(*j));
    free(j);
    return code;
}
