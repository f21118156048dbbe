/* SPDX-License-Identifier: Apache-2.0 */
/* Content between agents: what is sought, offered, asked for and served
 * (docs/content.md §4).  The test is the shelf: it says what is on it, and what
 * became of each part. */
#include "tests/lib/t.h"

#include "tests/lib/agent_case.h"

#define PARTS 40
#define PAGES 2
#define PART  65536

static const struct daf_hash lesson = {{0x77, 1}};

static struct daf_item_news news_of(bool is_whole)
{
    return (struct daf_item_news){.content = lesson,
                                  .parts = PARTS,
                                  .pages = PAGES,
                                  .part_bytes = PART,
                                  .is_whole = is_whole,
                                  .is_wanted = !is_whole};
}

static void give_news(struct host *h, const struct daf_item_news *news)
{
    const struct daf_input in = {.kind = DAF_INPUT_ITEM, .item = news};

    daf_agent_input(h->agent, h->now, &in);
}

static void has_it(struct host *h)
{
    const struct daf_item_news news = news_of(true);

    give_news(h, &news);
}

static void wants_it(struct host *h)
{
    const struct daf_item_news news = news_of(false);

    give_news(h, &news);
}

static void put_ends(struct host *h, uint32_t conn, uint32_t part,
                     enum daf_shelf_put put, enum daf_err err)
{
    const struct daf_input in = {.kind = DAF_INPUT_PUT,
                                 .conn = conn,
                                 .piece = {.content = lesson, .part = part},
                                 .put = put,
                                 .err = err};

    daf_agent_input(h->agent, h->now, &in);
}

/* The next thing that it asks of the shelf. */
static const struct content_call *calls(struct host *h, enum content_what what)
{
    const struct content_call *c;

    assert_true(h->calls_taken < h->calls_count);
    c = &h->calls[h->calls_taken++];
    assert_int_equal(c->what, what);
    return c;
}

static void nothing_is_asked_of_the_shelf(const struct host *h)
{
    assert_int_equal(h->calls_taken, h->calls_count);
}

/* The disk answers a READ with @len bytes of the part. */
static void answer_read(struct host *h, const struct content_call *c,
                        size_t len, bool is_last, enum daf_err err)
{
    static const uint8_t bytes[DAF_PIECE_BYTES_MAX];
    const struct daf_input in = {.kind = DAF_INPUT_READ,
                                 .conn = c->conn,
                                 .piece = {.content = c->piece.content,
                                           .part = c->piece.part,
                                           .offset = c->piece.offset,
                                           .bytes = {bytes, len}},
                                 .is_last = is_last,
                                 .err = err};

    daf_agent_input(h->agent, h->now, &in);
}

static void hears(struct host *h, uint32_t conn, struct daf_pack *k)
{
    assert_false(k->is_full);
    frame(h, conn, daf_pack_view(k));
}

static uint8_t frame_room[DAF_FRAME_BYTES_MAX];

static void hears_have(struct host *h, uint32_t conn, uint32_t from,
                       const uint8_t *bits, size_t len)
{
    const struct daf_part f = {lesson, from, 0, {bits, len}};
    struct daf_pack k;

    daf_pack_init(&k, frame_room, sizeof(frame_room));
    daf_frame_pack_have(&k, &f);
    hears(h, conn, &k);
}

static void hears_all_of_it(struct host *h, uint32_t conn)
{
    static const uint8_t all[PARTS / 8] = {0xff, 0xff, 0xff, 0xff, 0xff};

    hears_have(h, conn, 0, all, sizeof(all));
}

static void hears_chunk(struct host *h, uint32_t conn, uint32_t part,
                        uint32_t offset, size_t len)
{
    static const uint8_t bytes[DAF_PIECE_BYTES_MAX];
    const struct daf_part f = {lesson, part, offset, {bytes, len}};
    struct daf_pack k;

    daf_pack_init(&k, frame_room, sizeof(frame_room));
    daf_frame_pack_chunk(&k, &f);
    hears(h, conn, &k);
}

static void hears_fetch(struct host *h, uint32_t conn, uint32_t part)
{
    const struct daf_part f = {.content = lesson, .part = part};
    struct daf_pack k;

    daf_pack_init(&k, frame_room, sizeof(frame_room));
    daf_frame_pack_fetch(&k, &f);
    hears(h, conn, &k);
}

static void hears_seek(struct host *h, uint32_t conn)
{
    struct daf_pack k;

    daf_pack_init(&k, frame_room, sizeof(frame_room));
    daf_frame_pack_seek(&k, (struct daf_view){lesson.b, sizeof(lesson.b)});
    hears(h, conn, &k);
}

static size_t sources_of(const struct host *h, const struct daf_hash *content)
{
    struct daf_agent_coming coming;

    daf_agent_coming(h->agent, h->now, content, &coming);
    return coming.sources;
}

