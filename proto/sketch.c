/* SPDX-License-Identifier: Apache-2.0 */
#include "proto/sketch.h"

#include "proto/hash.h"

#include <assert.h>
#include <sodium.h>

#define MARK_BYTES   6
#define HEIGHT_AT    DAF_TAG_BYTES
#define MARK_AT      (HEIGHT_AT + 4)
#define SYMBOL_WORDS (DAF_SYMBOL_BYTES / 8)
#define SET_WORDS    (DAF_SYMBOLS_MAX / 64)

static_assert(sizeof(struct daf_symbol) == DAF_SYMBOL_BYTES &&
                  sizeof(struct daf_item) == DAF_ITEM_BYTES,
              "symbols and items are laid out as on the wire");
static_assert(MARK_AT + MARK_BYTES == DAF_ITEM_BYTES, "tag, height, mark");
static_assert(SET_WORDS == 64, "one word says which words of a set are empty");
static_assert(crypto_shorthash_siphashx24_KEYBYTES ==
                  sizeof(struct daf_scope_id),
              "a scope id is the key of its items' hash");

/* ---- tags, marks, items */

struct daf_tag daf_sketch_tag(const struct daf_log_key *log)
{
    uint8_t bytes[16 + 16 + 8];
    uint8_t hash[16];
    struct daf_tag tag;

    memcpy(bytes, log->scope.b, 16);
    memcpy(bytes + 16, log->author.b, 16);
    for (size_t i = 0; i < 8; i++)
        bytes[32 + i] = (uint8_t)(log->incarnation >> (56 - 8 * i) & 0xff);
    daf_hash_128("daf.log.1", (struct daf_view){bytes, sizeof(bytes)}, hash);
    memcpy(tag.b, hash, sizeof(tag.b));
    return tag;
}

bool daf_sketch_tag_among(const struct daf_tag *tag, const struct daf_tag *list,
                          size_t count)
{
    for (size_t i = 0; i < count; i++)
        if (memcmp(list[i].b, tag->b, sizeof(tag->b)) == 0) return true;
    return false;
}

struct daf_mark daf_sketch_mark(const struct daf_head *head)
{
    struct daf_mark mark = {.log = head->log, .height = 0};
    uint64_t height = 0;

    for (size_t i = 0; i < head->tips_count; i++)
        if (head->tips[i].seq > height) height = head->tips[i].seq;
    mark.height = height > UINT32_MAX ? UINT32_MAX : (uint32_t)height;
    mark.tag = daf_sketch_tag(&head->log);
    mark.digest = daf_frontier_digest(head);
    return mark;
}

static struct daf_item make_item(const struct daf_mark *mark,
                                 const uint8_t *bytes)
{
    struct daf_item item;

    memcpy(item.b, mark->tag.b, DAF_TAG_BYTES);
    for (size_t i = 0; i < 4; i++)
        item.b[HEIGHT_AT + i] = (uint8_t)(mark->height >> (24 - 8 * i) & 0xff);
    memcpy(item.b + MARK_AT, bytes, MARK_BYTES);
    return item;
}

struct daf_item daf_sketch_item(const struct daf_mark *mark)
{
    return make_item(mark, mark->digest.b);
}

struct daf_item daf_sketch_salted(const struct daf_mark *mark,
                                  const struct daf_key *salt)
{
    uint8_t value[16];

    daf_frontier_value(salt, &mark->digest, value);
    return make_item(mark, value);
}

struct daf_tag daf_sketch_item_tag(const struct daf_item *item)
{
    struct daf_tag tag;

    memcpy(tag.b, item->b, sizeof(tag.b));
    return tag;
}

uint32_t daf_sketch_item_height(const struct daf_item *item)
{
    uint32_t height = 0;

    for (size_t i = 0; i < 4; i++)
        height = height << 8 | item->b[HEIGHT_AT + i];
    return height;
}

/* ---- where an item goes */

/* The floor of the square root, with three divisions.  A straight line is right
 * within 3 % on [2^62, 2^64); each of Newton's steps squares the error, halved:
 * 2^-11, 2^-23, 2^-47.  A step from any positive x comes out at or above the
 * floor of the root, so all that is left is to go down, by one at most. */
static uint64_t root_of(uint64_t r)
{
    unsigned shift;
    uint64_t n, x;

    if (r == 0) return 0;
    shift = (unsigned)__builtin_clzll(r) & ~1u;
    n = r << shift;
    x = (n >> 31) / 3 + 1481763717; /* 0.69 * 2^31 */
    for (int i = 0; i < 3; i++)
        x = (x + n / x) / 2;
    if (x > UINT32_MAX) x = UINT32_MAX; /* whose square still fits */
    while (x * x > n)
        x--;
    return x >> shift / 2;
}

/* Splitmix64 (Steele, Lea, Flood, "Fast Splittable Pseudorandom Number
 * Generators", OOPSLA 2014). */
