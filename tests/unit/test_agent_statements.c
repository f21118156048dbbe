/* SPDX-License-Identifier: Apache-2.0 */
/* Statements between agents: what archives keep is made, kept, passed on and relied
 * on (docs/content.md §7).  The test is the shelf. */
#include "tests/lib/t.h"

#include <stdlib.h>

#include "proto/hash.h"
#include "proto/status.h"
#include "tests/lib/agent_case.h"

#define ID sizeof(struct daf_hash)

/* ---- the shelf */

enum how { WHOLE, LACKING, GONE };

static struct daf_hash content_of(uint32_t number)
{
    struct daf_hash content = {{0x77}};

    for (int i = 0; i < 4; i++)
        content.b[1 + i] = (uint8_t)(number >> (24 - 8 * i));
    return content;
}

static void item(struct host *h, uint32_t number, enum how how)
{
    const struct daf_item_news news = {.content = content_of(number),
                                       .parts = 2,
                                       .pages = 1,
                                       .part_bytes = 4096,
                                       .is_gone = how == GONE,
                                       .is_whole = how == WHOLE,
                                       .is_wanted = true,
                                       .at = {1700000000000 + number}};
    const struct daf_input in = {.kind = DAF_INPUT_ITEM, .item = &news};

    daf_agent_input(h->agent, h->now, &in);
}

static void items(struct host *h, uint32_t first, uint32_t last)
{
    for (uint32_t i = first; i <= last; i++)
        item(h, i, WHOLE);
}

static void shelf(struct host *h, bool is_there)
{
    const struct daf_input in = {.kind = DAF_INPUT_SHELF, .is_there = is_there};

    daf_agent_input(h->agent, h->now, &in);
}

/* ---- time */

static uint64_t first_deadline(const struct wire *w, size_t count)
{
    uint64_t first = UINT64_MAX;

    for (size_t i = 0; i < count; i++) {
        const struct host *const ends[] = {w[i].a, w[i].b};

        for (size_t j = 0; j < 2; j++) {
            uint64_t ms = daf_agent_deadline(ends[j]->agent).ms;

            if (ms < first) first = ms;
        }
    }
    return first;
}

static void tick(const struct wire *w, size_t count, uint64_t ms)
{
    for (size_t i = 0; i < count; i++) {
        struct host *const ends[] = {w[i].a, w[i].b};

        for (size_t j = 0; j < 2; j++) {
            if (ends[j]->now.ms < ms) ends[j]->now.ms = ms;
            simple(ends[j], DAF_INPUT_TIMER);
        }
    }
}

/* So much time goes by for all who are on these wires; the disks answer at once. */
static void run(const struct wire *w, size_t count, uint64_t ms)
{
    uint64_t end = w[0].a->now.ms + ms;

    for (size_t steps = 0;; steps++) {
        uint64_t next;

        assert_true(steps < 10000);
        talk(w, count, true);
        next = first_deadline(w, count);
        if (next > end) break;
        tick(w, count, next);
    }
    tick(w, count, end);
    talk(w, count, true);
}

/* The same for one alone, whose disk answers if @commits; returns how much later its
 * disk was first asked, or UINT64_MAX. */
static uint64_t wait_for_it(struct host *h, uint64_t ms, bool commits)
{
    uint64_t start = h->now.ms, asked = UINT64_MAX;

    if (commits) commit_all(h);
    while (daf_agent_deadline(h->agent).ms <= start + ms) {
        if (daf_agent_deadline(h->agent).ms > h->now.ms)
            h->now = daf_agent_deadline(h->agent);
        simple(h, DAF_INPUT_TIMER);
        if (jobs_of(h) > 0 && asked == UINT64_MAX) asked = h->now.ms - start;
        if (commits) commit_all(h);
    }
    h->now.ms = start + ms;
    simple(h, DAF_INPUT_TIMER);
    if (commits) commit_all(h);
    return asked;
}

static void wait(struct host *h, uint64_t ms)
{
    (void)wait_for_it(h, ms, true);
}

/* ---- what is kept */

static struct daf_author_id author_of(size_t device)
{
    return daf_hash_author_id(&keys[device].sign);
}

static const struct on_disk *on_disk(const struct host *h, size_t device,
                                     uint8_t kind, uint8_t page)
{
    struct daf_author_id author = author_of(device);

    for (size_t i = 0; i < h->statements_count; i++) {
        const struct on_disk *d = &h->statements[i];

        if (memcmp(d->st.author.b, author.b, 16) == 0 && d->st.kind == kind &&
            d->st.page == page)
            return d;
    }
    return NULL;
}

static const struct daf_statement *page_of(const struct host *h, size_t device,
                                           uint8_t page)
{
    const struct on_disk *d = on_disk(h, device, DAF_STATEMENT_ARCHIVED, page);

    return d == NULL ? NULL : &d->st;
}

static size_t count_on(const struct daf_statement *st)
{
    assert_non_null(st);
    return st->content.len / ID;
}

static bool says_of(const struct daf_statement *st, uint32_t number)
{
    struct daf_hash content = content_of(number);

    return st != NULL && daf_statement_find(st, &content, NULL);
}

static size_t keepers_of(const struct host *h, uint32_t number,
                         struct daf_keeper_info *out)
{
    struct daf_hash content = content_of(number);

    return daf_agent_keepers(h->agent, &content, out, 4);
}

/* @h relies on device @device for it. */
static bool relies(const struct host *h, size_t device, uint32_t number)
{
    struct daf_author_id author = author_of(device);
    struct daf_keeper_info keepers[4];
    size_t count = keepers_of(h, number, keepers);

    for (size_t i = 0; i < count; i++) {
        if (memcmp(keepers[i].author.b, author.b, 16) == 0)
            return !keepers[i].is_revoked;
    }
    return false;
}

static size_t told(const struct host *h)
{
    return h->said_count[DAF_FRAME_REGISTER] + h->said_count[DAF_FRAME_STATED];
}

static void forget_told(struct host *h)
{
    memset(h->said_count, 0, sizeof(h->said_count));
}

static uint64_t refused_by(const struct host *h)
{
    return stats_of(h).statements_refused;
}

/* ---- statements made by hand */

struct made {
    uint8_t bytes[DAF_STATEMENT_BYTES_MAX];
    size_t len;
    struct daf_author_id author;
};

struct want {
    size_t author, signer;
    uint8_t kind, page;
    uint64_t number;
    uint32_t first, count; /* ARCHIVED: content */
    uint8_t says;          /* other kinds */
    const char *scope;
    const struct daf_camp_id *camp;
};

static struct want want_of(size_t author, uint64_t number, uint32_t content)
{
    return (struct want){.author = author,
                         .signer = author,
                         .kind = DAF_STATEMENT_ARCHIVED,
                         .number = number,
                         .first = content,
                         .count = 1,
                         .scope = "telemetry",
                         .camp = &manifest.camp};
}

static void pack_head(struct daf_pack *k, const struct want *w,
                      const struct daf_statement *st)
{
    daf_pack_array(k, 8);
    daf_pack_uint(k, 1);
    daf_pack_bin(k, st->scope.b, 16);
    daf_pack_bin(k, st->author.b, 16);
    daf_pack_uint(k, w->kind);
    daf_pack_uint(k, w->page);
    daf_pack_uint(k, w->number);
}

/* A kind that nobody reads. */
static void make_other(const struct want *w, const struct daf_statement *st,
                       struct made *out)
{
    struct daf_hash h;
    struct daf_sig sig;
    struct daf_pack k;

