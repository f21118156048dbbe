/* SPDX-License-Identifier: Apache-2.0 */
#include "node/api.h"

#include <errno.h>
#include <fcntl.h>
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <sys/un.h>
#include <unistd.h>

#define LINE_BYTES_MAX   ((size_t)1024 * 1024)
#define BUFFER_BYTES_MIN 4096
/* A worn card may take many seconds for a commit. */
#define ANSWER_S 60

struct daf_api {
    int fd;
    uint8_t *buffer;     /* owned; wiped: lines hold learners' names */
    size_t cap, len, at; /* bytes read; where the next line begins */
};

/* A socket's path has 107 bytes; a home's may be longer, so we go through the
 * open folder. */
static enum daf_err connect_control(const struct daf_home *home, int fd)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    char path[DAF_HOME_PATH_MAX];
    int folder, error = 0;

    daf_home_path(home, "run", path);
    folder = open(path, O_PATH | O_DIRECTORY | O_CLOEXEC);
    if (folder < 0) return errno == EACCES ? DAF_EDENIED : DAF_ENOTFOUND;
    (void)snprintf(address.sun_path, sizeof(address.sun_path),
                   "/proc/self/fd/%d/control", folder);
    if (connect(fd, (const struct sockaddr *)&address, sizeof(address)) != 0)
        error = errno;
    (void)close(folder);
    if (error == 0) return DAF_OK;
    if (error == ENOENT || error == ECONNREFUSED) return DAF_ENOTFOUND;
    if (error == EACCES || error == EPERM) return DAF_EDENIED;
    return error == EAGAIN ? DAF_EBUSY : DAF_EIO;
}

static void tell_connect(const struct daf_home *home, enum daf_err err,
                         struct daf_trouble *t)
{
    if (err == DAF_ENOTFOUND)
        daf_home_trouble(t,
                         "no daemon is running on %s. To do: daftard --home %s",
                         home->dir, home->dir);
    else if (err == DAF_EDENIED)
        daf_home_trouble(t,
                         "the daemon's socket %s/run/control is not yours. "
                         "To do: run as the daemon's user",
                         home->dir);
    else
        daf_home_trouble(t,
                         "the daemon on %s cannot be reached. To do: try "
                         "again, or start it anew",
                         home->dir);
}

enum daf_err daf_api_open(const struct daf_home *home, struct daf_api **out,
                          struct daf_trouble *t)
{
    struct timeval wait = {.tv_sec = ANSWER_S};
    struct daf_api *api = calloc(1, sizeof(*api));
    enum daf_err err = DAF_EIO;

    *out = NULL;
    if (api == NULL) return DAF_ENOMEM;
    api->fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (api->fd >= 0 &&
        setsockopt(api->fd, SOL_SOCKET, SO_RCVTIMEO, &wait, sizeof(wait)) ==
            0 &&
        setsockopt(api->fd, SOL_SOCKET, SO_SNDTIMEO, &wait, sizeof(wait)) == 0)
        err = connect_control(home, api->fd);
    if (err != DAF_OK) {
        tell_connect(home, err, t);
        daf_api_close(api);
        return err;
    }
    *out = api;
    return DAF_OK;
}

void daf_api_close(struct daf_api *api)
{
    if (api == NULL) return;
    if (api->fd >= 0) (void)close(api->fd);
    if (api->buffer != NULL) sodium_memzero(api->buffer, api->cap);
    free(api->buffer);
    free(api);
}

static enum daf_err tell_lost(struct daf_trouble *t, enum daf_err err)
{
    if (err == DAF_ETIME)
        daf_home_trouble(t,
                         "the daemon has not answered for %d seconds. To "
                         "do: look at its log",
                         ANSWER_S);
    else
        daf_home_trouble(t,
                         "the daemon ended before it answered; what it did "
                         "not answer may or may not be kept. To do: see what "
                         "is there, and try again");
    return err;
}

enum daf_err daf_api_send(struct daf_api *api, const json_t *request,
                          struct daf_trouble *t)
{
    char *line = json_dumps(request, JSON_COMPACT);
    size_t at = 0, len;
    enum daf_err err = DAF_OK;