static void is_silent(struct host *h)
{
    struct daf_view bytes;
    uint32_t conn;

    assert_false(take(h, &conn, &bytes));
}

/* What it says of its own holdings is passed over. */
static void asks_nothing(struct host *h)
{
    struct daf_view bytes;
    struct daf_frame f;
    uint32_t conn;

    while (take(h, &conn, &bytes)) {
        assert_int_equal(daf_frame_decode(bytes, &f, NULL), DAF_OK);
        assert_int_equal(f.kind, DAF_FRAME_HAVE);
    }
}

static void seeks(struct host *h, uint32_t conn)
{
    struct daf_frame f = says(h, conn, DAF_FRAME_SEEK);

    assert_int_equal(f.seek.len, 32);
    assert_memory_equal(f.seek.p, lesson.b, 32);
}

static void fetches(struct host *h, uint32_t conn, uint32_t part)
{
    struct daf_frame f = says(h, conn, DAF_FRAME_FETCH);

    assert_memory_equal(f.part.content.b, lesson.b, 32);
    assert_int_equal(f.part.part, part);
    assert_int_equal(f.part.offset, 0);
}

/* Two that have met and rest; @out is a's connection to b. */
struct pair {
    struct host *a, *b;
    struct wire w;
};

static struct pair pair_up(void)
{
    struct pair p = {.a = host_new(1), .b = host_new(2)};

    p.w = meet(p.a, p.b);
    return p;
}

static void pair_free(struct pair *p)
{
    host_free(p->a);
    host_free(p->b);
}

/* ---- seeking */

static void what_is_wanted_is_sought_at_who_is_there(void **state)
{
    struct pair p = pair_up();

    (void)state;
    wants_it(p.a);
    seeks(p.a, p.w.a_conn);
    is_silent(p.a);
    pair_free(&p);
}

static void what_is_wanted_is_sought_at_who_comes(void **state)
{
    struct host *a = host_new(1), *b = host_new(2);

    (void)state;
    wants_it(a);
    has_it(b);
    (void)meet(a, b);
    assert_int_equal(a->said_count[DAF_FRAME_SEEK], 1);
    assert_int_equal(b->said_count[DAF_FRAME_SEEK], 0);
    assert_true(b->said_count[DAF_FRAME_HAVE] > 0);
    assert_int_equal(sources_of(a, &lesson), 1);
    host_free(a);
    host_free(b);
}

static void what_is_whole_or_stuck_is_not_sought(void **state)
{
    struct pair p = pair_up();
    struct daf_item_news news = news_of(false);

    (void)state;
    has_it(p.a);
    is_silent(p.a);
    news.is_stuck = true;
    give_news(p.b, &news);
    is_silent(p.b);
    news.is_stuck = false;
    give_news(p.b, &news);
    seeks(p.b, p.w.b_conn);
    has_it(p.b); /* and then it is sought no more */
    assert_int_equal(says(p.b, p.w.b_conn, DAF_FRAME_SEEK).seek.len, 0);
    pair_free(&p);
}

static void who_holds_something_says_which_parts(void **state)
{
    static const uint8_t some[] = {0xa0, 0, 0, 0, 0};
    struct pair p = pair_up();
    struct daf_item_news news = news_of(false);
    struct daf_frame f;

    (void)state;
    news.is_wanted = false;
    news.bits = (struct daf_view){some, sizeof(some)};
    give_news(p.b, &news);
    hears_seek(p.b, p.w.b_conn);
    f = says(p.b, p.w.b_conn, DAF_FRAME_HAVE);
    assert_int_equal(f.part.part, 0);
    assert_int_equal(f.part.data.len, PARTS / 8);
    assert_memory_equal(f.part.data.p, some, sizeof(some));
    pair_free(&p);
}

static void who_holds_nothing_is_silent(void **state)
{
    struct pair p = pair_up();

    (void)state;
    hears_seek(p.b, p.w.b_conn);
    is_silent(p.b);
    pair_free(&p);
}

/* R64: "at most five times a second". */
static void what_is_gained_is_told_to_who_seeks_it_now_and_then(void **state)
{
    struct pair p = pair_up();
    struct daf_item_news news = news_of(false);
    struct daf_frame f;

    (void)state;
    news.is_wanted = false;
    give_news(p.b, &news);
    hears_seek(p.b, p.w.b_conn);
    await(p.b); /* of the item itself, of which nothing is held */
    (void)says(p.b, p.w.b_conn, DAF_FRAME_HAVE);
    put_ends(p.b, 99, 17, DAF_SHELF_PART, DAF_OK);
    put_ends(p.b, 99, 20, DAF_SHELF_PART, DAF_OK);
    is_silent(p.b);
    assert_int_equal(daf_agent_deadline(p.b->agent).ms, p.b->now.ms + 200);
    await(p.b);
    f = says(p.b, p.w.b_conn, DAF_FRAME_HAVE);
    assert_int_equal(f.part.part, 16);
    assert_int_equal(f.part.data.len, 1);
    assert_int_equal(f.part.data.p[0], 0x48); /* 17 and 20 */
    is_silent(p.b);
    assert_int_equal(daf_agent_deadline(p.b->agent).ms, UINT64_MAX);
    pair_free(&p);
}