static uint64_t draw(uint64_t *state)
{
    uint64_t z = *state += 0x9e3779b97f4a7c15;

    z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9;
    z = (z ^ z >> 27) * 0x94d049bb133111eb;
    return z ^ z >> 31;
}

/* The index after @i: with v uniform in (0, 1], v = (u / 2^32)^2, it is
 * i + ceil((i + 3/2) (1/sqrt(v) - 1)).  So the chance to jump by more than x is
 * ((i + 3/2) / (i + 3/2 + x))^2, and by induction over i the chance of symbol i
 * is 8(i+1)/(2i+3)^2: that is 1/(1+i/2) less one part in (2i+3)^2.
 *
 * Nothing overflows: for i < 4096 = 2^12 the product is below
 * (2^13 + 3) * 2^32 < 2^46, what is added before the division below 2^33, and
 * the sum of @i and the quotient below 2^46. */
static uint64_t next_index(uint64_t i, uint64_t *state)
{
    uint64_t u = root_of(draw(state)) + 1;
    uint64_t gap =
        ((2 * i + 3) * (((uint64_t)1 << 32) - u) + 2 * u - 1) / (2 * u);

    return i + (gap > 0 ? gap : 1);
}

/* An item ready to be put into symbols. */
struct placed {
    uint64_t seed;
    struct daf_symbol symbol; /* item and check; its count is 0 */
};

static struct placed place(const struct daf_scope_id *key,
                           const struct daf_item *item)
{
    uint8_t hash[crypto_shorthash_siphashx24_BYTES];
    struct placed p = {.seed = 0};

    (void)crypto_shorthash_siphashx24(hash, item->b, sizeof(item->b), key->b);
    for (size_t i = 8; i > 0; i--)
        p.seed = p.seed << 8 | hash[i - 1];
    memcpy(p.symbol.item, item->b, sizeof(p.symbol.item));
    memcpy(p.symbol.check, hash + 8, sizeof(p.symbol.check));
    return p;
}

/* ---- symbols */

static unsigned count_of(const struct daf_symbol *s)
{
    return (unsigned)s->count[0] << 8 | s->count[1];
}

static int signed_count_of(const struct daf_symbol *s)
{
    int count = (int)count_of(s);

    return count < 0x8000 ? count : count - 0x10000;
}

/* @into becomes its xor with @from; its count becomes @count mod 2^16. */
static void mix(struct daf_symbol *into, const struct daf_symbol *from,
                unsigned count)
{
    uint64_t a[SYMBOL_WORDS];
    uint64_t b[SYMBOL_WORDS];

    memcpy(a, into, sizeof(a));
    memcpy(b, from, sizeof(b));
    for (size_t i = 0; i < SYMBOL_WORDS; i++)
        a[i] ^= b[i];
    memcpy(into, a, sizeof(a));
    into->count[0] = (uint8_t)(count >> 8 & 0xff);
    into->count[1] = (uint8_t)(count & 0xff);
}

void daf_sketch_add(struct daf_symbol *symbols, size_t count,
                    const struct daf_scope_id *key, const struct daf_item *item,
                    int sign)
{
    struct placed p = place(key, item);
    uint64_t state = p.seed;

    assert(count <= DAF_SYMBOLS_MAX);
    assert(sign == 1 || sign == -1);
    for (uint64_t i = 0; i < count; i = next_index(i, &state))
        mix(&symbols[i], &p.symbol, count_of(&symbols[i]) + (unsigned)sign);
}

void daf_sketch_subtract(struct daf_symbol *theirs,
                         const struct daf_symbol *ours, size_t count)
{
    for (size_t i = 0; i < count; i++)
        mix(&theirs[i], &ours[i], count_of(&theirs[i]) - count_of(&ours[i]));
}

static bool is_zero(const struct daf_symbol *symbols, size_t count)
{
    static const struct daf_symbol zero;

    for (size_t i = 0; i < count; i++)
        if (memcmp(&symbols[i], &zero, sizeof(zero)) != 0) return false;
    return true;
}

/* ---- how many differ
 *
 * Of d items, A theirs and B ours, each is in symbol i with chance
 * p = 8(i+1)/(2i+3)^2.  The count c of symbol i has the mean p (A - B), and
 * A - B is the count of symbol 0, which holds them all.  Around its mean it has
 * the variance p (1-p) d.  So each symbol by itself is an estimate of d,
 *
 *      (c - p (A-B))^2 / (p (1-p))
 *          = ((2i+3)^2 c - 8(i+1) (A-B))^2 / ((2i+1)^2 8(i+1)),
 *
 * of a standard error of about d sqrt 2, and we take the mean of all of them.
 * It needs no sign chosen by chance: the mean is known, so it is taken away. */

/* 16 times symbol @i's estimate.  Whatever the counts are, |away| is at most
 * 2^15 ((2i+3)^2 + 8(i+1)), root at most 2^17 (2i+12) < 2^31, and the result
 * below 2^46. */
