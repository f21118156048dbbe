/* SPDX-License-Identifier: Apache-2.0 */
/* proto/limits.h - every length, count and time-out of the protocol on one
 * page, with its unit and its reason.  Tests try each at the limit, one below
 * and one above. */
#ifndef DAF_PROTO_LIMITS_H
#define DAF_PROTO_LIMITS_H

#define DAF_PROTOCOL_VERSION 3 /* of the frames */
#define DAF_FORMAT_VERSION   1 /* of records, certificates, manifests, files */

/* ---- encoding (docs/protocol.md §1) */
#define DAF_DEPTH_MAX 16        /* nested arrays and maps */
#define DAF_INT_MAX   INT64_MAX /* uints fit SQLite's integer */

/* ---- enrolment (docs/protocol.md §5.4, §6) */
#define DAF_REQUEST_BYTES_MAX 512    /* one has 182 */
#define DAF_PORCH_MS          600000 /* it is open at most */
#define DAF_PORCH_AFTER_MS    60000  /* and this long once its ticket is used */
#define DAF_PORCH_CONNS_MAX   16     /* at once; link lets no more in */
#define DAF_PORCH_PENDING_MAX 8      /* devices that wait for a person */
#define DAF_PORCH_TALKS_MAX   64     /* pairs of digits, one a talk */
#define DAF_TICKET_ADDRS_MAX  4

/* ---- records */
#define DAF_HEADER_BYTES_MAX 512   /* a v1 header is about 205 bytes */
#define DAF_BODY_BYTES_MAX   65536 /* a session of learning is 0.3 kB */
#define DAF_EXT_BYTES_MAX    64    /* room for what is not known yet */
#define DAF_PAD_BYTES        32    /* body plaintext padding block */
/* Largest payload whose padded, sealed, packed body still fits. */
#define DAF_PAYLOAD_BYTES_MAX    (DAF_BODY_BYTES_MAX - 256)
#define DAF_NAME_BYTES_MAX       128     /* a learner's name, UTF-8 */
#define DAF_ITEM_BYTES_MAX       200     /* an item's id, UTF-8 */
#define DAF_TYPE_BYTES_MAX       24      /* a record type's name */
#define DAF_SCOPE_NAME_BYTES_MAX 48      /* "class:1", [a-z0-9:-] */
#define DAF_SCORE_MAX            1000000 /* millionths */
#define DAF_DID_MAX              256     /* activities in one session record */

/* ---- certificates and manifest */
#define DAF_CERT_BYTES_MAX 1024
#define DAF_RIGHTS_MAX     16 /* scopes named by one certificate */
#define DAF_MANIFEST_BYTES_MAX \
    2880 /* a door frame holds it, a certificate,
                                             and 192 bytes of proof */
#define DAF_CAMP_NAME_BYTES_MAX 64
#define DAF_ROOTS_MAX           8
#define DAF_COORDINATORS_MAX    12
#define DAF_REMOVED_MAX         8   /* removed coordinators */
#define DAF_REMOVED_TIPS_MAX    8   /* tips named for each */
#define DAF_REGISTER_MAX        48  /* record types a camp names */
#define DAF_WRAPS_MAX           512 /* sealed copies in one key-wrap record */

/* ---- frames */
#define DAF_FRAME_BYTES_MAX       294912  /* 256 KiB of payload and its frame */
#define DAF_RUN_BYTES_MAX         262144  /* one RUN: about 500 records */
#define DAF_CREDIT_BYTES_MAX      1048576 /* one WANT's answer */
#define DAF_WANT_BYTES_MAX        32768
#define DAF_DOOR_BYTES_MAX        4096
#define DAF_FRONTIER_MAX          64  /* tips, and roots, of one log */
#define DAF_INCARNATIONS_MAX      64  /* logs of one author in one scope */
#define DAF_HAVES_MAX             64  /* ids that bound one want */
#define DAF_WANTS_MAX             128 /* spots asked for beside the tips */
#define DAF_SCOPES_MAX            32  /* common scopes of one session */
#define DAF_SYMBOLS_MAX           4096 /* of one scope: some 2,900 changed items */
#define DAF_ROOT_SYMBOLS          8    /* of a scope that differs, in ROOT */
#define DAF_ITEMS_MAX             3600 /* in one HEADS: 64 KiB */
#define DAF_DEFERRED_MAX          64  /* logs of a scope named as over budget */
#define DAF_NEED_MAX              512 /* bodies asked for in one NEED */
#define DAF_PATH_RECORDS_MAX      1024 /* records in one path of a RUN */
#define DAF_ADDRESSES_DEVICES_MAX 32   /* in one ADDRESSES: ≤ 3,205 bytes */
#define DAF_ADDRESSES_EACH_MAX    4    /* of each of them */