/* ---- fetching */

static void pages_come_before_chunks(void **state)
{
    struct pair p = pair_up();
    struct daf_item_news news = news_of(false);
    static const uint8_t pages[] = {0xc0, 0, 0, 0, 0};

    (void)state;
    wants_it(p.a);
    seeks(p.a, p.w.a_conn);
    hears_all_of_it(p.a, p.w.a_conn);
    fetches(p.a, p.w.a_conn, 0);
    fetches(p.a, p.w.a_conn, 1);
    is_silent(p.a);
    put_ends(p.a, p.w.a_conn, 0, DAF_SHELF_PART, DAF_OK);
    is_silent(p.a);
    put_ends(p.a, p.w.a_conn, 1, DAF_SHELF_LIST, DAF_OK);
    news.bits = (struct daf_view){pages, sizeof(pages)};
    give_news(p.a, &news);
    fetches(p.a, p.w.a_conn, 2);
    pair_free(&p);
}

/* An item whose pages are held, sought by @a; what it asks for first is taken. */
static void fetch_chunks(struct pair *p)
{
    static const uint8_t pages[] = {0xc0, 0, 0, 0, 0};
    struct daf_item_news news = news_of(false);

    news.bits = (struct daf_view){pages, sizeof(pages)};
    give_news(p->a, &news);
    seeks(p->a, p->w.a_conn);
    hears_all_of_it(p->a, p->w.a_conn);
    (void)says(p->a, p->w.a_conn, DAF_FRAME_HAVE); /* its pages: R71 */
    for (uint32_t part = 2; part < 10; part++)     /* 512 KiB */
        fetches(p->a, p->w.a_conn, part);
    is_silent(p->a);
}

static void a_part_goes_to_the_shelf_as_it_comes(void **state)
{
    struct pair p = pair_up();
    const struct content_call *c;

    (void)state;
    fetch_chunks(&p);
    hears_chunk(p.a, p.w.a_conn, 2, 0, 60000);
    hears_chunk(p.a, p.w.a_conn, 2, 60000, 5536);
    c = calls(p.a, CONTENT_PUT);
    assert_int_equal(c->conn, p.w.a_conn);
    assert_int_equal(c->piece.part, 2);
    assert_int_equal(c->piece.offset, 0);
    assert_int_equal(c->piece.bytes.len, 60000);
    c = calls(p.a, CONTENT_PUT);
    assert_int_equal(c->piece.offset, 60000);
    assert_true(stats_of(p.a).content_in == 65536);
    is_silent(p.a); /* until the shelf has verified it */
    put_ends(p.a, p.w.a_conn, 2, DAF_SHELF_PART, DAF_OK);
    fetches(p.a, p.w.a_conn, 10);
    pair_free(&p);
}

static void who_answers_at_once_is_asked_for_more(void **state)
{
    struct pair p = pair_up();

    (void)state;
    fetch_chunks(&p);
    put_ends(p.a, p.w.a_conn, 2, DAF_SHELF_PART, DAF_OK);
    fetches(p.a, p.w.a_conn, 10);
    fetches(p.a, p.w.a_conn, 11); /* the window is one part wider */
    is_silent(p.a);
    p.a->now.ms += 1500; /* it takes long: no wider */
    put_ends(p.a, p.w.a_conn, 3, DAF_SHELF_PART, DAF_OK);
    is_silent(p.a);
    pair_free(&p);
}

static void what_nobody_asked_for_is_dropped_and_counted(void **state)
{
    struct pair p = pair_up();
    uint64_t before;

    (void)state;
    fetch_chunks(&p);
    before = stats_of(p.a).chunks_odd;
    hears_chunk(p.a, p.w.a_conn, 30, 0, 100);
    hears_chunk(p.a, p.w.a_conn, 2, 100, 100); /* not its next bytes */
    nothing_is_asked_of_the_shelf(p.a);
    assert_true(stats_of(p.a).chunks_odd == before + 2);
    pair_free(&p);
}

