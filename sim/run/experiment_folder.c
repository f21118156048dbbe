/* SPDX-License-Identifier: Apache-2.0 */
/* An experiment's folder. */
#include <dirent.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "sim/protocols/protocol.h"
#include "sim/run/experiment_impl.h"
#include "sim/run/outcome.h"

/* One thread.  NOLINTBEGIN(concurrency-mt-unsafe) */
static enum daf_err fail(char *why, const char *path)
{
    (void)snprintf(why, DAF_FILE_WHY_BYTES, "%s: %s", path, strerror(errno));
    return DAF_EIO;
}

/* A run that was killed at once has left the first file's beginning: that is
 * written over. */
static bool is_leftover(const char *name)
{
    return strcmp(name, "experiment.json.part") == 0;
}

static enum daf_err is_empty(const char *dir, bool *out, char *why)
{
    DIR *d = opendir(dir);
    const struct dirent *entry;

    *out = true;
    if (d == NULL) return fail(why, dir);
    while ((entry = readdir(d)) != NULL)
        if (strcmp(entry->d_name, ".") != 0 &&
            strcmp(entry->d_name, "..") != 0 && !is_leftover(entry->d_name))
            *out = false;
    (void)closedir(d);
    return DAF_OK;
}
/* NOLINTEND(concurrency-mt-unsafe) */

/* ---- of this experiment? */

/* In which @was differs, for people; false: only in what they do not name. */
static bool name_difference(const json_t *was, json_t *is, char *why,
                            const char *dir)
{
    const char *name, *now;
    json_t *value;

    json_object_foreach(is, name, value)
    {
        const char *before = json_string_value(json_object_get(was, name));
        now = json_string_value(value);
        if (before != NULL && now != NULL && strcmp(before, now) == 0) continue;
        (void)
            snprintf(why, DAF_FILE_WHY_BYTES,
                     "%.1000s holds another experiment: its %s is %.200s, not "
                     "%.200s; give another folder",
                     dir, name, before == NULL ? "not known" : before,
                     now == NULL ? "" : now);
        return true;
    }
    return false;
}

static enum daf_err is_same(const struct daf_experiment *x, const json_t *was,
                            char *why)
{
    const char *identity = json_string_value(json_object_get(was, "identity"));
    const char *version = json_string_value(json_object_get(was, "version"));
    char ours[DAF_EXPERIMENT_HASH_CHARS];

    daf_experiment_identity(x, NULL, 0, ours);
    if (identity != NULL && strcmp(identity, ours) == 0) return DAF_OK;
    json_t *options = daf_experiment_options(x);
    if (version != NULL && strcmp(version, x->version) != 0)
        (void)snprintf(why, DAF_FILE_WHY_BYTES,
                       "%.1000s was filled by daftar-sim %.100s, and this is "
                       "%.100s, which may run it differently; give another "
                       "folder",
                       x->dir, version, x->version);
    else if (!name_difference(json_object_get(was, "options"), options, why,
                              x->dir))
        (void)snprintf(why, DAF_FILE_WHY_BYTES,
                       "%.1000s holds another experiment: its traces are not "
                       "these; give another folder",
                       x->dir);
    json_decref(options);
    return DAF_EFORM;
}

/* ---- experiment.json */

static bool has_protocol(const json_t *all, const char *name)
{
    for (size_t i = 0; i < json_array_size(all); i++) {
        const char *one =
            json_string_value(json_object_get(json_array_get(all, i), "name"));
        if (one != NULL && strcmp(one, name) == 0) return true;
    }
    return false;
}

static bool has_seed(const json_t *all, uint64_t seed)
{
    for (size_t i = 0; i < json_array_size(all); i++)
        if ((uint64_t)json_integer_value(json_array_get(all, i)) == seed)
            return true;
    return false;
}

/* What was asked before, and what is asked now. */
static void join(const struct daf_experiment *x, const json_t *was, json_t *is)
{
    json_t *protocols = json_array(), *seeds = json_array();

    if (was != NULL) {
        json_array_extend(protocols, json_object_get(was, "protocols"));
        json_array_extend(seeds, json_object_get(was, "seeds"));
    }
    for (size_t i = 0; i < x->protocols_count; i++)
        if (!has_protocol(protocols, x->protocols[i]->name))
            json_array_append_new(protocols,
                                  json_pack("{s:s, s:s}", "name",
                                            x->protocols[i]->name, "what",
                                            x->protocols[i]->what));
    for (size_t i = 0; i < x->seeds_count; i++)
        if (!has_seed(seeds, x->seeds[i]))
            json_array_append_new(seeds, json_integer((json_int_t)x->seeds[i]));
    json_object_set_new(is, "protocols", protocols);
    json_object_set_new(is, "seeds", seeds);
}

