/* SPDX-License-Identifier: Apache-2.0 */
/* Many agents fetch one item (docs/content.md R64 to R71), each behind an uplink of
 * so many bytes a second, or all behind one access point.  The network here is a
 * queue a device, or one for all: what is shown is the rules, not a radio. */
#include "tests/lib/t.h"

#include <stdio.h>
#include <stdlib.h>

#include "tests/lib/agent_case.h"

#define PART      65536
#define PAGES     1
#define NODES     17
#define RATE      3000   /* bytes a ms */
#define BACKLOG   393216 /* bytes in a queue: no more is read from the disk */
#define NEVER     UINT64_MAX
#define WIRE_US   500
#define DISK_US   1000
#define END_PARTS 8 /* may come twice, when they are the last */
#define END_US    ((uint64_t)600 * 1000 * 1000)

static const struct daf_hash lesson = {{0x77, 1}};

/* A frame on its way, or something that the disk has done. */
struct event {
    struct event *next;
    uint64_t at; /* us */
    size_t to;
    struct daf_input in;
    size_t len;
    uint8_t bytes[];
};

/* A connection, from one side. */
struct link {
    uint32_t conn, back; /* its number here and there */
    size_t to;
    bool is_reading;
    struct daf_port_piece read;
};

struct node {
    struct host *h;
    uint64_t free_at; /* its uplink has sent all */
    uint32_t held;
    uint64_t done_at; /* NEVER: it lacks something */
    uint64_t sent;    /* bytes of parts */
    size_t links_count;
    struct link links[NODES];
    size_t next_read; /* links take turns at the disk */
    uint8_t have[256];
    uint32_t twice; /* parts that came and were held */
    bool is_mute;   /* it sends nothing that it was asked for */
    bool is_gone;
};

static struct {
    size_t count;
    uint32_t parts;
    uint64_t now;
    uint64_t rate;     /* of an uplink; bytes a ms */
    uint64_t air_free; /* one air for all but the first: free from then on */
    bool has_air;
    struct node nodes[NODES];
    struct event *events;
} net;

static void add_event(uint64_t at, size_t to, const struct daf_input *in,
                      struct daf_view bytes)
{
    struct event *e = malloc(sizeof(*e) + bytes.len), **place = &net.events;

    assert_non_null(e);
    *e = (struct event){.at = at, .to = to, .in = *in, .len = bytes.len};
    if (bytes.len > 0) memcpy(e->bytes, bytes.p, bytes.len);
    while (*place != NULL && (*place)->at <= at)
        place = &(*place)->next;
    e->next = *place;
    *place = e;
}

/* When what @from sends now has come to @to.  On the air a byte from a tablet to a
 * tablet is sent twice. */
static uint64_t carry(size_t from, size_t to, size_t len)
{
    uint64_t us = (uint64_t)(len + 60) * 1000 / net.rate;
    uint64_t *lane = net.has_air ? &net.air_free : &net.nodes[from].free_at;

    if (net.has_air && from != 0 && to != 0) us *= 2;
    if (*lane < net.now) *lane = net.now;
    *lane += us;
    return *lane + WIRE_US;
}

static uint64_t backlog(size_t from)
{
    uint64_t lane = net.has_air ? net.air_free : net.nodes[from].free_at;

    return lane > net.now ? (lane - net.now) * net.rate / 1000 : 0;
}

/* ---- the shelves */

static void on_put(size_t at, const struct content_call *call)
{
    struct node *n = &net.nodes[at];
    const uint32_t part = call->piece.part;
    struct daf_input in = {.kind = DAF_INPUT_PUT,
                           .conn = call->conn,
                           .piece = {.content = lesson, .part = part},
                           .put = DAF_SHELF_PART};

    assert_true(part < net.parts);
    if ((n->have[part / 8] & 0x80u >> part % 8) != 0) {
        n->twice++;
        in.put = DAF_SHELF_KNOWN;
    } else {
        n->have[part / 8] |= (uint8_t)(0x80u >> part % 8);
        n->held++;
    }
    if (n->held == net.parts && n->done_at == NEVER) n->done_at = net.now;
    add_event(net.now + DISK_US, at, &in, (struct daf_view){NULL, 0});
}

static struct link *link_of(struct node *n, uint32_t conn)
{
    size_t i = 0;

    while (i < n->links_count && n->links[i].conn != conn)
        i++;
    assert_true(i < n->links_count);
    return &n->links[i];
}