static void what_a_peer_has_not_after_all_is_not_asked_for_again(void **state)
{
    struct pair p = pair_up();

    (void)state;
    fetch_chunks(&p);
    hears_chunk(p.a, p.w.a_conn, 2, 0, 0);
    (void)calls(p.a, CONTENT_FORGET);
    fetches(p.a, p.w.a_conn, 10);
    put_ends(p.a, p.w.a_conn, 3, DAF_SHELF_PART, DAF_OK);
    fetches(p.a, p.w.a_conn, 11); /* not 2 */
    fetches(p.a, p.w.a_conn, 12);
    hears_all_of_it(p.a, p.w.a_conn); /* it says so again: R64 */
    put_ends(p.a, p.w.a_conn, 4, DAF_SHELF_PART, DAF_OK);
    fetches(p.a, p.w.a_conn, 13);
    pair_free(&p);
}

static void a_drip_does_not_keep_a_part_from_others(void **state)
{
    struct pair p = pair_up();
    uint32_t at = 0;

    (void)state;
    fetch_chunks(&p);
    while (p.a->calls_count == 0 ||
           p.a->calls[p.a->calls_count - 1].what != CONTENT_FORGET) {
        assert_true(at < 8); /* 64 KiB at 8 KiB/s, and 8 s */
        p.a->now.ms += 7000;
        simple(p.a, DAF_INPUT_TIMER);
        hears_chunk(p.a, p.w.a_conn, 2, at++, 1);
    }
    asks_nothing(p.a);
    pair_free(&p);
}

static void a_part_that_was_left_open_is_not_gone_on_with(void **state)
{
    struct pair p = pair_up();

    (void)state;
    fetch_chunks(&p);
    hears_chunk(p.a, p.w.a_conn, 2, 0, 1);
    hears_chunk(p.a, p.w.a_conn, 3, 0, 1);
    (void)calls(p.a, CONTENT_PUT);
    (void)calls(p.a, CONTENT_PUT);
    hears_chunk(p.a, p.w.a_conn, 2, 1, 1);
    nothing_is_asked_of_the_shelf(p.a);
    assert_true(stats_of(p.a).chunks_odd == 1);
    pair_free(&p);
}

static void give_item(struct host *h, uint8_t number, bool is_whole)
{
    struct daf_item_news news = news_of(is_whole);

    news.content.b[0] = number;
    give_news(h, &news);
}

/* Forty that nobody has come before one that somebody has. */
static void what_nobody_has_keeps_nothing_from_being_sought(void **state)
{
    struct pair p = pair_up();
    struct daf_hash last = lesson;

    (void)state;
    last.b[0] = 200;
    give_item(p.b, 200, true);
    for (uint8_t i = 0; i < 40; i++)
        give_item(p.a, i, false);
    give_item(p.a, 200, false);
    talk(&p.w, 1, true);
    for (size_t turns = 0; sources_of(p.a, &last) == 0; turns++) {
        assert_true(turns < 4);
        await(p.a);
        talk(&p.w, 1, true);
    }
    pair_free(&p);
}

static void an_item_that_is_sought_twice_is_told_once(void **state)
{
    struct pair p = pair_up();

    (void)state;
    has_it(p.b);
    hears_seek(p.b, p.w.b_conn);
    (void)says(p.b, p.w.b_conn, DAF_FRAME_HAVE); /* its pages */
    (void)says(p.b, p.w.b_conn, DAF_FRAME_HAVE); /* and its chunks */
    hears_seek(p.b, p.w.b_conn);
    is_silent(p.b);
    pair_free(&p);
}

static void a_bad_part_is_its_senders(void **state)
{
    struct pair p = pair_up();
    struct daf_peer_info info[4];

    (void)state;
    fetch_chunks(&p);
    for (uint32_t part = 2; part < 5; part++)
        put_ends(p.a, p.w.a_conn, part, DAF_SHELF_BAD, DAF_OK);
    assert_int_equal(peers_of(p.a, info, 4), 1);
    assert_int_equal(info[0].bad_parts, 3);
    assert_true(stats_of(p.a).parts_bad == 3);
    fetches(p.a, p.w.a_conn, 10);
    fetches(p.a, p.w.a_conn, 11);
    is_silent(p.a); /* after the third it is asked for nothing more */
    put_ends(p.a, p.w.a_conn, 5, DAF_SHELF_PART, DAF_OK);
    is_silent(p.a);
    pair_free(&p);
}

static void a_full_disk_stops_the_asking(void **state)
{
    struct pair p = pair_up();
    struct daf_item_news news = news_of(false);

    (void)state;
    fetch_chunks(&p);
    news.is_stuck = true;
    give_news(p.a, &news);
    assert_int_equal(says(p.a, p.w.a_conn, DAF_FRAME_SEEK).seek.len, 0);
    put_ends(p.a, p.w.a_conn, 2, DAF_SHELF_MORE, DAF_EFULL);
    is_silent(p.a);
    news.is_stuck = false;
    give_news(p.a, &news);
    seeks(p.a, p.w.a_conn);
    pair_free(&p);
}