static uint64_t estimate_of(uint64_t i, int64_t count, int64_t balance)
{
    int64_t wide = (int64_t)(2 * i + 3);
    int64_t away = wide * wide * count - 8 * (int64_t)(i + 1) * balance;
    uint64_t root = 4 * (uint64_t)(away < 0 ? -away : away) / (2 * i + 1);

    return root * root / (8 * (i + 1));
}

size_t daf_sketch_estimate(const struct daf_symbol *difference, size_t count)
{
    uint64_t sum = 0;
    uint64_t least;
    int balance;

    assert(count <= DAF_SYMBOLS_MAX);
    if (is_zero(difference, count)) return 0;
    balance = signed_count_of(&difference[0]);
    least = (uint64_t)(balance < 0 ? -balance : balance);
    if (least == 0) least = 1;
    for (size_t i = 1; i < count; i++)
        sum += estimate_of(i, signed_count_of(&difference[i]), balance);
    if (count > 1) sum = (sum / (count - 1) + 8) / 16;
    return (size_t)(sum > least ? sum : least);
}

/* ---- which differ */

/* Sets of indices of symbols. */
struct peel {
    uint64_t words;            /* bit w: todo[w] is not empty */
    uint64_t todo[SET_WORDS];  /* to be looked at: may be pure */
    uint64_t spent[SET_WORDS]; /* gave their item, so they stay empty */
};

static uint64_t bit(uint64_t i)
{
    return (uint64_t)1 << i % 64;
}

static bool is_single(const struct daf_symbol *s)
{
    return count_of(s) == 1 || count_of(s) == 0xffff;
}

static void note(struct peel *p, const struct daf_symbol *s, uint64_t i)
{
    if (!is_single(s)) return;
    p->todo[i / 64] |= bit(i);
    p->words |= bit(i / 64);
}

/* Any symbol that is to be looked at; false if there is none. */
static bool take(struct peel *p, size_t *out)
{
    unsigned w;

    if (p->words == 0) return false;
    w = (unsigned)__builtin_ctzll(p->words);
    *out = w * 64u + (unsigned)__builtin_ctzll(p->todo[w]);
    p->todo[w] &= p->todo[w] - 1;
    if (p->todo[w] == 0) p->words &= p->words - 1;
    return true;
}

/* Takes the item of the pure symbol @from out of all symbols.  False if the
 * symbols contradict each other: the item does not go to @from, or it goes to
 * a symbol whose only item was another one.  An honest set does neither, but for
 * a check that agrees by chance, once in 2^32 looks. */
static bool take_out(struct peel *p, struct daf_symbol *difference,
                     size_t count, const struct placed *item, size_t from)
{
    unsigned one = count_of(&difference[from]);
    uint64_t state = item->seed;
    bool is_there = false;

    for (uint64_t i = 0; i < count; i = next_index(i, &state)) {
        struct daf_symbol *s = &difference[i];

        if ((p->spent[i / 64] & bit(i)) != 0) return false;
        if (i == from) is_there = true;
        mix(s, &item->symbol, count_of(s) - one);
        note(p, s, i);
    }
    p->spent[from / 64] |= bit(from);
    return is_there;
}

/* Each symbol gives at most one item, and is looked at once at the beginning and
 * once for each change.  So hostile symbols cost no more than honest ones: at
 * most @count items of some 2 ln @count changes each.  (The scope id is no
 * secret, so items that go to more symbols can be sought: 2^40 tries find some
 * with three times as many.)  For the same reason no item comes out twice: it
 * would have to leave its first symbol again. */
enum daf_err daf_sketch_decode(struct daf_symbol *difference, size_t count,
                               const struct daf_scope_id *key,
                               struct daf_sketch_one *out, size_t cap,
                               size_t *out_count)
{
    struct peel p = {.words = 0};
    size_t i;

    assert(count <= DAF_SYMBOLS_MAX);
    *out_count = 0;
    for (i = 0; i < count; i++)
        note(&p, &difference[i], i);
    while (take(&p, &i)) {
        const struct daf_symbol *s = &difference[i];
        struct daf_sketch_one one;
        struct placed item;

        if (!is_single(s)) continue; /* changed since it was noted */
        memcpy(one.item.b, s->item, sizeof(one.item.b));
        one.is_theirs = count_of(s) == 1;
        item = place(key, &one.item);
        if (memcmp(item.symbol.check, s->check, sizeof(s->check)) != 0)
            continue;
        if (*out_count == cap) return DAF_ELIMIT;
        if (!take_out(&p, difference, count, &item, i)) return DAF_ECORRUPT;
        out[(*out_count)++] = one;
    }
    /* No symbol at all says nothing, not that nothing differs. */
    return count > 0 && is_zero(difference, count) ? DAF_OK : DAF_EBUSY;
}