/* One piece is read for each that asked, in turn, while the queue is short. */
static bool answer_read(size_t at)
{
    static const uint8_t zeros[PART];
    struct node *n = &net.nodes[at];

    if (n->is_mute || backlog(at) > BACKLOG) return false;
    for (size_t i = 0; i < n->links_count; i++) {
        struct link *l = &n->links[(n->next_read + i) % n->links_count];
        struct daf_input in = {.kind = DAF_INPUT_READ,
                               .conn = l->conn,
                               .piece = l->read,
                               .is_last = true};

        if (!l->is_reading) continue;
        l->is_reading = false;
        n->next_read = (size_t)(l - n->links) + 1;
        n->sent += PART;
        in.piece.bytes = (struct daf_view){zeros, PART};
        daf_agent_input(n->h->agent, n->h->now, &in);
        return true;
    }
    return false;
}

static void serve_shelf(size_t at)
{
    struct node *n = &net.nodes[at];
    struct host *h = n->h;

    for (size_t i = 0; i < h->calls_count; i++) {
        const struct content_call *call = &h->calls[i];

        if (call->what == CONTENT_PUT) on_put(at, call);
        if (call->what != CONTENT_READ) continue;
        link_of(n, call->conn)->read = call->piece;
        link_of(n, call->conn)->is_reading = true;
    }
    h->calls_count = 0;
}

/* ---- the network */

static void send_all(size_t at)
{
    struct node *n = &net.nodes[at];
    struct daf_view bytes;
    uint32_t conn;

    while (take(n->h, &conn, &bytes)) {
        const struct link *l = link_of(n, conn);
        const struct daf_input in = {.kind = DAF_INPUT_FRAME, .conn = l->back};

        add_event(carry(at, l->to, bytes.len), l->to, &in, bytes);
    }
}

static void settle(size_t at)
{
    do {
        commit_all(net.nodes[at].h);
        send_all(at);
        serve_shelf(at);
    } while (answer_read(at));
    send_all(at);
}

static void give(size_t at, const struct daf_input *in)
{
    struct host *h = net.nodes[at].h;

    h->now.ms = START_MS + net.now / 1000;
    daf_agent_input(h->agent, h->now, in);
    settle(at);
}

/* The earliest of frames, disks, timers, and uplinks that have room again. */
static bool step(void)
{
    uint64_t at = net.events != NULL ? net.events->at : NEVER;
    size_t who = NODES;

    for (size_t i = 0; i < net.count; i++) {
        uint64_t ms = daf_agent_deadline(net.nodes[i].h->agent).ms;
        uint64_t due = ms == NEVER ? NEVER : (ms - START_MS) * 1000;

        if (due < at && !net.nodes[i].is_gone) {
            at = due;
            who = i;
        }
    }
    if (at == NEVER || at > END_US) return false;
    if (at > net.now) net.now = at;
    if (who < NODES) {
        give(who, &(struct daf_input){.kind = DAF_INPUT_TIMER});
    } else {
        struct event *e = net.events;
        bool is_lost = net.nodes[e->to].is_gone;

        net.events = e->next;
        if (e->in.kind == DAF_INPUT_FRAME)
            e->in.bytes = (struct daf_view){e->bytes, e->len};
        if (!is_lost) give(e->to, &e->in);
        free(e);
    }
    for (size_t i = 0; i < net.count; i++) {
        net.nodes[i].h->now.ms = START_MS + net.now / 1000;
        if (!net.nodes[i].is_gone) settle(i);
    }
    return true;
}

/* ---- a world */

static void connect_two(size_t a, size_t b)
{
    struct node *x = &net.nodes[a], *y = &net.nodes[b];
    char addr[64];
    uint32_t conn;
    struct wire w;

    (void)snprintf(addr, sizeof(addr), "10.0.%zu.%zu:1000", a, b);
    conn = go_to_mesh(x->h, y->h->number, addr);
    w = wire_up(x->h, conn, y->h, IN | (uint32_t)(a + 1));
    talk(&w, 1, true);
    x->links[x->links_count++] =
        (struct link){.conn = conn, .back = w.b_conn, .to = b};
    y->links[y->links_count++] =
        (struct link){.conn = w.b_conn, .back = conn, .to = a};
}

static void wants(size_t at, bool is_whole)
{
    const struct daf_item_news news = {.content = lesson,
                                       .parts = net.parts,
                                       .pages = PAGES,
                                       .part_bytes = PART,
                                       .is_whole = is_whole,
                                       .is_wanted = !is_whole};
    const struct daf_input in = {.kind = DAF_INPUT_ITEM, .item = &news};

    if (is_whole) {
        memset(net.nodes[at].have, 0xff, sizeof(net.nodes[at].have));
        net.nodes[at].held = net.parts;
    }
    give(at, &in);
}