    if (line == NULL) return DAF_ENOMEM;
    len = strlen(line);
    if (len >= LINE_BYTES_MAX) {
        daf_home_trouble(t, "this is too long for the daemon");
        err = DAF_ELIMIT;
    }
    line[len] = '\n'; /* in the place of the end of the string */
    while (err == DAF_OK && at < len + 1) {
        ssize_t n = send(api->fd, line + at, len + 1 - at, MSG_NOSIGNAL);

        if (n < 0 && errno == EINTR) continue;
        if (n < 0)
            err = tell_lost(t, errno == EAGAIN ? DAF_ETIME : DAF_EIO);
        else
            at += (size_t)n;
    }
    sodium_memzero(line, len + 1);
    free(line);
    return err;
}

/* Make room at the end of the buffer, first by forgetting what was read. */
static enum daf_err make_room(struct daf_api *api)
{
    size_t cap = api->cap == 0 ? BUFFER_BYTES_MIN : 2 * api->cap;
    uint8_t *p;

    if (api->at > 0) {
        memmove(api->buffer, api->buffer + api->at, api->len - api->at);
        api->len -= api->at;
        api->at = 0;
    }
    if (api->len < api->cap) return DAF_OK;
    if (cap > 2 * LINE_BYTES_MAX) return DAF_ELIMIT;
    p = malloc(cap);
    if (p == NULL) return DAF_ENOMEM;
    if (api->len > 0) {
        memcpy(p, api->buffer, api->len);
        sodium_memzero(api->buffer, api->len);
    }
    free(api->buffer);
    api->buffer = p;
    api->cap = cap;
    return DAF_OK;
}

static enum daf_err fill(struct daf_api *api)
{
    enum daf_err err = make_room(api);

    while (err == DAF_OK) {
        ssize_t n = read(api->fd, api->buffer + api->len, api->cap - api->len);

        if (n < 0 && errno == EINTR) continue;
        if (n < 0) return errno == EAGAIN ? DAF_ETIME : DAF_EIO;
        if (n == 0) return DAF_ELOST;
        api->len += (size_t)n;
        break;
    }
    return err;
}

enum daf_err daf_api_receive(struct daf_api *api, json_t **out,
                             struct daf_trouble *t)
{
    size_t seen = api->at;
    const uint8_t *end = NULL;
    enum daf_err err = DAF_OK;

    *out = NULL;
    for (;;) {
        if (api->len > seen)
            end = memchr(api->buffer + seen, '\n', api->len - seen);
        if (end != NULL) break;
        seen = api->len - api->at; /* fill() moves the line to the front */
        err = fill(api);
        if (err != DAF_OK) return tell_lost(t, err);
        seen += api->at;
    }
    *out = json_loadb((const char *)api->buffer + api->at,
                      (size_t)(end - (api->buffer + api->at)),
                      JSON_REJECT_DUPLICATES, NULL);
    api->at = (size_t)(end - api->buffer) + 1;
    if (json_is_object(*out)) return DAF_OK;
    json_decref(*out);
    *out = NULL;
    daf_home_trouble(t,
                     "the daemon's answer is not understood. To do: see that "
                     "daftar and daftard are of one version");
    return DAF_EPEER;
}

enum daf_err daf_api_call(const struct daf_home *home, const json_t *request,
                          void (*line)(void *ctx, json_t *line), void *ctx,
                          json_t **out_last, struct daf_trouble *t)
{
    struct daf_api *api;
    json_t *answer = NULL;
    enum daf_err err = daf_api_open(home, &api, t);

    *out_last = NULL;
    if (err != DAF_OK) return err;
    err = daf_api_send(api, request, t);
    while (err == DAF_OK) {
        err = daf_api_receive(api, &answer, t);
        if (err != DAF_OK) break;
        if (line != NULL) line(ctx, answer);
        if (json_object_get(answer, "exit") != NULL) {
            *out_last = answer;
            break;
        }
        json_decref(answer);
    }
    daf_api_close(api);
    return err;
}