    daf_pack_init(&k, out->bytes, sizeof(out->bytes));
    pack_head(&k, w, st);
    daf_pack_uint(&k, w->says);
    daf_hash_256("daf.statement.1", daf_pack_view(&k), h.b);
    daf_hash_sign("daf.statement.1", (struct daf_view){h.b, sizeof(h.b)},
                  &secrets[w->signer].sign, &sig);
    daf_pack_bin(&k, sig.b, sizeof(sig.b));
    out->len = k.len;
}

static void make(const struct want *w, struct made *out)
{
    static uint8_t content[DAF_ARCHIVED_MAX * ID], since[DAF_ARCHIVED_MAX * 8];
    struct daf_statement st = {.scope = daf_hash_scope_id(w->camp, w->scope),
                               .author = author_of(w->author),
                               .kind = w->kind,
                               .page = w->page,
                               .number = w->number,
                               .content = {content, w->count * ID},
                               .since = {since, (size_t)w->count * 8}};

    out->author = st.author;
    if (w->kind != DAF_STATEMENT_ARCHIVED) {
        make_other(w, &st, out);
        return;
    }
    for (uint32_t i = 0; i < w->count; i++) {
        struct daf_hash c = content_of(w->first + i);

        memcpy(content + i * ID, c.b, ID);
    }
    out->len = daf_statement_sign(&st, &secrets[w->signer].sign, out->bytes);
}

static uint8_t frame_room[DAF_FRAME_BYTES_MAX];

static void hears_made(struct host *h, uint32_t conn, const struct made *m)
{
    struct daf_pack k;

    daf_pack_init(&k, frame_room, sizeof(frame_room));
    daf_frame_pack_register(&k, &m->author,
                            (struct daf_view){m->bytes, m->len});
    assert_false(k.is_full);
    frame(h, conn, daf_pack_view(&k));
}

static void hears(struct host *h, uint32_t conn, const struct want *w)
{
    static struct made m;

    make(w, &m);
    hears_made(h, conn, &m);
}

static void hears_stated(struct host *h, uint32_t conn,
                         enum daf_stated_kind kind, struct daf_view data)
{
    const struct daf_stated_list f = {kind, data};
    struct daf_pack k;

    daf_pack_init(&k, frame_room, sizeof(frame_room));
    daf_frame_pack_stated(&k, &f);
    assert_false(k.is_full);
    frame(h, conn, daf_pack_view(&k));
}

/* All that it said so far is lost. */
static void drain(struct host *h)
{
    struct daf_view bytes;
    uint32_t conn;

    while (take(h, &conn, &bytes))
        ;
}

/* ---- pairs */

struct pair {
    struct host *h, *peer;
    struct wire w; /* the peer called */
};

static struct pair pair_of(size_t number, size_t peer)
{
    struct pair p = {.h = host_new(number), .peer = host_new(peer)};

    p.w = meet(p.peer, p.h);
    run(&p.w, 1, 3000);
    forget_told(p.h);
    forget_told(p.peer);
    return p;
}

static void pair_free(struct pair *p)
{
    host_free(p->h);
    host_free(p->peer);
}

/* What the peer's end says to @p->h, by hand. */
static void peer_says(struct pair *p, const struct want *w)
{
    hears(p->h, p->w.b_conn, w);
}

/* An archive with items 1 to @last, stated and durable. */
static struct host *archive_with(size_t number, uint32_t last)
{
    struct host *h = host_new(number);

    items(h, 1, last);
    shelf(h, true);
    wait(h, 10000);
    assert_int_equal(count_on(page_of(h, number, 0)),
                     last < DAF_ARCHIVED_MAX ? last : DAF_ARCHIVED_MAX);
    return h;
}

/* ---- R84: what an archive states */

static void an_archive_states_what_is_whole_within_five_seconds(void **state)
{
    static const size_t archives[] = {0, 2};

    (void)state;
    for (size_t i = 0; i < 2; i++) {
        size_t number = archives[i];
        struct host *h = host_new(number);
        uint64_t since;
        struct daf_hash second = content_of(2);

        assert_true(daf_agent_is_archive(h->agent));
        item(h, 1, WHOLE);
        item(h, 2, WHOLE);
        item(h, 3, LACKING);
        assert_int_equal(wait_for_it(h, 60000, true), UINT64_MAX);
        shelf(h, true);
        assert_in_range(wait_for_it(h, 5000, true), 0, 5000);
        assert_int_equal(count_on(page_of(h, number, 0)), 2);
        assert_true(daf_statement_find(page_of(h, number, 0), &second, &since));
        assert_int_equal(since, 1700000000002);
        assert_int_equal(page_of(h, number, 0)->number, 1);
        item(h, 4, WHOLE);
        assert_in_range(wait_for_it(h, 5000, true), 0, 5000);
        assert_int_equal(count_on(page_of(h, number, 0)), 3);
        assert_int_equal(page_of(h, number, 0)->number, 2);
        /* The same again is no news. */
        item(h, 4, WHOLE);
        assert_int_equal(wait_for_it(h, 60000, true), UINT64_MAX);
        host_free(h);
    }
}

static void who_is_no_archive_states_nothing(void **state)
{
    struct host *h = host_new(1);

    (void)state;
    assert_false(daf_agent_is_archive(h->agent));
    item(h, 1, WHOLE);
    shelf(h, true);
    item(h, 2, WHOLE);
    assert_int_equal(wait_for_it(h, 60000, true), UINT64_MAX);
    is_at_rest(h);
    host_free(h);
}

static void nothing_is_told_before_it_is_durable(void **state)
{
    struct pair p = pair_of(2, 1);

    (void)state;
    item(p.h, 1, WHOLE);
    shelf(p.h, true);
    assert_in_range(wait_for_it(p.h, 20000, false), 0, 5000);
    assert_int_equal(jobs_of(p.h), 1);
    assert_int_equal(told(p.h), 0);
    assert_true(stored(p.h, DAF_OK, 0));
    p.peer->now = p.h->now;
    run(&p.w, 1, 10000);
    assert_true(relies(p.peer, 2, 1));
    pair_free(&p);
}

static bool has_stated(const struct host *h, uint32_t number)
{
    struct daf_hash content = content_of(number);

    return daf_agent_has_stated(h->agent, &content);
}

/* What the disk was asked for may be durable, and is told then: it binds. */
static void what_is_being_written_binds_already(void **state)
{
    struct host *h = host_new(2);

    (void)state;
    item(h, 1, WHOLE);
    shelf(h, true);
    assert_in_range(wait_for_it(h, 20000, false), 0, 5000);
    assert_int_equal(jobs_of(h), 1);
    assert_true(has_stated(h, 1));
    assert_false(has_stated(h, 2));
    wait(h, 1000);
    assert_true(has_stated(h, 1));
    /* And what is being taken back binds until it is. */
    item(h, 1, LACKING);
    (void)wait_for_it(h, 100, false);
    assert_true(has_stated(h, 1));
    wait(h, 1000);
    assert_false(has_stated(h, 1));
    host_free(h);
}