static enum daf_err make_folder(const struct daf_experiment *x, char *why)
{
    bool empty = true;

    /* One thread.  NOLINTNEXTLINE(concurrency-mt-unsafe) */
    if (mkdir(x->dir, 0777) != 0 && errno != EEXIST) return fail(why, x->dir);
    enum daf_err err = is_empty(x->dir, &empty, why);
    if (err != DAF_OK || empty || x->is_resumed) return err;
    (void)snprintf(why, DAF_FILE_WHY_BYTES,
                   "%.3000s is not empty; give --resume to go on with the "
                   "experiment in it, or another folder",
                   x->dir);
    return DAF_EFORM;
}

enum daf_err daf_experiment_open(const struct daf_experiment *x, char *why)
{
    json_t *was = NULL, *is = NULL;
    bool empty = true;

    enum daf_err err = make_folder(x, why);
    if (err == DAF_OK) err = is_empty(x->dir, &empty, why);
    if (err != DAF_OK) return err;
    err = daf_file_read_json(x->dir, "experiment.json", &was, why);
    if (err == DAF_ENOTFOUND && !empty) {
        (void)snprintf(why, DAF_FILE_WHY_BYTES,
                       "%.3000s is not empty and holds no experiment; give "
                       "another folder",
                       x->dir);
        return DAF_EFORM;
    }
    if (err == DAF_OK) err = is_same(x, was, why);
    if (err == DAF_OK || err == DAF_ENOTFOUND) {
        is = daf_experiment_about(x);
        join(x, was, is);
        err = daf_file_json(x->dir, "experiment.json", is, why);
    }
    json_decref(was);
    json_decref(is);
    return err;
}

/* ---- a run */

enum daf_err daf_experiment_is_finished(const struct daf_experiment *x,
                                        const struct daf_protocol *protocol,
                                        uint64_t seed, bool *out, char *why)
{
    char name[DAF_STUDY_FOLDER_BYTES], path[DAF_FILE_PATH_BYTES];
    char ours[DAF_EXPERIMENT_HASH_CHARS];
    json_t *result = NULL;

    *out = false;
    daf_study_folder(protocol->name, seed, name);
    if (!daf_file_path(path, x->dir, name)) return DAF_EIO;
    enum daf_err err = daf_file_read_json(path, "result.json", &result, why);
    if (err == DAF_ENOTFOUND) return DAF_OK;
    if (err != DAF_OK) return err;
    const char *identity =
        json_string_value(json_object_get(result, "identity"));
    daf_experiment_identity(x, protocol, seed, ours);
    *out = identity != NULL && strcmp(identity, ours) == 0;
    json_decref(result);
    if (*out) return DAF_OK;
    (void)snprintf(why, DAF_FILE_WHY_BYTES,
                   "%.3000s is of another experiment; move it away", path);
    return DAF_EFORM;
}

/* What a run that was broken off has left: a folder of our two files. */
static enum daf_err fresh_folder(const char *path, char *why)
{
    static const char *const ours[] = {"result.json", "result.json.part",
                                       "series.csv", "series.csv.part"};
    char file[DAF_FILE_PATH_BYTES];

    for (size_t i = 0; i < sizeof ours / sizeof ours[0]; i++)
        if (daf_file_path(file, path, ours[i])) (void)unlink(file);
    (void)rmdir(path);
    /* One thread.  NOLINTNEXTLINE(concurrency-mt-unsafe) */
    return mkdir(path, 0777) == 0 ? DAF_OK : fail(why, path);
}

static json_t *result_of(const struct daf_experiment *x,
                         const struct daf_run_config *config,
                         const struct daf_run_result *result)
{
    json_t *out = daf_outcome_json(config, result);
    char identity[DAF_EXPERIMENT_HASH_CHARS];

    daf_experiment_identity(x, config->net.protocol, config->net.seed,
                            identity);
    json_object_set_new(out, "identity", json_string(identity));
    json_object_set_new(out, "version", json_string(x->version));
    json_object_set_new(out, "options", daf_experiment_options(x));
    json_object_set_new(out, "inputs", daf_experiment_inputs(x));
    daf_outcome_add(out, result, config->measure);
    return out;
}

static enum daf_err write_run(const struct daf_experiment *x,
                              const struct daf_run_config *config,
                              const struct daf_run_result *result,
                              const char *path, char *why)
{
    size_t len = 0;
    char *series = daf_outcome_series(config->measure, &len);

    if (series == NULL) return DAF_ENOMEM;
    enum daf_err err = daf_file_text(path, "series.csv", series, len, why);
    free(series);
    if (err != DAF_OK) return err;
    json_t *all = result_of(x, config, result);
    err = daf_file_json(path, "result.json", all, why);
    json_decref(all);
    return err;
}