/* The shelf has other things to do, or no memory. */
static void what_the_shelf_does_not_take_is_asked_for_later(void **state)
{
    struct pair p = pair_up();

    (void)state;
    fetch_chunks(&p);
    await(p.a);
    (void)says(p.a, p.w.a_conn, DAF_FRAME_HAVE); /* its pages, as news */
    hears_chunk(p.a, p.w.a_conn, 2, 0, PART);
    (void)calls(p.a, CONTENT_PUT);
    put_ends(p.a, p.w.a_conn, 2, DAF_SHELF_MORE, DAF_EBUSY);
    put_ends(p.a, p.w.a_conn, 3, DAF_SHELF_MORE, DAF_ENOMEM);
    is_silent(p.a);
    assert_true(stats_of(p.a).parts_bad == 0);
    assert_true(stats_of(p.a).refusals.by_err[DAF_EBUSY] == 1);
    assert_true(stats_of(p.a).refusals.by_err[DAF_ENOMEM] == 1);
    assert_int_equal(daf_agent_deadline(p.a->agent).ms, p.a->now.ms + 1000);
    await(p.a);
    fetches(p.a, p.w.a_conn, 2);
    fetches(p.a, p.w.a_conn, 3);
    is_silent(p.a);
    pair_free(&p);
}

static size_t fetches_said(struct host *h)
{
    struct daf_view bytes;
    struct daf_frame f;
    uint32_t conn;
    size_t count = 0;

    while (take(h, &conn, &bytes)) {
        assert_int_equal(daf_frame_decode(bytes, &f, NULL), DAF_OK);
        count += f.kind == DAF_FRAME_FETCH;
    }
    return count;
}

/* R65: more than 64 open at a time is a breach, also of what was given up. */
static void who_never_answers_is_asked_no_more_than_it_may_hold(void **state)
{
    struct pair p = pair_up();
    size_t said = 8;

    (void)state;
    fetch_chunks(&p);
    for (size_t i = 0; i < 100; i++) {
        p.a->now.ms += 10000;
        simple(p.a, DAF_INPUT_TIMER);
        said += fetches_said(p.a);
    }
    assert_true(said > 8);
    assert_true(said <= DAF_FETCH_MAX);
    /* It answers one, in its order: so it may be asked for one more. */
    hears_chunk(p.a, p.w.a_conn, 2, 0, 0);
    assert_int_equal(fetches_said(p.a), 1);
    pair_free(&p);
}

#define MANY 200 /* parts of a larger one */

/* FETCHes of which the shelf has not said what became. */
struct open_fetches {
    size_t ended, count;
    uint32_t conns[MANY], parts[MANY];
};

static void note_fetches(struct host *h, struct open_fetches *o)
{
    struct daf_view bytes;
    uint32_t conn;

    while (take(h, &conn, &bytes)) {
        struct daf_frame f;

        assert_int_equal(daf_frame_decode(bytes, &f, NULL), DAF_OK);
        if (f.kind != DAF_FRAME_FETCH) continue;
        assert_true(o->count < MANY);
        o->conns[o->count] = conn;
        o->parts[o->count++] = f.part.part;
    }
}

/* An item of MANY parts, fetched from one peer who answers at once, until as many
 * are asked for as may be. */
static void fetch_many(struct pair *p, struct open_fetches *o)
{
    static const uint8_t pages[MANY / 8] = {0xc0};
    uint8_t all[MANY / 8];
    struct daf_item_news news = news_of(false);

    memset(all, 0xff, sizeof(all));
    news.parts = MANY;
    news.bits = (struct daf_view){pages, sizeof(pages)};
    give_news(p->a, &news);
    hears_have(p->a, p->w.a_conn, 0, all, sizeof(all));
    for (;;) {
        note_fetches(p->a, o);
        if (o->count - o->ended == DAF_FETCH_MAX) return;
        hears_chunk(p->a, p->w.a_conn, o->parts[o->ended], 0, PART);
        put_ends(p->a, p->w.a_conn, o->parts[o->ended++], DAF_SHELF_PART,
                 DAF_OK);
    }
}

/* All that is asked for came, and the shelf says nothing of it yet; how much. */
static size_t all_come(struct pair *p, struct open_fetches *o)
{
    fetch_many(p, o);
    for (size_t i = o->ended; i < o->count; i++)
        hears_chunk(p->a, p->w.a_conn, o->parts[i], 0, PART);
    return o->count;
}

/* Time goes by, @ms in all, with every timer in it. */
static void wait_long(struct host *h, uint64_t ms)
{
    uint64_t end = h->now.ms + ms;

    while (h->now.ms < end) {
        h->now.ms += 1000;
        simple(h, DAF_INPUT_TIMER);
    }
}