static void what_is_not_so_any_more_is_taken_back_at_once(void **state)
{
    static const enum how hows[] = {GONE, LACKING};

    (void)state;
    for (size_t i = 0; i < 2; i++) {
        struct host *h = archive_with(2, 3);

        item(h, 2, hows[i]);
        assert_int_equal(wait_for_it(h, 100, true), 0);
        assert_int_equal(count_on(page_of(h, 2, 0)), 2);
        assert_false(says_of(page_of(h, 2, 0), 2));
        /* And again, once it is whole. */
        item(h, 2, WHOLE);
        wait(h, 5000);
        assert_true(says_of(page_of(h, 2, 0), 2));
        host_free(h);
    }
}

/* What is taken back is heard of, whenever that is: also while what was stated before
 * holds back the next gift. */
static void what_is_taken_back_is_heard_of(void **state)
{
    (void)state;
    for (uint64_t after = 0; after < 4000; after += 250) {
        struct pair p = pair_of(2, 1);

        item(p.h, 1, WHOLE);
        shelf(p.h, true);
        run(&p.w, 1, 1);
        while (!relies(p.peer, 2, 1))
            run(&p.w, 1, 50);
        run(&p.w, 1, after + 1);
        shelf(p.h, false);
        run(&p.w, 1, 10000);
        if (relies(p.peer, 2, 1)) fail_msg("after %d ms", (int)after);
        pair_free(&p);
    }
}

/* The same of two archives that change at once. */
static void what_two_take_back_is_heard_of(void **state)
{
    (void)state;
    for (uint64_t after = 0; after < 4000; after += 250) {
        struct pair p = pair_of(2, 0);

        item(p.h, 1, WHOLE);
        item(p.peer, 2, WHOLE);
        shelf(p.h, true);
        shelf(p.peer, true);
        run(&p.w, 1, 1);
        while (!relies(p.peer, 2, 1) || !relies(p.h, 0, 2))
            run(&p.w, 1, 50);
        run(&p.w, 1, after + 1);
        shelf(p.h, false);
        shelf(p.peer, false);
        run(&p.w, 1, 10000);
        if (relies(p.peer, 2, 1) || relies(p.h, 0, 2))
            fail_msg("after %d ms", (int)after);
        pair_free(&p);
    }
}

static void a_shelf_that_is_not_mounted_holds_nothing(void **state)
{
    struct host *h = archive_with(2, 3);

    (void)state;
    shelf(h, false);
    assert_int_equal(wait_for_it(h, 100, true), 0);
    assert_int_equal(count_on(page_of(h, 2, 0)), 0);
    shelf(h, true);
    wait(h, 5000);
    assert_int_equal(count_on(page_of(h, 2, 0)), 3);
    host_free(h);
}

/* A READ for a peer ended so, whether or not he is still there. */
static void read_ends(struct host *h, uint32_t number, enum daf_err err)
{
    const struct daf_input in = {.kind = DAF_INPUT_READ,
                                 .conn = 12345,
                                 .piece = {.content = content_of(number)},
                                 .is_last = true,
                                 .err = err};

    daf_agent_input(h->agent, h->now, &in);
}

static void what_the_disk_cannot_read_is_not_stated(void **state)
{
    struct host *h = archive_with(2, 3);

    (void)state;
    read_ends(h, 2, DAF_ENOMEM);
    read_ends(h, 9, DAF_EIO);
    assert_int_equal(wait_for_it(h, 60000, true), UINT64_MAX);
    read_ends(h, 2, DAF_EIO);
    assert_int_equal(wait_for_it(h, 100, true), 0);
    assert_int_equal(count_on(page_of(h, 2, 0)), 2);
    assert_false(says_of(page_of(h, 2, 0), 2));
    read_ends(h, 2, DAF_EIO);
    assert_int_equal(wait_for_it(h, 60000, true), UINT64_MAX);
    item(h, 2, WHOLE); /* it was looked through, or mended */
    wait(h, 5000);
    assert_true(says_of(page_of(h, 2, 0), 2));
    host_free(h);
}

/* A start without the card: no item is told. */
static void what_is_lacking_after_a_start_is_taken_back(void **state)
{
    struct host *h = archive_with(2, 3);

    (void)state;
    restart(h);
    assert_int_equal(wait_for_it(h, 60000, true), UINT64_MAX);
    assert_int_equal(count_on(page_of(h, 2, 0)), 3);
    item(h, 1, WHOLE);
    item(h, 3, WHOLE);
    shelf(h, true);
    wait(h, 100);
    assert_int_equal(count_on(page_of(h, 2, 0)), 2);
    assert_int_equal(page_of(h, 2, 0)->number, 2);
    restart(h);
    shelf(h, false);
    wait(h, 100);
    assert_int_equal(count_on(page_of(h, 2, 0)), 0);
    host_free(h);
}

static void an_item_stays_on_its_page(void **state)
{
    struct host *h = archive_with(2, DAF_ARCHIVED_MAX + 1);

    (void)state;
    assert_int_equal(count_on(page_of(h, 2, 1)), 1);
    assert_true(says_of(page_of(h, 2, 1), DAF_ARCHIVED_MAX + 1));
    /* One goes from the first: that page alone has a new number. */
    item(h, 500, GONE);
    wait(h, 6000);
    assert_int_equal(count_on(page_of(h, 2, 0)), DAF_ARCHIVED_MAX - 1);
    assert_int_equal(page_of(h, 2, 0)->number, 2);
    assert_int_equal(page_of(h, 2, 1)->number, 1);
    /* A new one takes its place, and is in order there. */
    item(h, 0, WHOLE);
    wait(h, 6000);
    assert_int_equal(count_on(page_of(h, 2, 0)), DAF_ARCHIVED_MAX);
    assert_true(says_of(page_of(h, 2, 0), 0));
    assert_int_equal(page_of(h, 2, 0)->number, 3);
    assert_int_equal(page_of(h, 2, 1)->number, 1);
    /* One more, and the first page is full. */
    item(h, 7777, WHOLE);
    wait(h, 6000);
    assert_int_equal(page_of(h, 2, 0)->number, 3);
    assert_int_equal(count_on(page_of(h, 2, 1)), 2);
    assert_null(page_of(h, 2, 2));
    host_free(h);
}

static void no_more_than_sixteen_pages_are_stated(void **state)
{
    struct host *h =
        archive_with(2, DAF_ARCHIVED_MAX * DAF_ARCHIVED_PAGES_MAX + 3);

    (void)state;
    assert_int_equal(h->statements_count, DAF_ARCHIVED_PAGES_MAX);
    assert_int_equal(count_on(page_of(h, 2, DAF_ARCHIVED_PAGES_MAX - 1)),
                     DAF_ARCHIVED_MAX);
    item(h, 5, GONE);
    wait(h, 6000);
    assert_true(says_of(page_of(h, 2, 0), 16385));
    assert_int_equal(page_of(h, 2, 1)->number, 1);
    is_at_rest(h);
    host_free(h);
}

/* ---- R82: two that meet */