/* Where each node belongs; NULL: the world has no places, or there is no memory. */
static uint32_t *homes_of(const struct daf_schedule_config *camp)
{
    uint32_t nodes = camp == NULL ? 0 : daf_schedule_nodes(camp);
    uint32_t *out = camp == NULL ? NULL : calloc(nodes + 1, sizeof *out);

    for (uint32_t i = 0; out != NULL && i < nodes; i++)
        out[i] = daf_schedule_home_of(camp, i);
    return out;
}

static json_t *arc_of(const struct daf_schedule_config *camp, uint32_t home,
                      size_t from, size_t count)
{
    uint32_t number = 0, kind = 0;
    const char *name = "elsewhere";

    if (home != DAF_SCHEDULE_NONE) {
        kind = daf_schedule_kind_of(camp, home, &number);
        name = camp->places[kind].name;
    }
    return json_pack("{s:s, s:I, s:I, s:I}", "place", name, "number",
                     home == DAF_SCHEDULE_NONE || camp->places[kind].count == 1
                         ? (json_int_t)0
                         : (json_int_t)number + 1,
                     "from", (json_int_t)from, "count", (json_int_t)count);
}

/* Nodes that stand one after the other and belong to one place. */
static json_t *arcs_of(const struct daf_schedule_config *camp,
                       const uint32_t *homes, const json_t *shown)
{
    json_t *out = json_array();
    size_t count = json_array_size(shown), from = 0;

    for (size_t i = 0; i < count; i++) {
        json_int_t node = json_integer_value(json_array_get(shown, i));
        const json_t *next = json_array_get(shown, i + 1);
        if (next != NULL && homes[json_integer_value(next)] == homes[node])
            continue;
        json_array_append_new(out,
                              arc_of(camp, homes[node], from, i + 1 - from));
        from = i + 1;
    }
    return out;
}

/* contacts.json */
static json_t *picture_of(const struct daf_run_config *config,
                          const struct daf_run_result *result)
{
    uint32_t *homes = homes_of(config->schedule);
    json_t *out = daf_contact_log_picture(config->measure->contacts,
                                          result->until, homes);

    if (out != NULL)
        json_object_set_new(out, "seed",
                            json_integer((json_int_t)config->net.seed));
    if (out != NULL && homes != NULL)
        json_object_set_new(out, "arcs",
                            arcs_of(config->schedule, homes,
                                    json_object_get(out, "shown")));
    free(homes);
    return out;
}

/* One seed's is enough for a picture: the first that finishes. */
static enum daf_err keep_contacts(const struct daf_experiment *x,
                                  const struct daf_run_config *config,
                                  const struct daf_run_result *result,
                                  char *why)
{
    char path[DAF_FILE_PATH_BYTES];
    struct stat st;

    if (daf_file_path(path, x->dir, "contacts.json") && stat(path, &st) == 0)
        return DAF_OK;
    json_t *picture = picture_of(config, result);
    if (picture == NULL) return DAF_ENOMEM;
    char *text = json_dumps(picture, JSON_COMPACT | JSON_REAL_PRECISION(12));
    json_decref(picture);
    if (text == NULL) return DAF_ENOMEM;
    enum daf_err err =
        daf_file_text(x->dir, "contacts.json", text, strlen(text), why);
    free(text);
    return err;
}

enum daf_err daf_experiment_keep(const struct daf_experiment *x,
                                 const struct daf_run_config *config,
                                 const struct daf_run_result *result, char *why)
{
    char name[DAF_STUDY_FOLDER_BYTES], part[DAF_STUDY_FOLDER_BYTES + 4];
    char path[DAF_FILE_PATH_BYTES], whole[DAF_FILE_PATH_BYTES];

    daf_study_folder(config->net.protocol->name, config->net.seed, name);
    (void)snprintf(part, sizeof part, "%s.tmp", name);
    errno = ENAMETOOLONG;
    if (!daf_file_path(path, x->dir, part) ||
        !daf_file_path(whole, x->dir, name))
        return fail(why, x->dir);
    enum daf_err err = keep_contacts(x, config, result, why);
    if (err == DAF_OK) err = fresh_folder(path, why);
    if (err == DAF_OK) err = write_run(x, config, result, path, why);
    if (err == DAF_OK && rename(path, whole) != 0) err = fail(why, whole);
    return err;
}