static void make_world(size_t count, uint32_t parts)
{
    memset(&net, 0, sizeof(net));
    net.count = count;
    net.parts = parts;
    net.rate = RATE;
    for (size_t i = 0; i < count; i++) {
        net.nodes[i].h = host_new(CROWD + i);
        net.nodes[i].done_at = NEVER;
        net.nodes[i].h->now.ms = START_MS;
    }
    for (size_t a = 0; a < count; a++) {
        for (size_t b = a + 1; b < count; b++)
            connect_two(a, b);
    }
    for (size_t i = 0; i < count; i++) {
        net.nodes[i].h->calls_count = 0;
        net.nodes[i].h->now.ms = START_MS;
    }
}

static void free_world(void)
{
    for (size_t i = 0; i < net.count; i++)
        host_free(net.nodes[i].h);
    while (net.events != NULL) {
        struct event *e = net.events;

        net.events = e->next;
        free(e);
    }
}

static bool is_over(void)
{
    for (size_t i = 1; i < net.count; i++) {
        if (net.nodes[i].done_at == NEVER && !net.nodes[i].is_gone)
            return false;
    }
    return true;
}

static void begin(void)
{
    wants(0, true);
    for (size_t i = 1; i < net.count; i++)
        wants(i, false);
}

/* Microseconds that one copy of all takes at the rate. */
static double copy_us(void)
{
    return (double)net.parts * PART / (double)net.rate * 1000;
}

/* Returns when the last was done, in copies' time. */
static double finish(void)
{
    uint64_t last = 0;
    unsigned twice = 0;

    while (!is_over() && step())
        ;
    assert_true(is_over());
    for (size_t i = 1; i < net.count; i++) {
        if (net.nodes[i].is_gone) continue;
        if (net.nodes[i].done_at > last) last = net.nodes[i].done_at;
        twice += net.nodes[i].twice;
    }
    print_message("             %zu: %.3f of a copy's time, %.3f copies, %u "
                  "parts twice\n",
                  net.count - 1, (double)last / copy_us(),
                  (double)net.nodes[0].sent / ((double)net.parts * PART),
                  twice);
    assert_true(twice <= END_PARTS);
    return (double)last / copy_us();
}

static double copies(void)
{
    return (double)net.nodes[0].sent / ((double)net.parts * PART);
}

/* goals.md: 1.15 and 1.25 times the fluid optimum, which is one copy's time where
 * all uplinks are alike; at most 1.10 copies from the first source. */
static void eight_have_it_from_each_other(void **state)
{
    (void)state;
    make_world(9, 1024 + PAGES);
    begin();
    assert_true(finish() <= 1.15);
    assert_true(copies() <= 1.10);
    free_world();
}

static void sixteen_have_it_from_each_other(void **state)
{
    (void)state;
    make_world(17, 1024 + PAGES);
    begin();
    assert_true(finish() <= 1.25);
    assert_true(copies() <= 1.10);
    free_world();
}

/* What only it was shown the others get all the same. */
static void one_that_goes_holds_up_nobody(void **state)
{
    struct node *gone = &net.nodes[3];

    (void)state;
    make_world(9, 256 + PAGES);
    begin();
    while (gone->held < 100 && step())
        ;
    gone->is_gone = true;
    for (size_t i = 0; i < gone->links_count; i++) {
        const struct link *l = &gone->links[i];
        const struct daf_input in = {.kind = DAF_INPUT_CLOSED, .conn = l->back};

        give(l->to, &in);
    }
    assert_true(finish() <= 1.4);
    assert_true(copies() <= 1.25);
    free_world();
}

/* It says that it holds all, and sends nothing. */
static void one_that_sends_nothing_holds_up_nobody(void **state)
{
    (void)state;
    make_world(9, 1024 + PAGES);
    net.nodes[3].is_mute = true;
    wants(3, true);
    net.nodes[3].done_at = 0;
    wants(0, true);
    for (size_t i = 1; i < net.count; i++) {
        if (i != 3) wants(i, false);
    }
    assert_true(finish() <= 1.6);
    free_world();
}

/* It says so to everybody, the source among them, and seeks as well. */
static void one_that_lies_of_what_it_has_holds_up_nobody(void **state)
{
    uint8_t all[1024 / 8 + 1], room[256];
    const struct daf_part f = {lesson, 0, 0, {all, sizeof(all)}};
    struct node *liar = &net.nodes[3];
    struct daf_pack k;

    (void)state;
    memset(all, 0xff, sizeof(all));
    make_world(9, 1024 + PAGES);
    liar->is_mute = true;
    begin();
    daf_pack_init(&k, room, sizeof(room));
    daf_frame_pack_have(&k, &f);
    for (size_t i = 0; i < liar->links_count; i++) {
        const struct daf_input in = {.kind = DAF_INPUT_FRAME,
                                     .conn = liar->links[i].back,
                                     .bytes = daf_pack_view(&k)};

        give(liar->links[i].to, &in);
    }
    assert_true(finish() <= 1.7);
    free_world();
}