static void a_peer_gets_what_it_lacks_and_then_both_are_silent(void **state)
{
    struct host *archive = archive_with(2, 3), *h = host_new(1);
    struct daf_keeper_info keepers[4];
    struct wire w = meet(h, archive);

    (void)state;
    run(&w, 1, 5000);
    assert_int_equal(archive->said_count[DAF_FRAME_REGISTER], 1);
    assert_int_equal(keepers_of(h, 2, keepers), 1);
    assert_memory_equal(keepers[0].author.b, author_of(2).b, 16);
    assert_int_equal(keepers[0].since.ms, 1700000000002);
    assert_false(keepers[0].is_revoked);
    assert_true(keepers[0].is_before ==
                (memcmp(author_of(2).b, author_of(1).b, 16) < 0));
    assert_int_equal(keepers_of(h, 4, keepers), 0);
    /* The archive does not count itself. */
    assert_int_equal(keepers_of(archive, 2, keepers), 0);
    forget_told(archive);
    forget_told(h);
    run(&w, 1, 120000);
    assert_int_equal(told(archive) + told(h), 0);
    /* Of what changes one page comes. */
    item(archive, 4, WHOLE);
    run(&w, 1, 10000);
    assert_true(relies(h, 2, 4));
    assert_int_equal(archive->said_count[DAF_FRAME_REGISTER], 1);
    item(archive, 1, GONE);
    run(&w, 1, 5000);
    assert_false(relies(h, 2, 1));
    host_free(archive);
    host_free(h);
}

static void two_that_hold_the_same_say_one_sum_each(void **state)
{
    struct host *archive = archive_with(2, 3), *h = host_new(1);
    struct wire w = meet(h, archive);

    (void)state;
    run(&w, 1, 5000);
    part(&w);
    w = meet(h, archive);
    run(&w, 1, 60000);
    assert_int_equal(archive->said_count[DAF_FRAME_STATED], 1);
    assert_int_equal(h->said_count[DAF_FRAME_STATED], 1);
    assert_int_equal(archive->said_count[DAF_FRAME_REGISTER], 0);
    assert_int_equal(h->said_count[DAF_FRAME_REGISTER], 0);
    host_free(archive);
    host_free(h);
}

static void two_that_hold_nothing_say_nothing(void **state)
{
    struct host *a = host_new(2), *b = host_new(1);
    struct wire w = meet(b, a);

    (void)state;
    run(&w, 1, 60000);
    assert_int_equal(told(a) + told(b), 0);
    host_free(a);
    host_free(b);
}

/* Archives at both ends, and a device between them that is none. */
static void three_in_a_row_pass_it_on(void **state)
{
    struct host *a = archive_with(2, 3), *mid = host_new(1),
                *b = archive_with(0, 2);
    struct wire w[2];

    (void)state;
    w[0] = meet(mid, a);
    run(w, 1, 5000);
    w[1] = wire_up(mid, go_to_mesh(mid, 0, "10.0.0.8:1000"), b, IN | 9);
    run(w, 2, 10000);
    for (uint32_t i = 1; i <= 2; i++) {
        assert_true(relies(mid, 0, i) && relies(mid, 2, i));
        assert_true(relies(a, 0, i));
        assert_true(relies(b, 2, i));
    }
    assert_true(relies(b, 2, 3));
    item(a, 9, WHOLE);
    item(b, 2, GONE);
    run(w, 2, 15000);
    assert_true(relies(b, 2, 9));
    assert_false(relies(a, 0, 2));
    forget_told(mid);
    run(w, 2, 60000);
    assert_int_equal(told(mid), 0);
    host_free(a);
    host_free(mid);
    host_free(b);
}

static void what_a_peer_has_given_is_there_after_a_restart(void **state)
{
    struct host *archive = archive_with(2, 3), *h = host_new(1);
    struct wire w = meet(h, archive);

    (void)state;
    run(&w, 1, 5000);
    part(&w);
    restart(h);
    assert_true(relies(h, 2, 3));
    restart(archive);
    items(archive, 1, 3);
    shelf(archive, true);
    assert_int_equal(wait_for_it(archive, 60000, true), UINT64_MAX);
    host_free(archive);
    host_free(h);
}

/* ---- R81: what does not count */

struct bad {
    const char *name;
    struct want w;
};

static void what_does_not_count_is_refused(void **state)
{
    struct daf_camp_id other = {{9}};
    struct pair p = pair_of(1, 2);
    struct bad bad[] = {
        {"of no archive", want_of(1, 1, 7)},
        {"of no member", want_of(STRANGER, 1, 7)},
        {"of one whom control does not know", want_of(LATE, 1, 7)},
        {"of another camp", want_of(2, 1, 7)},
        {"of another scope", want_of(2, 1, 7)},
        {"by another's key", want_of(2, 1, 7)},
        {"of no member, in a kind that is not read", want_of(STRANGER, 1, 7)},
    };
    size_t count = sizeof(bad) / sizeof(bad[0]);

    (void)state;
    bad[3].w.camp = &other;
    bad[4].w.scope = "control";
    bad[5].w.signer = 0;
    bad[6].w.kind = 3;
    for (size_t i = 0; i < count; i++) {
        uint64_t before = refused_by(p.h);

        peer_says(&p, &bad[i].w);
        if (refused_by(p.h) != before + 1) fail_msg("%s", bad[i].name);
    }
    assert_int_equal(wait_for_it(p.h, 20000, true), UINT64_MAX);
    assert_int_equal(p.h->statements_count, 0);
    assert_int_equal(told(p.h), 0);
    pair_free(&p);
}

static void a_frame_that_names_another_author_is_refused(void **state)
{
    static struct made m;
    struct pair p = pair_of(1, 2);
    struct want w = want_of(2, 1, 7);

    (void)state;
    make(&w, &m);
    m.author = author_of(0);
    hears_made(p.h, p.w.b_conn, &m);
    assert_int_equal(refused_by(p.h), 1);
    m.author = author_of(2);
    m.bytes[m.len - 1] ^= 1;
    hears_made(p.h, p.w.b_conn, &m);
    assert_int_equal(refused_by(p.h), 2);
    m.len--;
    hears_made(p.h, p.w.b_conn, &m);
    assert_int_equal(refused_by(p.h), 3);
    assert_int_equal(wait_for_it(p.h, 20000, true), UINT64_MAX);
    assert_false(is_closed(p.h, p.w.b_conn));
    pair_free(&p);
}

static void an_older_one_changes_nothing(void **state)
{
    struct pair p = pair_of(1, 2);
    struct want new = want_of(2, 5, 7), old = want_of(2, 4, 8),
                same = want_of(2, 5, 7);

    (void)state;
    peer_says(&p, &new);
    wait(p.h, 3000);
    assert_true(relies(p.h, 2, 7));
    peer_says(&p, &old);
    peer_says(&p, &same);
    assert_int_equal(wait_for_it(p.h, 20000, true), UINT64_MAX);
    assert_true(relies(p.h, 2, 7));
    assert_false(relies(p.h, 2, 8));
    /* Nor one that is older than what is at the disk. */
    new.number = 9;
    peer_says(&p, &new);
    (void)wait_for_it(p.h, 1500, false);
    assert_int_equal(jobs_of(p.h), 1);
    old.number = 8;
    peer_says(&p, &old);
    assert_true(stored(p.h, DAF_OK, 0));
    assert_int_equal(wait_for_it(p.h, 20000, true), UINT64_MAX);
    assert_int_equal(page_of(p.h, 2, 0)->number, 9);
    pair_free(&p);
}

static void other_kinds_of_any_member_are_carried_unread(void **state)
{
    struct pair p = pair_of(0, 2);
    struct want w = want_of(1, 3, 0);

    (void)state;
    w.kind = 4;
    w.says = 77;
    peer_says(&p, &w);
    assert_int_equal(refused_by(p.h), 0);
    run(&p.w, 1, 10000);
    assert_non_null(on_disk(p.h, 1, 4, 0));
    assert_non_null(on_disk(p.peer, 1, 4, 0));
    assert_int_equal(on_disk(p.peer, 1, 4, 0)->len, on_disk(p.h, 1, 4, 0)->len);
    pair_free(&p);
}

