/* SPDX-License-Identifier: Apache-2.0 */
/* Who belongs, and what counts, in whatever order it is heard.
 *
 * Two devices hear the same manifest, control and data, each in an order of its own,
 * again and again until nothing changes any more.  Then they must agree on all of it
 * (docs/protocol.md R7, R50, R105; design: acceptance within a tier only grows, and
 * only the tier above takes away, by naming tips):
 *
 *   manifest   M2 removes coordinator A up to tip C1
 *   control    C1 A certifies device D;  C2 A certifies device E, later: not under C1
 *              RV B revokes D up to tip D1;  AD B admits D2
 *   data       D1 <- D2 D's log;  DF a thief's fork of it beside D1;  E1 E's log
 *
 * What a guard is for is seen when it is removed: -DARRIVAL, -DDEAF, -DREFUSE, -DCUT,
 * and revocation_model.sh expects each to fail. */

#define M2 0
#define C1 1
#define C2 2
#define RV 3
#define AD 4
#define D1 5
#define D2 6
#define DF 7
#define E1 8
#define THINGS 9

/* What a device holds, a bit for each thing. */
#define has(n, x) ((held[n] >> (x)) & 1)

short held[2];
/* ARRIVAL: certificates by what was known when they came, instead of by what is. */
bit seen_c1[2], seen_c2[2];

/* ---- the guards */

#ifdef ARRIVAL
/* Wrong: whoever is removed is not believed, from when one has heard so. */
#define cert_d(n) (seen_c1[n])
#define cert_e(n) (seen_c2[n])
#elif defined(DEAF)
/* Wrong: what was accepted once stands, whatever the tier above says. */
#define cert_d(n) (has(n, C1))
#define cert_e(n) (has(n, C2))
#else
/* R7, R15: up to the tips that the manifest names, whatever came first. */
#define cert_d(n) (has(n, C1))
#define cert_e(n) (has(n, C2) && !has(n, M2))
#endif

#define revoked_d(n) (has(n, RV))

#ifdef REFUSE
/* Wrong: records of who is revoked are refused. */
#define takes_d(n) (cert_d(n) && !revoked_d(n))
#else
/* R7: "never on time, order, expiry, type or revocation" */
#define takes_d(n) (cert_d(n))
#endif

#ifdef CUT
/* Wrong: up to a number in the log, which a thief's fork is below as well. */
#define confirmed_df(n) (!revoked_d(n) || true)
#else
/* R105: an ancestor of a named tip, or one itself. */
#define confirmed_df(n) (!revoked_d(n))
#endif
#define confirmed_d1(n) (true)
#define confirmed_d2(n) (!revoked_d(n) || has(n, AD))

/* ---- what counts, of what is held; E1 may lie there still, and is in no digest, as
 * its author does not belong */

#define counts_d1(n) (has(n, D1) && cert_d(n) && confirmed_d1(n))
#define counts_d2(n) (has(n, D2) && cert_d(n) && confirmed_d2(n))
#define counts_df(n) (has(n, DF) && cert_d(n) && confirmed_df(n))
#define counts_e1(n) (has(n, E1) && cert_e(n))

/* A record without the right is dropped, and pulled again later (R26). */
#define may_take(n, x) \
    ((x) <= AD || ((x) <= DF && takes_d(n)) || ((x) == E1 && cert_e(n)))

inline hear(n, x)
{
    d_step {
        if
        :: !has(n, x) && may_take(n, x) ->
            held[n] = held[n] | (1 << (x));
            if
            :: (x) == C1 && !has(n, M2) -> seen_c1[n] = 1
            :: (x) == C2 && !has(n, M2) -> seen_c2[n] = 1
            :: else -> skip
            fi
        :: else -> skip
        fi
    }
}

/* Nothing that could come would change anything. */
#define rests(n) \
    ((has(n, M2)) && (has(n, C1)) && (has(n, C2)) && (has(n, RV)) && \
     (has(n, AD)) && (has(n, D1) || !may_take(n, D1)) && \
     (has(n, D2) || !may_take(n, D2)) && (has(n, DF) || !may_take(n, DF)) && \
     (has(n, E1) || !may_take(n, E1)))

/* Devices that hear the same do not touch each other: one after the other is every
 * order of both. */
inline listen(n)
{
    do
    :: !rests(n) ->
        atomic {
            select (x : 0 .. THINGS - 1);
            hear(n, x);
            x = 0
        }
    :: rests(n) -> break
    od
}

init
{
    byte x;

    listen(0);
    listen(1);
    skip;
    d_step {
        /* Both know the same devices ... */
        assert(cert_d(0) == cert_d(1));
        assert(cert_e(0) == cert_e(1));
        assert(revoked_d(0) == revoked_d(1));
        /* ... hold the same records of who has the right ... */
        assert(has(0, D1) == has(1, D1));
        assert(has(0, D2) == has(1, D2));
        assert(has(0, DF) == has(1, DF));
        /* ... and say the same of what they are worth. */
        assert(counts_d1(0) == counts_d1(1));
        assert(counts_d2(0) == counts_d2(1));
        assert(counts_df(0) == counts_df(1));
        assert(counts_e1(0) == counts_e1(1));
        /* D is certified below A's tip, so its honest work is here and counts; what
         * the thief wrote is here, and does not; E never belonged. */
        assert(counts_d1(0) && counts_d2(0));
        assert(has(0, DF) && !counts_df(0));
        assert(!cert_e(0) && !counts_e1(0))
    }
}