/* It is gone from @at, and is wished for again: its shelf tells of both. */
static void loses_it(size_t at, uint32_t still_held)
{
    struct node *n = &net.nodes[at];
    struct daf_item_news news = {.content = lesson, .is_gone = true};
    const struct daf_input in = {.kind = DAF_INPUT_ITEM, .item = &news};

    give(at, &in);
    memset(n->have, 0, sizeof(n->have));
    for (uint32_t i = 0; i < still_held; i++)
        n->have[i / 8] |= (uint8_t)(0x80u >> i % 8);
    n->held = still_held;
    n->done_at = NEVER;
    news = (struct daf_item_news){.content = lesson,
                                  .parts = net.parts,
                                  .pages = PAGES,
                                  .part_bytes = PART,
                                  .bits = {n->have, net.parts / 8 + 1},
                                  .is_wanted = true};
    give(at, &in);
}

/* Until all who seek it have it, and everybody knows. */
static void all_have_it(void)
{
    uint64_t told;

    while (!is_over() && step())
        ;
    assert_true(is_over());
    for (size_t i = 1; i < net.count; i++)
        wants(i, true);
    told = net.now + 1000000;
    while (net.now < told && step())
        ;
}

/* Who has it from the source knows that the source has all, and would tell it of
 * nothing, as long as the session lasts. */
static void what_was_dropped_comes_again(void **state)
{
    (void)state;
    make_world(3, 64 + PAGES);
    wants(1, true);
    net.nodes[1].done_at = 0;
    wants(2, false);
    all_have_it();
    loses_it(1, 0);
    all_have_it();
    loses_it(2, net.parts - 1); /* as after damage */
    all_have_it();
    free_world();
}

/* It said that it has half, and has not, or not any more. */
static void what_half_of_was_dropped_comes(void **state)
{
    uint8_t half[16], room[64];
    const struct daf_part f = {lesson, 128, 0, {half, sizeof(half)}};
    struct daf_pack k;

    (void)state;
    memset(half, 0xff, sizeof(half));
    make_world(2, 256 + PAGES);
    begin();
    daf_pack_init(&k, room, sizeof(room));
    daf_frame_pack_have(&k, &f);
    while (net.nodes[1].held == 0)
        assert_true(step());
    give(0, &(struct daf_input){.kind = DAF_INPUT_FRAME,
                                .conn = net.nodes[1].links[0].back,
                                .bytes = daf_pack_view(&k)});
    all_have_it();
    free_world();
}

/* ---- one air */

static void put_on_air(void)
{
    struct daf_input in = {.kind = DAF_INPUT_AIR,
                           .air = {.kind = DAF_AIR_RADIO, .id = {7}}};

    net.has_air = true;
    for (size_t i = 1; i < net.count; i++)
        give(i, &in);
    in.air = (struct daf_air){.kind = DAF_AIR_CABLE};
    give(0, &in);
}

/* At half time half of them have all of it, and no byte crossed the air twice. */
static void on_one_air_some_are_done_before_others(void **state)
{
    size_t early = 0;

    (void)state;
    make_world(9, 128 + PAGES);
    put_on_air();
    begin();
    assert_true(finish() <= 1.05 * 8);
    for (size_t i = 1; i < net.count; i++) {
        early += (double)net.nodes[i].done_at <= 1.1 * 4 * copy_us();
        assert_true(net.nodes[i].sent == 0);
    }
    assert_int_equal(early, 4);
    free_world();
}

/* Nobody on a cable has it: then a tablet is a source for others. */
static void what_only_a_tablet_has_comes_from_it(void **state)
{
    (void)state;
    make_world(5, 64 + PAGES);
    put_on_air();
    wants(1, true);
    net.nodes[1].done_at = 0;
    for (size_t i = 2; i < net.count; i++)
        wants(i, false);
    /* Three copies, each twice over the air, after 2 s for others to say that they
     * have it. */
    assert_true(finish() <= 1.10 * 6 + 2e6 / copy_us());
    free_world();
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(eight_have_it_from_each_other),
        cmocka_unit_test(sixteen_have_it_from_each_other),
        cmocka_unit_test(one_that_goes_holds_up_nobody),
        cmocka_unit_test(one_that_sends_nothing_holds_up_nobody),
        cmocka_unit_test(one_that_lies_of_what_it_has_holds_up_nobody),
        cmocka_unit_test(what_was_dropped_comes_again),
        cmocka_unit_test(what_half_of_was_dropped_comes),
        cmocka_unit_test(on_one_air_some_are_done_before_others),
        cmocka_unit_test(what_only_a_tablet_has_comes_from_it),
    };

    return cmocka_run_group_tests(tests, make_crowd, free_camp);
}