/* LATE's statement comes by the coordinator, who certified it meanwhile. */
static void a_certificate_that_comes_later_lets_it_in(void **state)
{
    struct pair p = pair_of(0, 1);
    struct want w = want_of(LATE, 1, 7);

    (void)state;
    p.h->lost = p.peer->lost = DAF_FRAME_HEADS;
    write_cert(p.h, LATE);
    commit_all(p.h);
    drain(p.h);
    peer_says(&p, &w);
    run(&p.w, 1, 20000);
    assert_true(relies(p.h, LATE, 7));
    assert_false(relies(p.peer, LATE, 7));
    assert_true(refused_by(p.peer) > 0);
    assert_null(page_of(p.peer, LATE, 0));
    /* Control comes with the next session, its statement in the same. */
    p.h->lost = p.peer->lost = DAF_FRAME_UNKNOWN;
    part(&p.w);
    p.w = meet(p.peer, p.h);
    run(&p.w, 1, 20000);
    assert_true(relies(p.peer, LATE, 7));
    pair_free(&p);
}

/* What an archive said that is none any more stays with who had it, and is nobody's
 * business else: who had it not would refuse it in each session. */
static void what_a_former_archive_said_is_not_passed_on(void **state)
{
    struct pair p = pair_of(0, 1);
    struct want w = want_of(2, 1, 7);

    (void)state;
    p.h->lost = p.peer->lost = DAF_FRAME_REGISTER;
    peer_says(&p, &w);
    run(&p.w, 1, 6000);
    assert_true(relies(p.h, 2, 7));
    assert_false(relies(p.peer, 2, 7));
    write_demotion(p.h, 2);
    run(&p.w, 1, 20000);
    assert_false(relies(p.h, 2, 7));
    p.h->lost = p.peer->lost = DAF_FRAME_UNKNOWN;
    part(&p.w);
    p.w = meet(p.peer, p.h);
    run(&p.w, 1, 5000);
    assert_non_null(page_of(p.h, 2, 0));
    assert_null(page_of(p.peer, 2, 0));
    assert_true(refused_by(p.peer) == 0);
    forget_told(p.h);
    forget_told(p.peer);
    run(&p.w, 1, 120000);
    assert_int_equal(told(p.h) + told(p.peer), 0);
    pair_free(&p);
}

/* ---- the disk */

static void what_could_not_be_kept_is_tried_again(void **state)
{
    struct pair p = pair_of(2, 1);

    (void)state;
    item(p.h, 1, WHOLE);
    shelf(p.h, true);
    for (size_t i = 0; i < 5; i++) {
        assert_in_range(wait_for_it(p.h, 8000, false), 0, 8000);
        assert_int_equal(jobs_of(p.h), 1);
        assert_true(stored(p.h, DAF_EFULL, 0));
        assert_int_equal(told(p.h), 0);
    }
    p.peer->now = p.h->now;
    run(&p.w, 1, 20000);
    assert_true(says_of(page_of(p.h, 2, 0), 1));
    assert_true(relies(p.peer, 2, 1));
    pair_free(&p);
}

/* What a peer said is not lost by our disk, which was full for a while: nobody says
 * it again. */
static void what_a_peer_said_is_tried_again(void **state)
{
    struct pair p = pair_of(1, 2);
    struct want w = want_of(2, 1, 7);

    (void)state;
    peer_says(&p, &w);
    for (size_t i = 0; i < 3; i++) {
        (void)wait_for_it(p.h, 8000, false);
        assert_int_equal(jobs_of(p.h), 1);
        assert_true(stored(p.h, DAF_EFULL, 0));
        assert_false(relies(p.h, 2, 7));
        assert_int_equal(told(p.h), 0);
    }
    wait(p.h, 20000);
    assert_true(relies(p.h, 2, 7));
    pair_free(&p);
}

/* What was true when the disk failed is not said when it works again. */
static void what_is_tried_again_is_what_is_true_now(void **state)
{
    (void)state;
    for (uint32_t i = 0; i < 8; i++) {
        struct host *h = host_new(2);

        item(h, i, WHOLE);
        shelf(h, true);
        (void)wait_for_it(h, 5000, false);
        assert_true(stored(h, DAF_EIO, 0));
        item(h, i, GONE);
        item(h, 100 + i, WHOLE);
        while (jobs_of(h) == 0)
            await(h);
        commit_all(h);
        assert_int_equal(page_of(h, 2, 0)->number, 1);
        assert_false(says_of(page_of(h, 2, 0), i));
        host_free(h);
    }
}

/* ---- R83: our own from elsewhere */

static void who_meets_a_newer_one_of_its_own_goes_above_it(void **state)
{
    struct pair p = pair_of(2, 1);
    struct want w = want_of(2, 40, 99);

    (void)state;
    item(p.h, 1, WHOLE);
    shelf(p.h, true);
    run(&p.w, 1, 6000);
    assert_int_equal(page_of(p.h, 2, 0)->number, 1);
    peer_says(&p, &w);
    run(&p.w, 1, 15000);
    assert_int_equal(page_of(p.h, 2, 0)->number, 41);
    assert_true(says_of(page_of(p.h, 2, 0), 1));
    assert_false(says_of(page_of(p.h, 2, 0), 99));
    assert_true(relies(p.peer, 2, 1));
    assert_false(relies(p.peer, 2, 99));
    pair_free(&p);
}

/* A page that it knows nothing of, too; and one that is as it would say it stays. */
static void a_newer_one_that_is_true_stays(void **state)
{
    struct pair p = pair_of(2, 1);
    struct want w = want_of(2, 40, 1), page = want_of(2, 7, 50);

    (void)state;
    item(p.h, 1, WHOLE);
    shelf(p.h, true);
    run(&p.w, 1, 6000);
    peer_says(&p, &w);
    page.page = 3;
    peer_says(&p, &page);
    run(&p.w, 1, 15000);
    assert_int_equal(page_of(p.h, 2, 0)->number, 40);
    assert_int_equal(page_of(p.h, 2, 3)->number, 8);
    assert_int_equal(count_on(page_of(p.h, 2, 3)), 0);
    pair_free(&p);
}

/* No higher number is left: it is let be, and nothing else stops. */
static void the_highest_number_of_all_ends_a_page(void **state)
{
    struct pair p = pair_of(2, 1);
    struct want w = want_of(2, DAF_INT_MAX, 99);

    (void)state;
    shelf(p.h, true);
    peer_says(&p, &w);
    wait(p.h, 20000);
    assert_true(page_of(p.h, 2, 0)->number == DAF_INT_MAX);
    item(p.h, 5, WHOLE);
    wait(p.h, 20000);
    assert_int_equal(jobs_of(p.h), 0);
    drain(p.h);
    is_at_rest(p.h);
    pair_free(&p);
}

/* Of two with one number the higher mark stands, whichever came first. */
static void of_two_with_one_number_all_keep_the_same(void **state)
{
    struct host *a = host_new(1), *b = host_new(0);
    struct want x = want_of(2, 4, 7), y = want_of(2, 4, 8);
    struct wire w = meet(a, b);
    const struct on_disk *of_a, *of_b;

    (void)state;
    hears(a, w.a_conn, &x);
    hears(a, w.a_conn, &y);
    hears(b, w.b_conn, &y);
    wait(b, 1500);
    hears(b, w.b_conn, &x);
    a->now = b->now;
    run(&w, 1, 10000);
    of_a = on_disk(a, 2, DAF_STATEMENT_ARCHIVED, 0);
    of_b = on_disk(b, 2, DAF_STATEMENT_ARCHIVED, 0);
    assert_int_equal(of_a->len, of_b->len);
    assert_memory_equal(of_a->bytes, of_b->bytes, of_a->len);
    host_free(a);
    host_free(b);
}