/* A card that takes long to note what came: that is not who sent it. */
static void a_slow_shelf_is_not_its_sources_silence(void **state)
{
    struct pair p = pair_up();
    struct open_fetches o = {0};
    size_t asked;

    (void)state;
    asked = all_come(&p, &o);
    wait_long(p.a, 30000);
    note_fetches(p.a, &o);
    assert_int_equal(o.count, asked); /* and nothing is asked for twice */
    while (o.ended < asked)
        put_ends(p.a, p.w.a_conn, o.parts[o.ended++], DAF_SHELF_PART, DAF_OK);
    note_fetches(p.a, &o);
    assert_true(o.count > asked);
    assert_int_equal(o.parts[asked], asked + PAGES);
    pair_free(&p);
}

/* One that takes longer than anybody waits: what it noted in the end was answered,
 * and is not open any more. */
static void what_the_shelf_took_late_is_not_open(void **state)
{
    struct pair p = pair_up();
    struct open_fetches o = {0};
    size_t asked;

    (void)state;
    asked = all_come(&p, &o);
    wait_long(p.a, 200000);
    while (o.ended < asked)
        put_ends(p.a, p.w.a_conn, o.parts[o.ended++], DAF_SHELF_PART, DAF_OK);
    wait_long(p.a, 1000); /* no rest: it was not silent */
    note_fetches(p.a, &o);
    assert_true(o.count > asked);
    pair_free(&p);
}

/* Who leaves each part open, as if the shelf had it, holds them for a while only. */
static void parts_left_open_are_given_up(void **state)
{
    struct pair p = pair_up();

    (void)state;
    fetch_chunks(&p);
    for (uint32_t part = 2; part < 10; part++)
        hears_chunk(p.a, p.w.a_conn, part, 0, 1);
    for (size_t i = 0; i < 8; i++)
        (void)calls(p.a, CONTENT_PUT);
    wait_long(p.a, 61000);
    (void)calls(p.a, CONTENT_FORGET);
    asks_nothing(p.a);
    pair_free(&p);
}

/* A gateway's echo came back after so long. */
static void hears_round(struct host *h, uint32_t round_us)
{
    const struct daf_input in = {.kind = DAF_INPUT_ROUND, .round_us = round_us};

    h->now.ms += 1000;
    daf_agent_input(h->agent, h->now, &in);
}

/* Parts of 1 MiB that two peers, who answer at once, are asked for together, at
 * most, when echoes take @first_us and then, ten times, @then_us. */
static size_t most_asked(uint32_t first_us, uint32_t then_us)
{
    static const uint8_t pages[MANY / 8] = {0xc0};
    uint8_t all[MANY / 8];
    struct pair p = pair_up();
    struct host *c = host_new(0);
    struct daf_item_news news = news_of(false);
    struct open_fetches o = {0};
    struct wire w;
    size_t most = 0;

    memset(all, 0xff, sizeof(all));
    hears_round(p.a, first_us);
    for (size_t i = 0; i < 10; i++)
        hears_round(p.a, then_us);
    c->now = p.a->now;
    w = wire_up(p.a, go_to_mesh(p.a, 0, "10.0.0.8:1000"), c, IN | 7);
    talk(&w, 1, true);
    news.parts = MANY;
    news.part_bytes = 1024 * 1024;
    news.bits = (struct daf_view){pages, sizeof(pages)};
    give_news(p.a, &news);
    hears_have(p.a, p.w.a_conn, 0, all, sizeof(all));
    hears_have(p.a, w.a_conn, 0, all, sizeof(all));
    for (;;) {
        note_fetches(p.a, &o);
        if (o.count - o.ended > most) most = o.count - o.ended;
        if (o.count == o.ended) break;
        put_ends(p.a, o.conns[o.ended], o.parts[o.ended], DAF_SHELF_PART,
                 DAF_OK);
        o.ended++;
    }
    assert_int_equal(o.count, MANY - PAGES);
    host_free(c);
    pair_free(&p);
    return most;
}

/* What comes waits in memory for the disk: 8 MiB of all peers together. */
static void peers_together_are_asked_for_no_more_than_memory_is(void **state)
{
    (void)state;
    assert_int_equal(most_asked(0, 0), 8);
}

/* Twice as long, and so much that it is no chance, is somebody else's wait: down to
 * one part of each. */
static void whose_bulk_others_wait_behind_asks_for_less(void **state)
{
    (void)state;
    assert_int_equal(most_asked(1000, 4900), 8);
    assert_int_equal(most_asked(1000, 5100), 2);
}

