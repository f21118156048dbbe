/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/lib/t.h"

#include "tests/lib/homes.h"

#include "node/home.h"
#include "tests/lib/tmpdir.h"

#include <stdio.h>
#include <string.h>

static char *tmp;
static char paths[8][512];

/* "TMP/name"; good for the next seven calls. */
const char *daf_homes_in(const char *name)
{
    static size_t next;
    char *path = paths[next++ % 8];

    (void)snprintf(path, sizeof(paths[0]), "%s/%s", tmp, name);
    return path;
}

int daf_homes_setup(void **state)
{
    (void)state;
    tmp = daf_tmpdir_new();
    return tmp != NULL ? 0 : -1;
}

int daf_homes_teardown(void **state)
{
    (void)state;
    daf_tmpdir_free(tmp);
    return 0;
}

void daf_homes_ok(struct daf_ran r)
{
    if (r.code != 0) print_message("%s%s", r.out, r.err);
    assert_int_equal(r.code, 0);
    assert_string_equal(r.err, "");
}

void daf_homes_create(const char *home)
{
    daf_homes_ok(
        daf_ran("camp", "create", "Test", "--home", daf_homes_in(home), NULL));
}

void daf_homes_request(const char *home, const char *file)
{
    daf_homes_ok(daf_ran("join", "--request", daf_homes_in(file), "--home",
                         daf_homes_in(home), NULL));
}

void daf_homes_enrol(const char *home, const char *coordinator)
{
    daf_homes_request(home, "r");
    daf_homes_ok(daf_ran("enrol", "sign", daf_homes_in("r"), "--out",
                         daf_homes_in("a"), "--home", daf_homes_in(coordinator),
                         NULL));
    daf_homes_ok(daf_ran("join", "--accept", daf_homes_in("a"), "--home",
                         daf_homes_in(home), NULL));
}

void daf_homes_add(const char *home, const char *learner, const char *item)
{
    daf_homes_ok(daf_ran("progress", "add", "--learner", learner, "--item",
                         item, "--score", "0.8", "--minutes", "10", "--home",
                         daf_homes_in(home), NULL));
}

char *daf_homes_digest(const char *home)
{
    struct daf_ran r =
        daf_ran("digest", "--json", "--home", daf_homes_in(home), NULL);

    daf_homes_ok(r);
    return strdup(r.out);
}

json_int_t daf_homes_number(const char *out, size_t line, const char *key)
{
    json_t *object = daf_ran_json(out, line);
    json_int_t n;

    assert_non_null(object);
    n = json_integer_value(json_object_get(object, key));
    json_decref(object);
    return n;
}

uint8_t *daf_homes_slurp(const char *path, size_t *out_len)
{
    uint8_t *bytes;

    assert_int_equal(daf_home_read_file(path, DAF_HOMES_FILE_MAX, &bytes,
                                        out_len, NULL),
                     DAF_OK);
    return bytes;
}

void daf_homes_spill(const char *path, const uint8_t *bytes, size_t len)
{
    assert_int_equal(daf_home_write_file(path, 0600,
                                         (struct daf_view){bytes, len}, NULL),
                     DAF_OK);
}