/* ---- a session */
#define DAF_TODO_MAX    4096 /* logs that differ, listed: 80 KiB, lent */
#define DAF_WAITING_MAX 16   /* logs told while another scope is in hand */
#define DAF_CONTROL_FIRST_BYTES \
    65536 /* of control, before a peer's unacknowledged records (R23) */
#define DAF_CLAIM_MS \
    5000 /* a log that another session has in hand is waited for (R44) */
#define DAF_LEAVE_RECORDS_MAX 4096    /* taken in one leaving session (R114) */
#define DAF_LEAVE_BYTES_MAX   8388608 /* the same */
#define DAF_LEAVE_ODD_MAX     64      /* frames that have no place in one */
#define DAF_LEAVE_REST_MS     10000   /* nothing is under way */
#define DAF_LEAVE_MS          600000  /* in all */
#define DAF_SESSION_BYTES_MAX 8192    /* sizeof(struct daf_session) */
#define DAF_GREET_MS          10000   /* HELLO and ROOT must come within */
#define DAF_ANSWER_MS \
    60000 /* a WANT's answer must go on within;
                                             one RUN at 5 kB/s takes 52 s */

/* ---- content (docs/content.md) */
#define DAF_CONTENT_MANIFEST_BYTES_MAX    32768
#define DAF_CONTENT_FILES_MAX             65536
#define DAF_CONTENT_PAGES_MAX             512     /* of a file list: 32 MiB */
#define DAF_CONTENT_PARTS_MAX             1048576 /* pages and chunks: 1 TiB */
#define DAF_CONTENT_LANGUAGES_MAX         16 /* of titles, of descriptions */
#define DAF_CONTENT_TITLE_BYTES_MAX       200
#define DAF_CONTENT_DESCRIPTION_BYTES_MAX 1000
#define DAF_CONTENT_TEXT_BYTES_MAX        200
#define DAF_CONTENT_PREVIEW_BYTES_MAX     8192
#define DAF_PICTURE_SIDE_MAX              512 /* pixels of a preview */
#define DAF_LANGUAGE_BYTES_MAX            35  /* BCP 47; RFC 5646, 4.4.1 */
#define DAF_PAGE_BYTES                    65536
#define DAF_CHUNK_BYTES_MIN               65536
#define DAF_CHUNK_BYTES_MAX               1048576
#define DAF_PIECE_BYTES_MAX               262144 /* in one CHUNK */
#define DAF_FILE_PATH_BYTES_MAX           512
#define DAF_FILE_PATH_NAMES_MAX           16
#define DAF_FILE_NAME_BYTES_MAX           200
#define DAF_SEEK_MAX                      32 /* items in one SEEK */
#define DAF_FETCH_MAX                     64 /* parts asked for and not answered */
#define DAF_TURN_MAX                      65535 /* places in line */
#define DAF_AIR_BYTES                     8

/* ---- statements (docs/content.md §7) */
#define DAF_STATEMENT_KIND_MAX        5     /* what is carried, known or not */
#define DAF_ARCHIVED_MAX              1024  /* content ids on a page */
#define DAF_ARCHIVED_PAGES_MAX        16    /* 16,384 items of one archive */
#define DAF_STATEMENT_BYTES_MAX       41216 /* a full page has 41,110 at most */
#define DAF_STATEMENT_OTHER_BYTES_MAX 1024  /* of a kind that is not known */
#define DAF_STATEMENTS_MAX            4096  /* held: a list is 140 kB */
#define DAF_STATEMENTS_OTHER_MAX      2048 /* of them, of no kind but archived */

#endif