/* Host 0 has it as well. */
static void what_one_dawdles_over_another_is_asked_for(void **state)
{
    struct pair p = pair_up();
    struct host *c = host_new(0);
    struct open_fetches o = {0};
    struct wire wires[2];
    uint32_t part;

    (void)state;
    c->now = p.a->now;
    fetch_chunks(&p);
    wires[0] = p.w;
    wires[1] = wire_up(p.a, go_to_mesh(p.a, 0, "10.0.0.8:1000"), c, IN | 7);
    has_it(c);
    talk(&wires[1], 1, true);
    /* It was asked for others, and answered that it reads them. */
    part = c->calls[0].piece.part;
    assert_true(part >= 10);
    p.a->now.ms += 4000;
    hears_chunk(p.a, wires[1].a_conn, part, 0, PART);
    (void)calls(p.a, CONTENT_PUT);
    p.a->now.ms += 4000;
    simple(p.a, DAF_INPUT_TIMER);
    assert_int_equal(calls(p.a, CONTENT_FORGET)->conn, p.w.a_conn);
    for (size_t i = 0; i < 8; i++, part++) { /* all that it was asked for */
        if (part == PARTS) part = 10;
        put_ends(p.a, wires[1].a_conn, part, DAF_SHELF_PART, DAF_OK);
    }
    note_fetches(p.a, &o);
    assert_true(o.count > 0);
    for (size_t i = 0; i < o.count; i++)
        assert_int_equal(o.conns[i], wires[1].a_conn);
    host_free(c);
    pair_free(&p);
}

static void what_was_asked_of_who_left_is_asked_of_who_stays(void **state)
{
    struct pair p = pair_up();

    (void)state;
    fetch_chunks(&p);
    put_ends(p.a, p.w.a_conn, 2, DAF_SHELF_PART, DAF_OK);
    fetches(p.a, p.w.a_conn, 10);
    fetches(p.a, p.w.a_conn, 11);
    part(&p.w);
    (void)calls(p.a, CONTENT_FORGET);
    has_it(p.b);
    p.w = meet(p.a, p.b);
    assert_int_equal(p.b->calls[0].what, CONTENT_READ);
    assert_int_equal(p.b->calls[0].piece.part, 3);
    pair_free(&p);
}

/* ---- serving */

static void fetches_are_served_one_after_the_other(void **state)
{
    struct pair p = pair_up();
    const struct content_call *c;
    struct daf_frame f;

    (void)state;
    has_it(p.b);
    hears_fetch(p.b, p.w.b_conn, 4);
    hears_fetch(p.b, p.w.b_conn, 3);
    c = calls(p.b, CONTENT_READ);
    assert_int_equal(c->piece.part, 4);
    nothing_is_asked_of_the_shelf(p.b);
    answer_read(p.b, c, 50000, false, DAF_OK);
    f = says(p.b, p.w.b_conn, DAF_FRAME_CHUNK);
    assert_int_equal(f.part.part, 4);
    assert_int_equal(f.part.data.len, 50000);
    c = calls(p.b, CONTENT_READ);
    assert_int_equal(c->piece.offset, 50000);
    answer_read(p.b, c, 15536, true, DAF_OK);
    assert_int_equal(says(p.b, p.w.b_conn, DAF_FRAME_CHUNK).part.offset, 50000);
    c = calls(p.b, CONTENT_READ);
    assert_int_equal(c->piece.part, 3);
    answer_read(p.b, c, 0, true, DAF_ENOTFOUND);
    f = says(p.b, p.w.b_conn, DAF_FRAME_CHUNK);
    assert_int_equal(f.part.part, 3);
    assert_int_equal(f.part.data.len, 0);
    nothing_is_asked_of_the_shelf(p.b);
    assert_true(stats_of(p.b).content_out == 65536);
    pair_free(&p);
}

static void hears_fetch_of(struct host *h, uint32_t conn, uint8_t number)
{
    struct daf_part f = {.content = lesson, .part = 1};
    struct daf_pack k;

    f.content.b[0] = number;
    daf_pack_init(&k, frame_room, sizeof(frame_room));
    daf_frame_pack_fetch(&k, &f);
    hears(h, conn, &k);
}

/* As far from each other on the disk as may be: still one at a time, and the next
 * only when the one before was read. */
static void who_goes_from_item_to_item_has_one_read_at_the_disk(void **state)
{
    struct pair p = pair_up();

    (void)state;
    for (uint8_t i = 0; i < DAF_FETCH_MAX; i++)
        give_item(p.b, i, true);
    for (uint8_t i = 0; i < DAF_FETCH_MAX; i++)
        hears_fetch_of(p.b, p.w.b_conn, (uint8_t)(i * 37 % DAF_FETCH_MAX));
    for (uint8_t i = 0; i < DAF_FETCH_MAX; i++) {
        const struct content_call *c = calls(p.b, CONTENT_READ);

        assert_int_equal(c->piece.content.b[0], i * 37 % DAF_FETCH_MAX);
        nothing_is_asked_of_the_shelf(p.b);
        answer_read(p.b, c, 1, true, DAF_OK);
        (void)says(p.b, p.w.b_conn, DAF_FRAME_CHUNK);
    }
    nothing_is_asked_of_the_shelf(p.b);
    pair_free(&p);
}