static void two_that_hold_one_each_with_one_number_agree(void **state)
{
    struct host *a = host_new(1), *b = host_new(0);
    struct want x = want_of(2, 4, 7), y = want_of(2, 4, 8);
    struct wire w = meet(a, b);

    (void)state;
    hears(a, w.a_conn, &x);
    hears(b, w.b_conn, &y);
    wait(a, 1500);
    wait(b, 1500);
    assert_true(relies(a, 2, 7) && relies(b, 2, 8));
    run(&w, 1, 10000);
    assert_true(relies(a, 2, 7) == relies(b, 2, 7));
    assert_true(relies(a, 2, 8) == relies(b, 2, 8));
    assert_true(relies(a, 2, 7) != relies(a, 2, 8));
    host_free(a);
    host_free(b);
}

/* A clone of it says otherwise, each time: that ends in once an hour. */
static void of_two_with_one_key_none_goes_on_and_on(void **state)
{
    struct pair p = pair_of(2, 1);
    size_t times = 0;

    (void)state;
    item(p.h, 1, WHOLE);
    shelf(p.h, true);
    wait(p.h, 100);
    for (size_t i = 0; i < 3600; i++) {
        if (says_of(page_of(p.h, 2, 0), 1)) {
            struct want w = want_of(2, page_of(p.h, 2, 0)->number + 1, 99);

            times++;
            peer_says(&p, &w);
        }
        wait(p.h, 1000);
    }
    assert_in_range(times, 3, 12);
    /* What is not so any more it takes back at once all the same. */
    assert_true(says_of(page_of(p.h, 2, 0), 99));
    item(p.h, 1, GONE);
    wait(p.h, 100);
    assert_int_equal(count_on(page_of(p.h, 2, 0)), 0);
    pair_free(&p);
}

/* ---- who is relied on */

static void write_revocation(struct host *h, size_t who)
{
    struct daf_author_id author = author_of(who);
    uint8_t bytes[256];
    struct daf_pack k;
    size_t mark;

    daf_pack_init(&k, bytes, sizeof(bytes));
    mark = daf_payload_begin_revocation(&k);
    daf_payload_end_revocation(&k, mark, 0, DAF_REVOKED_LOST, &author);
    write_control(h, 7, &k);
}

/* ---- status (docs/protocol.md R118) */

static const struct daf_statement *status_on(const struct host *h,
                                             size_t device)
{
    const struct on_disk *d = on_disk(h, device, DAF_STATEMENT_STATUS, 0);

    return d == NULL ? NULL : &d->st;
}

/* How many of the acts that @h knows device @device says it has applied. */
static size_t applied_by(const struct host *h, size_t device)
{
    const struct daf_statement *st = status_on(h, device);
    const struct daf_camp *camp = daf_agent_camp(h->agent);
    struct daf_camp_act_info act;
    size_t count = 0;

    for (size_t i = 0; st != NULL && daf_camp_act_at(camp, i, &act); i++)
        count += daf_camp_covers(camp, daf_status_control(st), i);
    return count;
}

static void acts_are_said_to_be_applied_at_once_and_then_seldom(void **state)
{
    struct pair p = pair_of(0, 1);

    (void)state;
    run(&p.w, 1, 60000);
    assert_null(status_on(p.h, 0));
    write_revocation(p.h, 2);
    run(&p.w, 1, 6000);
    for (size_t i = 0; i < 2; i++) {
        assert_int_equal(applied_by(p.h, i), 1);
        assert_int_equal(applied_by(p.peer, i), 1);
        assert_true(status_on(p.h, i)->number == 1);
    }
    write_revocation(p.h, 3);
    run(&p.w, 1, 500000);
    assert_true(status_on(p.h, 0)->number == 1);
    assert_int_equal(applied_by(p.h, 1), 1);
    run(&p.w, 1, 120000);
    for (size_t i = 0; i < 2; i++) {
        assert_int_equal(applied_by(p.h, i), 2);
        assert_int_equal(applied_by(p.peer, i), 2);
        assert_true(status_on(p.h, i)->number == 2);
    }
    /* The same is not said again, now or after a start. */
    forget_told(p.h);
    run(&p.w, 1, 3600000);
    restart(p.h);
    wait(p.h, 60000);
    assert_true(status_on(p.h, 0)->number == 2);
    pair_free(&p);
}

/* This disk destroys nothing. */
static void what_is_not_destroyed_is_not_said_to_be(void **state)
{
    struct pair p = pair_of(0, 1);
    struct daf_handle handle = {{7}};
    uint8_t bytes[256];
    struct daf_pack k;

    (void)state;
    daf_pack_init(&k, bytes, sizeof(bytes));
    daf_payload_pack_erasure(&k, &handle, 1);
    write_control(p.h, 7, &k);
    run(&p.w, 1, 3600000);
    assert_int_equal(daf_camp_erased(daf_agent_camp(p.peer->agent)), 1);
    assert_null(status_on(p.h, 0));
    assert_null(status_on(p.peer, 1));
    pair_free(&p);
}

static void a_revoked_archive_is_said_to_be_so(void **state)
{
    struct pair p = pair_of(0, 1);
    struct want w = want_of(2, 1, 7), next = want_of(2, 2, 8);
    struct daf_keeper_info keepers[4];

    (void)state;
    peer_says(&p, &w);
    run(&p.w, 1, 6000);
    assert_true(relies(p.h, 2, 7));
    write_revocation(p.h, 2);
    run(&p.w, 1, 6000);
    assert_int_equal(keepers_of(p.h, 7, keepers), 1);
    assert_true(keepers[0].is_revoked);
    assert_int_equal(keepers_of(p.peer, 7, keepers), 1);
    assert_true(keepers[0].is_revoked);
    /* What it says from now on does not count either. */
    peer_says(&p, &next);
    run(&p.w, 1, 6000);
    assert_false(relies(p.h, 2, 8));
    host_free(p.h);
    host_free(p.peer);
}

/* ---- who is hostile */

/* The answers to @count lists in a second, in bytes. */
static uint64_t answers_to(struct pair *p, struct daf_view list, size_t count)
{
    uint64_t before = stats_of(p->h).bytes_out;

    for (size_t i = 0; i < count; i++) {
        hears_stated(p->h, p->w.b_conn, DAF_STATED_LIST, list);
        if (i % 100 == 99) wait(p->h, 100);
        drain(p->h);
    }
    return stats_of(p->h).bytes_out - before;
}

static void a_thousand_lists_a_second_are_answered_little(void **state)
{
    struct pair p = {.h = archive_with(2, 3000), .peer = host_new(1)};
    uint64_t whole = 0, answered;

    (void)state;
    p.w = meet(p.peer, p.h);
    for (size_t i = 0; i < p.h->statements_count; i++)
        whole += p.h->statements[i].len;
    run(&p.w, 1, 20000);
    answered = answers_to(&p, (struct daf_view){0}, 1000);
    assert_true(answered > 0);
    assert_true(answered <= whole + 1000);
    assert_true(refused_by(p.h) > 900);
    assert_int_equal(jobs_of(p.h), 0);
    /* It is as before. */
    item(p.h, 9999, WHOLE);
    run(&p.w, 1, 60000);
    assert_true(relies(p.peer, 2, 9999));
    pair_free(&p);
}

