/* SPDX-License-Identifier: Apache-2.0 */
/* store/migrations.h - the schema of notebook.db and how it moves forward.
 *
 * Private to store/. */
#ifndef DAF_STORE_MIGRATIONS_H
#define DAF_STORE_MIGRATIONS_H

#include "store/db.h"

/* "DAF1": lets file(1) and us tell a notebook from any other database. */
#define DAF_MIGRATIONS_APPLICATION_ID 0x44414631

/* The commit of one record writes four or five whole pages to the card: 20 kB
 * with pages of 4096 bytes, 40 kB with 8192, 160 kB with 32768.  Smaller ones
 * waste more: bodies of 2 kB take 1.15 times their bytes at 4096, 1.10 at 8192.
 * Cards write 8 KiB or more at once anyway. */
#define DAF_MIGRATIONS_PAGE_BYTES 8192

/** daf_migrations_version: the schema version this program writes. */
int daf_migrations_version(void);

/** daf_migrations_look: the version of @db, without changing anything; 0 if it
 * is empty.  DAF_EVERSION if it is newer than ours, DAF_ECORRUPT if it is not
 * a notebook. */
DAF_NODISCARD enum daf_err daf_migrations_look(struct daf_db *db, int *out);

/** daf_migrations_run: bring @db to our version, all in one transaction. */
DAF_NODISCARD enum daf_err daf_migrations_run(struct daf_db *db);

/** daf_migrations_same: whether the schema stored in @db is, letter for letter,
 * what daf_migrations_run() makes. */
DAF_NODISCARD enum daf_err daf_migrations_same(struct daf_db *db,
                                               bool *out_same);

#endif