static void a_read_that_nobody_waits_for_is_dropped(void **state)
{
    struct pair p = pair_up();
    struct content_call other;

    (void)state;
    hears_fetch(p.b, p.w.b_conn, 4);
    other = *calls(p.b, CONTENT_READ);
    other.piece.part = 5;
    answer_read(p.b, &other, 10, true, DAF_OK);
    is_silent(p.b);
    other.conn = 12345;
    answer_read(p.b, &other, 10, true, DAF_OK);
    is_silent(p.b);
    pair_free(&p);
}

/* R65: "more is a breach". */
/* R64: who was answered that nothing is here asks again in a new session. */
static void a_card_that_is_there_again_begins_anew(void **state)
{
    struct pair p = pair_up();
    struct daf_input in = {.kind = DAF_INPUT_SHELF, .is_there = true};

    (void)state;
    daf_agent_input(p.b->agent, p.b->now, &in); /* the start */
    has_it(p.b);
    is_silent(p.b);
    in.is_there = false;
    daf_agent_input(p.b->agent, p.b->now, &in);
    is_silent(p.b);
    in.is_there = true;
    daf_agent_input(p.b->agent, p.b->now, &in);
    assert_int_equal(says(p.b, p.w.b_conn, DAF_FRAME_BYE).bye, DAF_BYE_FAILURE);
    pair_free(&p);
}

static void too_many_fetches_are_a_breach(void **state)
{
    struct pair p = pair_up();

    (void)state;
    for (uint32_t i = 0; i < DAF_FETCH_MAX; i++)
        hears_fetch(p.b, p.w.b_conn, i);
    is_silent(p.b);
    hears_fetch(p.b, p.w.b_conn, 0);
    assert_int_equal(says(p.b, p.w.b_conn, DAF_FRAME_BYE).bye, DAF_BYE_BREACH);
    assert_true(is_closed(p.b, p.w.b_conn));
    pair_free(&p);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_is_wanted_is_sought_at_who_is_there),
        cmocka_unit_test(what_is_wanted_is_sought_at_who_comes),
        cmocka_unit_test(what_is_whole_or_stuck_is_not_sought),
        cmocka_unit_test(who_holds_something_says_which_parts),
        cmocka_unit_test(who_holds_nothing_is_silent),
        cmocka_unit_test(what_is_gained_is_told_to_who_seeks_it_now_and_then),
        cmocka_unit_test(pages_come_before_chunks),
        cmocka_unit_test(a_part_goes_to_the_shelf_as_it_comes),
        cmocka_unit_test(who_answers_at_once_is_asked_for_more),
        cmocka_unit_test(what_nobody_asked_for_is_dropped_and_counted),
        cmocka_unit_test(what_a_peer_has_not_after_all_is_not_asked_for_again),
        cmocka_unit_test(a_drip_does_not_keep_a_part_from_others),
        cmocka_unit_test(a_part_that_was_left_open_is_not_gone_on_with),
        cmocka_unit_test(what_nobody_has_keeps_nothing_from_being_sought),
        cmocka_unit_test(an_item_that_is_sought_twice_is_told_once),
        cmocka_unit_test(a_bad_part_is_its_senders),
        cmocka_unit_test(a_full_disk_stops_the_asking),
        cmocka_unit_test(what_the_shelf_does_not_take_is_asked_for_later),
        cmocka_unit_test(peers_together_are_asked_for_no_more_than_memory_is),
        cmocka_unit_test(who_never_answers_is_asked_no_more_than_it_may_hold),
        cmocka_unit_test(a_slow_shelf_is_not_its_sources_silence),
        cmocka_unit_test(what_the_shelf_took_late_is_not_open),
        cmocka_unit_test(parts_left_open_are_given_up),
        cmocka_unit_test(whose_bulk_others_wait_behind_asks_for_less),
        cmocka_unit_test(what_one_dawdles_over_another_is_asked_for),
        cmocka_unit_test(what_was_asked_of_who_left_is_asked_of_who_stays),
        cmocka_unit_test(fetches_are_served_one_after_the_other),
        cmocka_unit_test(who_goes_from_item_to_item_has_one_read_at_the_disk),
        cmocka_unit_test(a_read_that_nobody_waits_for_is_dropped),
        cmocka_unit_test(a_card_that_is_there_again_begins_anew),
        cmocka_unit_test(too_many_fetches_are_a_breach),
    };

    return cmocka_run_group_tests(tests, make_camp, free_camp);
}