/* A slow air: what was given is on its way for a while, and is not given again. */
static void what_is_on_its_way_is_not_given_again(void **state)
{
    struct pair p = {.h = archive_with(2, 8 * DAF_ARCHIVED_MAX),
                     .peer = host_new(1)};
    uint64_t whole = 0;

    (void)state;
    for (size_t i = 0; i < p.h->statements_count; i++)
        whole += p.h->statements[i].len;
    p.w = wire_up(p.peer, go_to_mesh(p.peer, 2, "10.0.0.9:1000"), p.h, IN | 7);
    p.h->now = p.peer->now;
    p.peer->lost = DAF_FRAME_REGISTER;
    run(&p.w, 1, 1000);
    for (size_t i = 0; i < 10; i++) {
        hears_stated(p.h, p.w.b_conn, DAF_STATED_LIST, (struct daf_view){0});
        run(&p.w, 1, 1000);
    }
    assert_int_equal(p.h->said_count[DAF_FRAME_REGISTER], 8);
    assert_true(stats_of(p.h).bytes_out < whole + 20000);
    /* Then it asks what is still lacking. */
    p.peer->lost = DAF_FRAME_UNKNOWN;
    run(&p.w, 1, whole * 1000 / 32768 + 10000);
    assert_true(relies(p.peer, 2, 8 * DAF_ARCHIVED_MAX));
    assert_int_equal(p.h->said_count[DAF_FRAME_REGISTER], 16);
    pair_free(&p);
}

static void write_place(uint8_t *out, uint16_t number)
{
    struct daf_stated s = {.kind = 1, .number = UINT64_MAX};

    s.author.b[0] = (uint8_t)(number >> 8);
    s.author.b[1] = (uint8_t)number;
    memset(s.mark, 0xff, sizeof(s.mark));
    daf_statement_write(&s, out);
}

static void a_list_that_does_not_ascend_is_none(void **state)
{
    static uint8_t list[3 * DAF_STATED_BYTES];
    struct pair p = {.h = archive_with(2, 3), .peer = host_new(1)};

    (void)state;
    p.w = meet(p.peer, p.h);
    run(&p.w, 1, 5000);
    for (size_t i = 0; i < 2; i++) {
        uint64_t refused = refused_by(p.h);

        forget_told(p.h);
        write_place(list, 1);
        write_place(list + DAF_STATED_BYTES, i == 0 ? 3 : 2);
        write_place(list + (size_t)2 * DAF_STATED_BYTES, 2);
        wait(p.h, 2000);
        hears_stated(p.h, p.w.b_conn, DAF_STATED_LIST,
                     (struct daf_view){list, sizeof(list)});
        assert_int_equal(refused_by(p.h), refused + 1);
        assert_int_equal(told(p.h), 0);
    }
    assert_false(is_closed(p.h, p.w.b_conn));
    pair_free(&p);
}

/* It is told what it lacks, and asked for what it says it has: once a second. */
static void a_list_of_places_that_nobody_knows_is_answered_once(void **state)
{
    static uint8_t list[DAF_STATEMENTS_MAX * DAF_STATED_BYTES];
    const struct daf_view all = {list, sizeof(list)};
    struct pair p = {.h = archive_with(2, 3), .peer = host_new(1)};

    (void)state;
    for (uint16_t i = 0; i < DAF_STATEMENTS_MAX; i++)
        write_place(list + (size_t)i * DAF_STATED_BYTES, i);
    p.w = meet(p.peer, p.h);
    run(&p.w, 1, 5000);
    forget_told(p.h);
    assert_true(answers_to(&p, all, 1000) < 2000);
    assert_in_range(p.h->said_count[DAF_FRAME_REGISTER], 1, 2);
    assert_in_range(p.h->said_count[DAF_FRAME_STATED], 1, 2);
    assert_int_equal(jobs_of(p.h), 0);
    assert_int_equal(p.h->statements_count, 1);
    pair_free(&p);
}

static void a_sum_that_is_always_wrong_gets_a_list_a_second(void **state)
{
    static const uint8_t wrong[16];
    struct pair p = {.h = archive_with(2, 3), .peer = host_new(1)};

    (void)state;
    p.w = meet(p.peer, p.h);
    run(&p.w, 1, 5000);
    forget_told(p.h);
    for (size_t i = 0; i < 1000; i++) {
        hears_stated(p.h, p.w.b_conn, DAF_STATED_SUM,
                     (struct daf_view){wrong, sizeof(wrong)});
        wait(p.h, 10);
    }
    assert_in_range(p.h->said_count[DAF_FRAME_STATED], 5, 12);
    pair_free(&p);
}

/* Who signs ever new numbers costs a commit a second. */
static void endless_numbers_cost_a_commit_a_second(void **state)
{
    struct pair p = pair_of(1, 2);
    size_t jobs = 0;

    (void)state;
    for (uint64_t i = 1; i <= 1000; i++) {
        struct want w = want_of(2, i, (uint32_t)i);

        peer_says(&p, &w);
        (void)wait_for_it(p.h, 10, false);
        jobs += jobs_of(p.h);
        commit_all(p.h);
    }
    assert_in_range(jobs, 5, 11);
    wait(p.h, 3000);
    assert_int_equal(p.h->statements_count, 1);
    assert_int_equal(page_of(p.h, 2, 0)->number, 1000);
    assert_true(relies(p.h, 2, 1000));
    /* What is told of it as well. */
    assert_true(p.h->said_count[DAF_FRAME_STATED] <= 13);
    pair_free(&p);
}

/* The same with pages that are full: 82 kB are offered each second, for ten minutes. */
static void endless_pages_are_kept_slowly(void **state)
{
    struct pair p = pair_of(1, 2);
    uint64_t bytes = 0;

    (void)state;
    for (uint32_t i = 1; i <= 1200; i++) {
        struct want w = want_of(2, i, i);

        w.page = (uint8_t)(i % DAF_ARCHIVED_PAGES_MAX);
        w.count = DAF_ARCHIVED_MAX;
        peer_says(&p, &w);
        (void)wait_for_it(p.h, 500, false);
        for (const struct job *job = p.h->jobs; job != NULL; job = job->next) {
            for (size_t j = 0; j < job->count; j++)
                bytes += job->items[j].body_len;
        }
        commit_all(p.h);
    }
    assert_in_range(bytes, 600 * 32768 / 2, 600 * 32768 + 700000);
    wait(p.h, 60000);
    assert_true(relies(p.h, 2, 1200));
    pair_free(&p);
}

/* The disk takes a minute: what comes meanwhile is one statement for each place. */
static void what_waits_for_a_slow_disk_is_bounded(void **state)
{
    struct pair p = pair_of(1, 2);

    (void)state;
    for (uint64_t i = 1; i <= 600; i++) {
        struct want w = want_of(2, i, 7);

        w.page = (uint8_t)(i % DAF_ARCHIVED_PAGES_MAX);
        peer_says(&p, &w);
        (void)wait_for_it(p.h, 100, false);
        assert_true(jobs_of(p.h) <= 1);
        assert_int_equal(told(p.h), 0);
    }
    wait(p.h, 5000);
    assert_int_equal(p.h->statements_count, DAF_ARCHIVED_PAGES_MAX);
    for (uint8_t i = 0; i < DAF_ARCHIVED_PAGES_MAX; i++)
        assert_true(page_of(p.h, 2, i)->number > 600 - DAF_ARCHIVED_PAGES_MAX);
    pair_free(&p);
}

/* A notebook with @count statements of as many devices: nobody verifies them anew. */
static struct host *host_with_full_disk(size_t number, uint16_t count)
{
    struct host *h = host_new(number);

    h->statements = calloc(count, sizeof(*h->statements));
    assert_non_null(h->statements);
    for (uint16_t i = 0; i < count; i++) {
        struct on_disk *d = &h->statements[h->statements_count++];
        struct daf_statement st = {.scope = daf_hash_scope_id(&manifest.camp,
                                                              "telemetry"),
                                   .author.b = {(uint8_t)(i >> 8), (uint8_t)i},
                                   .kind = DAF_STATEMENT_ARCHIVED,
                                   .number = 1,
                                   .content = {frame_room, 0},
                                   .since = {frame_room, 0}};

        d->bytes = malloc(DAF_STATEMENT_BYTES_MAX);
        assert_non_null(d->bytes);
        d->len = daf_statement_sign(&st, &secrets[0].sign, d->bytes);
        assert_int_equal(
            daf_statement_decode((struct daf_view){d->bytes, d->len}, &d->st),
            DAF_OK);
        d->bytes = realloc(d->bytes, d->len);
        assert_int_equal(
            daf_statement_decode((struct daf_view){d->bytes, d->len}, &d->st),
            DAF_OK);
    }
    restart(h);
    return h;
}

/* What is held has room in a list, however much the notebook has and we state. */
static void no_more_is_held_than_a_list_names(void **state)
{
    static const uint16_t counts[] = {DAF_STATEMENTS_MAX - 1,
                                      DAF_STATEMENTS_MAX, 5000};

    (void)state;
    for (size_t i = 0; i < 3; i++) {
        struct host *h = host_with_full_disk(2, counts[i]), *peer = host_new(1);
        size_t held = h->statements_count;
        struct want w = want_of(0, 1, 7);
        struct wire wire;

        items(h, 1, DAF_ARCHIVED_MAX + 1);
        shelf(h, true);
        wait(h, 10000);
        assert_int_equal(h->statements_count, i == 0 ? held + 1 : held);
        wire = meet(peer, h);
        run(&wire, 1, 10000);
        assert_true(h->said_count[DAF_FRAME_STATED] > 0);
        hears(h, wire.b_conn, &w);
        assert_int_equal(refused_by(h), 1);
        host_free(h);
        host_free(peer);
    }
}

/* ---- who keeps none */

static void an_agent_that_keeps_none_ignores_all(void **state)
{
    struct host *h = host_bare(2), *peer = host_new(1);
    struct pair p = {.h = h, .peer = peer};
    struct want w = want_of(0, 1, 7);
    static const uint8_t wrong[16];

    (void)state;
    for (size_t i = 0; i < daf_fake_index_count(control); i++)
        give_row(h, control, i);
    h->port.store_statement = NULL;
    assert_int_equal(start(h, the_manifest(), the_cert(2), 3), DAF_OK);
    listening(h);
    p.w = meet(peer, h);
    item(h, 1, WHOLE);
    shelf(h, true);
    peer_says(&p, &w);
    hears_stated(h, p.w.b_conn, DAF_STATED_SUM,
                 (struct daf_view){wrong, sizeof(wrong)});
    hears_stated(h, p.w.b_conn, DAF_STATED_LIST, (struct daf_view){0});
    hears_stated(h, p.w.b_conn, DAF_STATED_ANSWER, (struct daf_view){0});
    run(&p.w, 1, 60000);
    assert_int_equal(told(h), 0);
    assert_int_equal(refused_by(h), 0);
    assert_int_equal(jobs_of(h), 0);
    is_at_rest(h);
    pair_free(&p);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_archive_states_what_is_whole_within_five_seconds),
        cmocka_unit_test(who_is_no_archive_states_nothing),
        cmocka_unit_test(nothing_is_told_before_it_is_durable),
        cmocka_unit_test(what_is_being_written_binds_already),
        cmocka_unit_test(what_is_not_so_any_more_is_taken_back_at_once),
        cmocka_unit_test(what_is_taken_back_is_heard_of),
        cmocka_unit_test(what_two_take_back_is_heard_of),
        cmocka_unit_test(a_shelf_that_is_not_mounted_holds_nothing),
        cmocka_unit_test(what_the_disk_cannot_read_is_not_stated),
        cmocka_unit_test(what_is_lacking_after_a_start_is_taken_back),
        cmocka_unit_test(an_item_stays_on_its_page),
        cmocka_unit_test(no_more_than_sixteen_pages_are_stated),
        cmocka_unit_test(a_peer_gets_what_it_lacks_and_then_both_are_silent),
        cmocka_unit_test(two_that_hold_the_same_say_one_sum_each),
        cmocka_unit_test(two_that_hold_nothing_say_nothing),
        cmocka_unit_test(three_in_a_row_pass_it_on),
        cmocka_unit_test(what_a_peer_has_given_is_there_after_a_restart),
        cmocka_unit_test(what_does_not_count_is_refused),
        cmocka_unit_test(a_frame_that_names_another_author_is_refused),
        cmocka_unit_test(an_older_one_changes_nothing),
        cmocka_unit_test(other_kinds_of_any_member_are_carried_unread),
        cmocka_unit_test(a_certificate_that_comes_later_lets_it_in),
        cmocka_unit_test(what_a_former_archive_said_is_not_passed_on),
        cmocka_unit_test(what_could_not_be_kept_is_tried_again),
        cmocka_unit_test(what_a_peer_said_is_tried_again),
        cmocka_unit_test(what_is_tried_again_is_what_is_true_now),
        cmocka_unit_test(who_meets_a_newer_one_of_its_own_goes_above_it),
        cmocka_unit_test(a_newer_one_that_is_true_stays),
        cmocka_unit_test(the_highest_number_of_all_ends_a_page),
        cmocka_unit_test(of_two_with_one_number_all_keep_the_same),
        cmocka_unit_test(two_that_hold_one_each_with_one_number_agree),
        cmocka_unit_test(of_two_with_one_key_none_goes_on_and_on),
        cmocka_unit_test(acts_are_said_to_be_applied_at_once_and_then_seldom),
        cmocka_unit_test(what_is_not_destroyed_is_not_said_to_be),
        cmocka_unit_test(a_revoked_archive_is_said_to_be_so),
        cmocka_unit_test(a_thousand_lists_a_second_are_answered_little),
        cmocka_unit_test(what_is_on_its_way_is_not_given_again),
        cmocka_unit_test(a_list_that_does_not_ascend_is_none),
        cmocka_unit_test(a_list_of_places_that_nobody_knows_is_answered_once),
        cmocka_unit_test(a_sum_that_is_always_wrong_gets_a_list_a_second),
        cmocka_unit_test(endless_numbers_cost_a_commit_a_second),
        cmocka_unit_test(endless_pages_are_kept_slowly),
        cmocka_unit_test(what_waits_for_a_slow_disk_is_bounded),
        cmocka_unit_test(no_more_is_held_than_a_list_names),
        cmocka_unit_test(an_agent_that_keeps_none_ignores_all),
    };

    return cmocka_run_group_tests(tests, make_camp, free_camp);
}
